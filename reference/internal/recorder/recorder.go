// Package recorder turns published media into archive files. It implements [sessions.Recorder] with a journal for each session, the compositor
// for composed archives, and package capture for individual ones.
//
//	r, err := recorder.New(recorder.Config{Dir: dir, Media: clock.Media, FFmpeg: ffmpeg, Log: log})
//	sink, err := r.Stream(publication)
//	err = r.Compose(ctx, a, func(f sessions.File, err error) { ... }) // calls the function when a has stopped and its file is complete
//	err = r.Note(sessionID, timeline.Event{Kind: timeline.Recording, At: now, Archive: a.ID})
//	err = sink.Append(sample)
//
// The archives of a session share its journal. It exists from the first Compose until no archive needs it: a composed archive needs it until its
// file is complete, an individual one until it is stored, because its file is made from the journal. Samples that arrive while there is no
// journal are discarded.
//
// The caller must meet the duties in [sessions.Recorder]: after a crash it calls Recover before anything else about a session, it ends every
// stream, and it calls Discard for every archive whose files are no longer needed. Only one Recorder may use a directory at a time.
package recorder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/await"
	"reelcheck/reference/internal/capture"
	"reelcheck/reference/internal/compose"
	"reelcheck/reference/internal/durable"
	"reelcheck/reference/internal/fault"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/seal"
	"reelcheck/reference/internal/sessions"
	"reelcheck/reference/internal/timeline"
)

// Config is the configuration of a [Recorder].
type Config struct {
	Dir    string            // journals and composed files; created if missing
	Media  func() av.Instant // the media clock
	FFmpeg ffmpeg.Config
	Faults *fault.Board // nil = none
	Log    *slog.Logger

	// Certificate returns the certificate of an application in PEM, or "". Archives that start while there is one are encrypted for its holder,
	// and the journal is sealed under keys that Keys wraps. nil = no application has a certificate.
	Certificate func(ctx context.Context, applicationID string) (string, error)
	Keys        *seal.Keyfile
}

// Recorder implements [sessions.Recorder].
type Recorder struct {
	Config
	Losses Losses
	ctx    context.Context // ends with Close, and ends the compositions
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu       sync.Mutex // guards sessions
	sessions map[string]*session
}

var _ sessions.Recorder = (*Recorder)(nil)

// New returns a recorder that keeps its files in c.Dir. The caller must call Close.
func New(c Config) (*Recorder, error) {
	for _, dir := range []string{"journals", "archives"} {
		if err := os.MkdirAll(filepath.Join(c.Dir, dir), 0o700); err != nil {
			return nil, fmt.Errorf("recorder: %w", err)
		}
	}
	if err := errors.Join(removeAll(filepath.Join(c.Dir, "journals"), "*"+removed), durable.Clean(filepath.Join(c.Dir, "archives"))); err != nil {
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

// removeAll removes the paths in dir that match pattern. Their removal was interrupted by a crash.
func removeAll(dir, pattern string) error {
	left, err := durable.Glob(dir, pattern)
	for _, path := range left {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// Close ends the compositions and closes the journals. The compositions begin again from the journals at the next start.
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

// Composing returns the number of archives being composed.
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
	if size, complete := r.complete(a); complete { // it was complete before a crash; the present journal does not matter
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
			return // the server stops; the composition begins again at the next start
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
		case cause == nil: // the archive is still wanted
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

// openCapture opens the ZIP of an individual archive. The ZIP is made from the session's journal while it is read.
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

// attempts is how often a composition is tried. A retry helps if the encoder was killed, but not if the composition always fails.
const attempts = 3

// composition makes the file of a composed archive, or the plan of an individual one. An attempt that fails because resources are missing does
// not count, since the media is safe in the journal (decision 15).
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
			if err := compose.Remove(r.output(a.ID)); err != nil { // frees disk space for others
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

// capture finds out, while an individual archive is recorded, what it will consist of, and stores that plan.
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
