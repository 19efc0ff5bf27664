package journal

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/durable"
	"reelcheck/reference/internal/journal/segment"
	"reelcheck/reference/internal/timeline"
)

func (j *Journal) openTimeline() (err error) {
	dir := filepath.Join(j.dir, timelineLog)
	box, err := boxOf(j.key, timelineLog)
	if err != nil {
		return err
	}
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		if j.events, err = segment.Create(dir, box); err == nil {
			j.events.Full = j.options.Full
		}
		return errors.Join(err, durable.Sync(filepath.Dir(j.dir)))
	}
	// The timeline is small, but it may have rolled, so all its segments are read.
	var torn *TornError
	if j.events, torn, err = segment.Open(dir, box, j.seeEvent, nil); err != nil {
		return err
	}
	j.events.Full = j.options.Full
	if torn != nil {
		j.Repairs = append(j.Repairs, torn)
	}
	last := j.history.noted
	j.history.noted = nil
	for seq := 1; seq < j.events.Current(); seq++ {
		if err := segment.Read(dir, seq, box, j.seeEvent); err != nil {
			return err
		}
	}
	j.history.noted = append(j.history.noted, last...)
	if err := j.replay(); err != nil || box == nil {
		return err
	}
	return j.events.Seal(box) // no change, unless the crash came before Seal had sealed the timeline
}

func (j *Journal) seeEvent(r segment.Record) error {
	switch r.Kind {
	case segment.Event:
		n, err := parseEvent(r.Data)
		if err != nil {
			return fmt.Errorf("event on disk: %w", err)
		}
		j.history.noted = append(j.history.noted, n)
	case segment.Mark:
		j.history.known = max(j.history.known, r.Time)
	case segment.Sample, segment.Report, segment.Roll, segment.End:
	}
	return nil
}

// replay rebuilds the state that is derived from the timeline's events.
func (j *Journal) replay() error {
	list := j.history.noted
	j.history.noted = nil
	for _, n := range list {
		key, err := keyOf(n)
		if err != nil {
			return err
		}
		j.history.apply(n, key)
	}
	return nil
}

func (j *Journal) openStreams() error {
	list, err := os.ReadDir(filepath.Join(j.dir, "streams"))
	if err != nil {
		return err
	}
	since, gone := map[string]av.Instant{}, map[string]av.Instant{} // when streams were added or last recorded, and when they were removed
	recorded := av.Instant(0)
	for _, n := range j.history.noted {
		switch n.Kind {
		case timeline.StreamAdded:
			since[n.Stream] = n.At
		case timeline.StreamRemoved:
			gone[n.Stream] = n.Happened()
		case timeline.Recording:
			recorded = n.At
		default:
		}
	}
	for _, entry := range list {
		id := entry.Name()
		if at, removed := gone[id]; removed {
			err = j.openRemoved(id, at)
		} else {
			err = j.openStream(id, max(recorded, since[id]))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// openRemoved opens the log of a stream whose removal was noted at the instant at. Such a log ended durably before, so
// a crash cannot have damaged it. openRemoved cuts nothing off; readers report damage.
func (j *Journal) openRemoved(id string, at av.Instant) error {
	box, err := boxOf(j.key, streamLog(id))
	if err != nil {
		return err
	}
	l, err := segment.OpenEnded(filepath.Join(j.dir, streamLog(id)), box)
	if err != nil {
		return err
	}
	j.streams[id] = l
	j.last = max(j.last, at)
	return nil
}

// newest holds the latest instant of each track in a scan.
type newest [segment.Tracks]av.Instant

func (n *newest) see(r segment.Record) { n[r.Track] = max(n[r.Track], r.Time) }

// crashTears is the most media that a crash can tear off a log: the half second promised, and the delay of a slow disk.
const crashTears = 10 * time.Second

// openStream opens and ends the log of a stream that was open when the process ended. The stream was recorded from the
// instant since on, so its log must have marks from then on.
func (j *Journal) openStream(id string, since av.Instant) error {
	box, err := boxOf(j.key, streamLog(id))
	if err != nil {
		return err
	}
	var n newest
	dir, seen := filepath.Join(j.dir, streamLog(id)), func(r segment.Record) error { n.see(r); return nil }
	earlier := func(seq int) error { // for a crash just after the log rolled
		for seq--; seq > 0 && n == (newest{}); seq-- {
			if err := segment.Read(dir, seq, box, seen); err != nil && !errors.As(err, new(*TornError)) {
				return err
			}
		}
		return nil
	}
	// The timeline cannot advance for long without an open stream. If it is further ahead than that, a crash cannot be
	// the reason.
	torn := func(seq int) (bool, error) {
		err := earlier(seq)
		return j.history.known.Sub(max(since, n[segment.Audio], n[segment.Video])) <= crashTears, err
	}
	l, cut, err := segment.Open(dir, box, seen, torn)
	if err != nil {
		return err
	}
	if err := earlier(l.Current()); err != nil {
		return err
	}
	if cut != nil {
		j.Repairs = append(j.Repairs, cut)
	}
	if err := l.End(); err != nil {
		return err
	}
	j.streams[id] = l
	j.last = max(j.last, n[segment.Audio], n[segment.Video])
	return nil
}

// ReasonInterrupted is the reason for the removal of streams that a crash interrupted.
const ReasonInterrupted = "interrupted"

// removeStreams removes the streams that an earlier process left on the timeline, at the instant at which its media
// ends.
func (j *Journal) removeStreams() error {
	here := map[string]bool{}
	for _, n := range j.history.noted {
		switch n.Kind {
		case timeline.StreamAdded:
			here[n.Stream] = true
		case timeline.StreamRemoved:
			delete(here, n.Stream)
		default:
		}
	}
	at := cmp.Or(j.last, j.history.known)
	for _, id := range slices.Sorted(maps.Keys(here)) {
		if err := j.Note(timeline.Event{Kind: timeline.StreamRemoved, Stream: id, At: at, Reason: ReasonInterrupted}); err != nil {
			return err
		}
	}
	return nil
}
