// Package journal stores what a session sends on disk before anything else reads it. A journal has one append-only log
// of samples and marks for each stream, and one log of events, the timeline. Files are made from it alone: the same
// journal gives the same bytes, now, later, or after a crash.
//
//	j, err := journal.Open(dir, journal.Options{Now: clock.Media})
//	w, err := j.Stream("camera")
//	err = j.Note(timeline.Event{Kind: timeline.StreamAdded, At: now, Stream: "camera", HasVideo: true})
//	err = w.Append(sample)
//
//	r, err := j.Reader("camera", true, from)
//	item, err := r.Next(ctx) // waits for media that is still to come
//
// A sample is durable half a second after Append, an event when Note returns. Open cuts off a record that a crash left
// incomplete. The streams of an earlier process have ended; Open removes them from the timeline.
//
// The caller must open a directory only once at a time, begin a stream's log before it notes the stream, append the
// samples of one kind in order, promise time with [Writer.Advance] while a stream is silent, and close every Writer and
// the Journal.
package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal/segment"
	"reelcheck/reference/internal/seal"
	"reelcheck/reference/internal/timeline"
)

const (
	// syncEvery plus the duration of one round of syncs stays under the half second that the package promises.
	syncEvery = 250 * time.Millisecond
	markEvery = 50 * time.Millisecond
	// slack is how far the timeline stays behind the clock, so that events that are noted late need not be moved. It is
	// longer than the way of a packet from its arrival to Note, and too short to be noticed when a recording stops.
	slack       = 200 * time.Millisecond
	syncsAtOnce = 8
)

// Options are the options of a journal.
type Options struct {
	// Now returns the media clock. If it is set, the timeline follows the clock while an archive records; if not, the
	// caller must call Advance.
	Now func() av.Instant
	// Failed, if set, is called when a log could not be made durable. The log takes no more records then.
	Failed func(error)
	// Damaged, if set, is called when a reader finds that media is lost: once per reader and damaged place.
	Damaged func(Damage)
	// Full, if set, is called before a record is written. The write fails with its error. For tests.
	Full func() error
	// Key, if set, decrypts the sealed parts of the journal and encrypts new records; see [Journal.Seal].
	Key []byte
}

// Journal is the journal of one session. It is safe for concurrent use.
type Journal struct {
	// Repairs lists the incomplete records that Open cut off.
	Repairs []*TornError

	dir     string
	options Options
	events  *segment.Log
	history history

	mu      sync.Mutex // guards key, streams and last
	key     []byte     // nil = new logs are plain
	streams map[string]*segment.Log
	last    av.Instant // newest media found by Open

	stop chan struct{}
	done chan struct{}
}

// Open opens the journal in dir. It creates the journal if there is none and repairs it after a crash.
func Open(dir string, o Options) (*Journal, error) {
	if err := os.MkdirAll(filepath.Join(dir, "streams"), 0o755); err != nil {
		return nil, fmt.Errorf("opening journal: %w", err)
	}
	j := &Journal{dir: dir, options: o, key: o.Key, streams: map[string]*segment.Log{}, stop: make(chan struct{}), done: make(chan struct{})}
	j.history.open, j.history.keys = map[string]bool{}, map[eventKey]bool{}
	if err := errors.Join(j.openTimeline(), j.openStreams()); err != nil {
		return nil, fmt.Errorf("opening journal: %w", err)
	}
	if err := j.removeStreams(); err != nil {
		return nil, fmt.Errorf("opening journal: %w", err)
	}
	go j.keep()
	return j, nil
}

// LastMedia returns the newest instant of media from earlier processes. Recordings that a crash interrupted end there.
// ok is false if there is none.
func (j *Journal) LastMedia() (av.Instant, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last, j.last != 0
}

// ErrEnded is returned when a stream's log has ended and cannot be appended to or begun again.
var ErrEnded = segment.ErrEnded

// Stream begins the log of a stream. A stream id can be used only once.
func (j *Journal) Stream(id string) (*Writer, error) {
	if !timeline.ValidStream(id) {
		return nil, fmt.Errorf("stream id %q is not made of letters, digits, - and _", id)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.streams[id] != nil {
		return nil, fmt.Errorf("stream %q: %w", id, ErrEnded)
	}
	box, err := boxOf(j.key, streamLog(id))
	if err != nil {
		return nil, fmt.Errorf("stream %q: %w", id, err)
	}
	l, err := segment.Create(filepath.Join(j.dir, streamLog(id)), box)
	if err != nil {
		return nil, fmt.Errorf("stream %q: %w", id, err)
	}
	l.Full = j.options.Full
	j.streams[id] = l
	return &Writer{log: l, history: &j.history}, nil
}

// Seal encrypts everything that is appended from now on with key, which Open then needs. If the journal has a key
// already, it keeps that key.
func (j *Journal) Seal(key []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.key == nil {
		j.key = key
	}
	logs := map[string]*segment.Log{timelineLog: j.events}
	for id, l := range j.streams {
		logs[streamLog(id)] = l
	}
	for name, l := range logs {
		box, err := boxOf(j.key, name)
		if err == nil {
			err = l.Seal(box)
		}
		if err != nil {
			return fmt.Errorf("sealing %s: %w", name, err)
		}
	}
	return nil
}

// Trim removes the media of ended streams for which needed returns false. Their logs stay, but are empty.
func (j *Journal) Trim(needed func(stream string) bool) error {
	var spare []*segment.Log
	j.mu.Lock()
	for id, l := range j.streams {
		if !needed(id) {
			spare = append(spare, l)
		}
	}
	j.mu.Unlock()
	for _, l := range spare {
		if err := l.Empty(); err != nil {
			return fmt.Errorf("trimming journal: %w", err)
		}
	}
	return nil
}

// Logs are named after their folder in the journal.
const timelineLog = "timeline"

func streamLog(id string) string { return "streams/" + id }

// boxOf returns the box that encrypts and decrypts a log, nil without a key.
func boxOf(key []byte, name string) (*seal.Box, error) {
	if key == nil {
		return nil, nil
	}
	return seal.NewBox(key, name)
}

func (j *Journal) known(id string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.streams[id] != nil
}

// keep makes logs durable and lets the timeline follow the clock, until Close. It runs in its own goroutine.
func (j *Journal) keep() {
	defer close(j.done)
	mark := time.NewTicker(markEvery)
	sync := time.NewTicker(syncEvery)
	defer mark.Stop()
	defer sync.Stop()
	for {
		select {
		case <-mark.C:
			if tl := &j.history; j.options.Now != nil && tl.live.Load() && tl.spans.Load() > 0 {
				j.report(j.Advance(j.options.Now().Add(-slack)))
			}
		case <-sync.C:
			j.report(j.Sync())
		case <-j.stop:
			return
		}
	}
}

func (j *Journal) report(err error) {
	if err != nil && j.options.Failed != nil {
		j.options.Failed(err)
	}
}

// Sync makes durable everything that was appended before the call.
func (j *Journal) Sync() error {
	j.mu.Lock()
	logs := []*segment.Log{j.events}
	for _, l := range j.streams {
		logs = append(logs, l)
	}
	j.mu.Unlock()
	var g errgroup.Group
	g.SetLimit(syncsAtOnce)
	for _, l := range logs {
		g.Go(l.Sync)
	}
	return g.Wait()
}

// Close ends all logs and wakes the readers that wait. Reading goes on to work; appending does not.
func (j *Journal) Close() error {
	select {
	case <-j.stop:
		return nil
	default:
	}
	close(j.stop)
	<-j.done
	var errs []error
	j.mu.Lock()
	for id, l := range j.streams {
		if err := l.End(); err != nil {
			errs = append(errs, fmt.Errorf("stream %q: %w", id, err))
		}
	}
	j.mu.Unlock()
	tl := &j.history
	tl.mu.Lock()
	defer tl.mu.Unlock()
	tl.closed = true
	tl.mu.Wake()
	return errors.Join(append(errs, j.events.Sync(), j.events.Close())...)
}
