// Package journal keeps what a session sends on disk before anything else reads it: one append-only log of samples
// and marks per stream and one log of events, the timeline. Recordings are views of it: composing the same journal
// gives the same bytes, now, later, or after a crash.
//
// A record is durable half a second after it was appended, an event when Note returns. What a crash tore is cut off by
// Open. Stream logs are written only by the process that began them: those of an earlier process have ended, and Open takes them off the timeline.
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
	"reelcheck/reference/internal/seal"
	"reelcheck/reference/internal/timeline"
)

const (
	// syncEvery and the time a batch of syncs takes stay together under the half second promised.
	syncEvery = 250 * time.Millisecond
	markEvery = 50 * time.Millisecond
	// slack is how late an event may be noted without being moved: more than it takes to get from a packet's arrival
	// to Note, little enough not to be felt when a recording stops.
	slack       = 200 * time.Millisecond
	syncsAtOnce = 8
)

// Options of a journal.
type Options struct {
	// Now reads the media clock. With it the timeline follows the clock while an archive records; without it the
	// caller does that by Advance.
	Now func() av.Instant
	// Failed is told what went wrong in the background: a log that could not be made durable takes no more records.
	Failed func(error)
	// Damaged, if set, is called when a reader finds media lost: once per reader, and again when that reader reads it again.
	Damaged func(Damage)
	// Full, if set, is asked before a record is written; its error is that of the write. For tests.
	Full func() error
	// Key, if set, opens what is sealed in the journal and seals what is appended; see [Journal.Seal].
	Key []byte
}

// Journal is the journal of one session. Its methods may be called concurrently.
type Journal struct {
	// Repairs lists what Open cut off.
	Repairs []*TornError

	dir     string
	options Options
	events  *segments
	history history

	mu      sync.Mutex // guards key, streams and last
	key     []byte     // nil = new logs are plain
	streams map[string]*segments
	last    av.Instant // newest media found by Open

	stop chan struct{}
	done chan struct{}
}

// Open opens the journal in dir, creates it if there is none, or repairs what a crash left.
func Open(dir string, o Options) (*Journal, error) {
	if err := os.MkdirAll(filepath.Join(dir, "streams"), 0o755); err != nil {
		return nil, fmt.Errorf("opening journal: %w", err)
	}
	j := &Journal{dir: dir, options: o, key: o.Key, streams: map[string]*segments{}, stop: make(chan struct{}), done: make(chan struct{})}
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

// LastMedia is the newest instant the media of earlier processes reach: where recordings that a crash interrupted
// end. It is false when there is none.
func (j *Journal) LastMedia() (av.Instant, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last, j.last != 0
}

// ErrEnded is returned for appending to a stream's log after its end.
var ErrEnded = errors.New("stream log has ended")

// Stream begins the log of a stream. Stream ids are not used twice.
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
	l, err := createLog(filepath.Join(j.dir, streamLog(id)), box)
	if err != nil {
		return nil, fmt.Errorf("stream %q: %w", id, err)
	}
	l.full = j.options.Full
	j.streams[id] = l
	return &Writer{log: l, history: &j.history}, nil
}

// Seal has everything that is appended from now on sealed under key, which Open needs from then on. A journal that is sealed already
// stays under its key.
func (j *Journal) Seal(key []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.key == nil {
		j.key = key
	}
	logs := map[string]*segments{timelineLog: j.events}
	for id, l := range j.streams {
		logs[streamLog(id)] = l
	}
	for name, l := range logs {
		box, err := boxOf(j.key, name)
		if err == nil {
			err = l.seal(box)
		}
		if err != nil {
			return fmt.Errorf("sealing %s: %w", name, err)
		}
	}
	return nil
}

// Trim frees the media of the streams that have ended and are not needed. Their logs are there, and empty.
func (j *Journal) Trim(needed func(stream string) bool) error {
	var spare []*segments
	j.mu.Lock()
	for id, l := range j.streams {
		if !needed(id) {
			spare = append(spare, l)
		}
	}
	j.mu.Unlock()
	for _, l := range spare {
		if err := l.empty(); err != nil {
			return fmt.Errorf("trimming journal: %w", err)
		}
	}
	return nil
}

// Logs are named by their folder in the journal.
const timelineLog = "timeline"

func streamLog(id string) string { return "streams/" + id }

// boxOf returns the box of a log, nil without a key.
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

// keep is the one goroutine that makes logs durable and moves the timeline's knowledge with the clock.
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

// Sync makes everything durable that was appended before it was called.
func (j *Journal) Sync() error {
	j.mu.Lock()
	logs := []*segments{j.events}
	for _, l := range j.streams {
		logs = append(logs, l)
	}
	j.mu.Unlock()
	var g errgroup.Group
	g.SetLimit(syncsAtOnce)
	for _, l := range logs {
		g.Go(l.sync)
	}
	return g.Wait()
}

// Close ends the logs and releases whoever waits. Readers may read what there is; nothing may be appended.
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
		if err := l.end(); err != nil {
			errs = append(errs, fmt.Errorf("stream %q: %w", id, err))
		}
	}
	j.mu.Unlock()
	tl := &j.history
	tl.mu.Lock()
	defer tl.mu.Unlock()
	tl.closed = true
	tl.mu.Wake()
	return errors.Join(append(errs, j.events.sync(), j.events.close())...)
}
