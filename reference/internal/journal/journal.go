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
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/seal"
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
	// Full, if set, is asked before a record is written; its error is that of the write. For tests.
	Full func() error
	// Key, if set, opens what is sealed in the journal and seals what is appended; see [Journal.Seal].
	Key []byte
}

// Journal is the journal of one session. Its methods may be called concurrently.
type Journal struct {
	// Repairs lists what Open cut off.
	Repairs []*TornError

	dir      string
	options  Options
	events   *segments
	timeline timeline

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
	j.timeline.open, j.timeline.keys = map[string]bool{}, map[eventKey]bool{}
	if err := errors.Join(j.openTimeline(), j.openStreams()); err != nil {
		return nil, fmt.Errorf("opening journal: %w", err)
	}
	if err := j.removeStreams(); err != nil {
		return nil, fmt.Errorf("opening journal: %w", err)
	}
	go j.keep()
	return j, nil
}

func (j *Journal) openTimeline() (err error) {
	dir := filepath.Join(j.dir, timelineLog)
	box, err := boxOf(j.key, timelineLog)
	if err != nil {
		return err
	}
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		if j.events, err = createLog(dir, box); err == nil {
			j.events.full = j.options.Full
		}
		return errors.Join(err, syncDir(filepath.Dir(j.dir)))
	}
	// The timeline is small, but it may have rolled: every segment counts.
	var torn *TornError
	if j.events, torn, err = openLog(dir, box, j.seeEvent); err != nil {
		return err
	}
	j.events.full = j.options.Full
	if torn != nil {
		j.Repairs = append(j.Repairs, torn)
	}
	last := j.timeline.noted
	j.timeline.noted = nil
	for seq := 1; seq < j.events.seq; seq++ {
		if err := readEarlier(dir, seq, box, j.seeEvent); err != nil {
			return err
		}
	}
	j.timeline.noted = append(j.timeline.noted, last...)
	if err := j.replay(); err != nil || box == nil {
		return err
	}
	return j.events.seal(box) // unless a crash came before it was
}

// readEarlier hands the records of a segment to seen.
func readEarlier(dir string, seq int, box *seal.Box, seen func(record) error) error {
	f, err := os.Open(segmentPath(dir, seq))
	if err != nil {
		return err
	}
	defer f.Close()
	_, _, err = scan(f, seq, box, seen)
	return err
}

func (j *Journal) seeEvent(r record) error {
	switch r.kind {
	case typeEvent:
		n, err := parseEvent(r.data)
		if err != nil {
			return fmt.Errorf("event on disk: %w", err)
		}
		j.timeline.noted = append(j.timeline.noted, n)
	case typeMark:
		j.timeline.known = max(j.timeline.known, r.time)
	case typeSample, typeReport, typeRoll, typeEnd:
	}
	return nil
}

// replay brings the timeline's derived state up to date with its events.
func (j *Journal) replay() error {
	list := j.timeline.noted
	j.timeline.noted = nil
	for _, n := range list {
		key, err := n.key()
		if err != nil {
			return err
		}
		j.timeline.apply(n, key)
	}
	return nil
}

func (j *Journal) openStreams() error {
	list, err := os.ReadDir(filepath.Join(j.dir, "streams"))
	if err != nil {
		return err
	}
	for _, entry := range list {
		var n newest
		box, err := boxOf(j.key, streamLog(entry.Name()))
		if err != nil {
			return err
		}
		dir, seen := filepath.Join(j.dir, streamLog(entry.Name())), func(r record) error { n.see(r); return nil }
		l, torn, err := openLog(dir, box, seen)
		if err != nil {
			return err
		}
		for seq := l.seq - 1; seq > 0 && n == (newest{}); seq-- { // the crash came just after the log rolled
			if err := readEarlier(dir, seq, box, seen); err != nil && !errors.As(err, new(*TornError)) {
				return err
			}
		}
		if torn != nil {
			j.Repairs = append(j.Repairs, torn)
		}
		if l.ended {
			err = l.f.Close()
		} else {
			err = l.end()
		}
		if err != nil {
			return err
		}
		j.streams[entry.Name()] = l
		j.last = max(j.last, n[audio], n[video])
	}
	return nil
}

// ReasonInterrupted is why streams were removed whose process did not live to say so.
const ReasonInterrupted = "interrupted"

// removeStreams takes the streams off the timeline that an earlier process left there, where its media ends.
func (j *Journal) removeStreams() error {
	here := map[string]bool{}
	for _, n := range j.timeline.noted {
		switch n.Kind {
		case StreamAdded:
			here[n.Stream] = true
		case StreamRemoved:
			delete(here, n.Stream)
		default:
		}
	}
	for _, id := range slices.Sorted(maps.Keys(here)) {
		if err := j.Note(Event{Kind: StreamRemoved, Stream: id, At: max(j.last, j.timeline.known), Reason: ReasonInterrupted}); err != nil {
			return err
		}
	}
	return nil
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
	if !validID(id) {
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
	return &Writer{log: l, timeline: &j.timeline}, nil
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

func validID(id string) bool {
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return id != "" && len(id) <= 128
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
			if tl := &j.timeline; j.options.Now != nil && tl.live.Load() && tl.spans.Load() > 0 {
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
	tl := &j.timeline
	tl.mu.Lock()
	defer tl.mu.Unlock()
	tl.closed = true
	tl.mu.Wake()
	return errors.Join(append(errs, j.events.sync(), j.events.close())...)
}
