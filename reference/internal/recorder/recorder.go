// Package recorder turns published media into archive files: it is the Recorder port of package sessions on the journal, the compositor of composed
// archives and the capture of individual ones.
//
// A session has one journal, shared by its archives. It exists from the first archive's Compose until no archive needs it any more: a
// composed one until it is complete on disk, an individual one until it is stored, because its file is made of the journal. Samples that
// arrive outside of that time are discarded.
package recorder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reelcheck/reference/internal/durable"
	"reelcheck/reference/internal/timeline"
	"sync"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/await"
	"reelcheck/reference/internal/capture"
	"reelcheck/reference/internal/compose"
	"reelcheck/reference/internal/fault"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/seal"
	"reelcheck/reference/internal/sessions"
)

// Config says where recordings are kept and how they are composed.
type Config struct {
	Dir    string            // journals and composed files; created if need be
	Media  func() av.Instant // the media clock
	FFmpeg ffmpeg.Config
	Faults *fault.Board // nil = none
	Log    *slog.Logger

	// Certificate returns the certificate of an application in PEM, or "". What is recorded while there is one is encrypted for its
	// holder, and on the way there it lies sealed under keys that Keys wraps. nil = no application has one.
	Certificate func(ctx context.Context, applicationID string) (string, error)
	Keys        *seal.Keyfile
}

// Recorder implements [sessions.Recorder].
type Recorder struct {
	Config
	Losses Losses
	ctx    context.Context // ends with Close, and with it the compositions
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu       sync.Mutex // guards sessions
	sessions map[string]*session
}

var _ sessions.Recorder = (*Recorder)(nil)

// New returns a recorder on c.Dir. The caller must call Close.
func New(c Config) (*Recorder, error) {
	for _, dir := range []string{"journals", "archives"} {
		if err := os.MkdirAll(filepath.Join(c.Dir, dir), 0o700); err != nil {
			return nil, fmt.Errorf("recorder: %w", err)
		}
	}
	if err := errors.Join(removeAll(filepath.Join(c.Dir, "journals", "*"+removed)), durable.Clean(filepath.Join(c.Dir, "archives"))); err != nil {
		return nil, fmt.Errorf("recorder: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &Recorder{Config: c, ctx: ctx, cancel: cancel, sessions: map[string]*session{}}
	if err := r.checkKeys(); err != nil {
		cancel()
		return nil, fmt.Errorf("recorder: %w", err)
	}
	return r, nil
}

// removeAll removes what a crash left half removed.
func removeAll(pattern string) error {
	left, err := filepath.Glob(pattern)
	for _, path := range left {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// Close ends the compositions, which begin again from the journal at the next start, and closes the journals.
func (r *Recorder) Close() error {
	r.cancel()
	r.work.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, s := range r.sessions {
		errs = append(errs, s.suspend())
	}
	return errors.Join(errs...)
}

// Composing returns how many archives are being composed.
func (r *Recorder) Composing() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, s := range r.sessions {
		n += s.compositions()
	}
	return n
}

func (r *Recorder) session(id string) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sessions[id]
	if s == nil {
		s = &session{dir: filepath.Join(r.Dir, "journals", id), log: r.Log.With("session", id), now: r.Media, keys: r.Keys, out: r.output, losses: &r.Losses,
			full:      r.Faults.Full,
			composing: map[string]context.CancelFunc{}}
		r.sessions[id] = s
	}
	return s
}

// Stream implements [sessions.Recorder].
func (r *Recorder) Stream(p sessions.Publication) (sessions.Sink, error) {
	return r.session(p.SessionID).add(p)
}

// StreamEnded implements [sessions.Recorder].
func (r *Recorder) StreamEnded(sessionID, streamID string, at av.Instant, reason string) error {
	return r.session(sessionID).remove(streamID, at, reason)
}

// Note implements [sessions.Recorder].
func (r *Recorder) Note(sessionID string, e timeline.Event) error {
	return r.session(sessionID).note(e)
}

// Recover implements [sessions.Recorder].
func (r *Recorder) Recover(sessionID string, unfinished []string) (av.Instant, bool, error) {
	return r.session(sessionID).recover(unfinished)
}

// Open implements [sessions.Recorder].
func (r *Recorder) Open(a archive.Archive) (io.ReadCloser, int64, error) {
	if a.OutputMode == archive.Individual {
		return r.openCapture(a)
	}
	f, err := compose.Open(r.output(a.ID))
	if err != nil {
		return nil, 0, err
	}
	return f, f.Size(), nil
}

// Discard implements [sessions.Recorder].
func (r *Recorder) Discard(sessionID, archiveID string) error {
	r.session(sessionID).abandon(archiveID)
	return errors.Join(compose.Remove(r.output(archiveID)), capture.Remove(r.output(archiveID)), r.discardKey(archiveID))
}

func (r *Recorder) output(archiveID string) string {
	return filepath.Join(r.Dir, "archives", archiveID)
}

// Compose implements [sessions.Recorder].
func (r *Recorder) Compose(ctx context.Context, a archive.Archive, done func(sessions.File, error)) error {
	s := r.session(a.SessionID)
	cipher, err := r.cipher(ctx, a)
	if err != nil {
		return err
	}
	password := ""
	if cipher != nil {
		password = cipher.Password
	}
	if size, complete := r.complete(a); complete { // before the crash, whatever journal there is now
		err := s.settle(a)
		r.work.Go(func() { done(sessions.File{Size: size, Password: password}, err) })
		return nil
	}
	own, cancel := context.WithCancelCause(ctx)
	j, begun, err := s.begin(a, cipher != nil, cancel)
	if err != nil || !begun {
		cancel(nil)
		return err
	}
	stopWithRecorder := context.AfterFunc(r.ctx, func() { cancel(nil) })
	r.work.Go(func() {
		defer cancel(nil)
		defer stopWithRecorder()
		size, err := r.composition(own, j, a, cipher)
		if ctx.Err() != nil || r.ctx.Err() != nil {
			return // the server stops, and begins again from the journal
		}
		cause := context.Cause(own)
		if cause == nil && err == nil {
			err = s.settle(a)
		} else {
			s.finish(a.ID)
		}
		switch {
		case errors.Is(cause, errLost): // ARC-STAT-12, decision 15
			done(sessions.File{}, cause)
		case cause == nil: // somebody still wants the archive
			done(sessions.File{Size: size, Password: password}, err)
		}
	})
	return nil
}

// complete returns the size of an archive's file if it is complete.
func (r *Recorder) complete(a archive.Archive) (size int64, complete bool) {
	if a.OutputMode == archive.Individual {
		plan, err := capture.Load(r.output(a.ID))
		if err == nil {
			size, err = plan.Size(a)
		}
		return size, err == nil
	}
	f, size, err := r.Open(a)
	if err != nil {
		return 0, false
	}
	return size, f.Close() == nil
}

// openCapture reads the ZIP of an individual archive, which is made of the session's journal meanwhile.
func (r *Recorder) openCapture(a archive.Archive) (io.ReadCloser, int64, error) {
	plan, err := capture.Load(r.output(a.ID))
	if err != nil {
		return nil, 0, err
	}
	size, err := plan.Size(a)
	if err != nil {
		return nil, 0, err
	}
	j, err := r.session(a.SessionID).held()
	if err != nil {
		return nil, 0, err
	}
	file, err := plan.Open(r.ctx, a, j, r.Log.With("archive", a.ID))
	return file, size, err
}

// attempts is how often a composition is tried: one whose encoder was killed is worth another, one that always fails is not.
const attempts = 3

// composition makes the file of a composed archive, or the plan of an individual one. An attempt that fails for want of resources does not
// count: what was recorded is in the journal, and waits (decision 15).
func (r *Recorder) composition(ctx context.Context, j *journal.Journal, a archive.Archive, cipher *seal.Cipher) (size int64, err error) {
	log := r.Log.With("archive", a.ID)
	for n := range attempts {
		err = await.Resources(ctx, func() (err error) {
			if a.OutputMode == archive.Individual {
				size, err = r.capture(ctx, j, a)
			} else {
				size, err = r.compose(ctx, j, a, cipher)
			}
			return err
		}, func(pause time.Duration, err error) {
			log.Warn("composition waits for resources", "again", pause, "error", err)
			if err := compose.Remove(r.output(a.ID)); err != nil { // others may want the room
				log.Warn("unfinished file not removed", "error", err)
			}
		})
		if err == nil || ctx.Err() != nil {
			return size, err
		}
		log.Warn("composition failed", "attempt", n+1, "of", attempts, "error", err)
	}
	return 0, err
}

func (r *Recorder) compose(ctx context.Context, j *journal.Journal, a archive.Archive, cipher *seal.Cipher) (int64, error) {
	result, err := compose.Run(ctx, j, a.ID, r.options(a, cipher), r.output(a.ID), r.Log)
	return result.Size, err
}

// capture finds out what an individual archive consists of, while it is recorded.
func (r *Recorder) capture(ctx context.Context, j *journal.Journal, a archive.Archive) (int64, error) {
	out := r.output(a.ID)
	err := capture.Survey(ctx, j, a.ID, capture.Options{
		HasAudio: a.HasAudio, HasVideo: a.HasVideo,
		Output: func(w io.Writer) io.Writer { return r.Faults.Writer(a.ApplicationID, w) },
	}, out, r.Log.With("archive", a.ID))
	if err != nil {
		return 0, err
	}
	plan, err := capture.Load(out)
	if err != nil {
		return 0, err
	}
	return plan.Size(a)
}

func (r *Recorder) options(a archive.Archive, cipher *seal.Cipher) compose.Options {
	width, height := a.Canvas()
	return compose.Options{
		FFmpeg: r.FFmpeg, Width: width, Height: height, HasAudio: a.HasAudio, HasVideo: a.HasVideo,
		Layout: a.FirstLayout,
		QP:     a.QuantizationParameter, Bitrate: a.MaxBitrate,
		Encoding: func(kill func()) func() { return r.Faults.Encoder(a.ApplicationID, kill) },
		Output: func(w io.Writer) io.Writer {
			w = r.Faults.Writer(a.ApplicationID, w)
			if cipher != nil {
				w = cipher.Writer(w) // ARC-SEC-02, ARC-SEC-06
			}
			return w
		},
		Transport: cipher != nil, // ARC-SEC-06
	}
}
