package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/await"
	"reelcheck/reference/internal/journal/segment"
	"reelcheck/reference/internal/timeline"
)

// eventKey is a hash of an event. It is the same for equal events, even if the timeline moved one of them.
type eventKey [sha256.Size]byte

func keyOf(e timeline.Event) (eventKey, error) {
	e.At, e.Asked = e.Happened(), nil
	b, err := json.Marshal(e)
	return sha256.Sum256(b), err
}

// history is the in-memory view of the event log. Event instants never decrease.
type history struct {
	mu     await.Mutex // guards noted, known, open, closed; held while an event is made durable
	noted  []timeline.Event
	keys   map[eventKey]bool // keys of the noted events
	known  av.Instant        // no event will be noted before it
	open   map[string]bool
	closed bool

	live  atomic.Bool  // a span began in this process, so known must follow the clock
	spans atomic.Int32 // archives recording now
	until atomic.Int64 // end of the latest span, meaningful while spans is 0
}

// apply adds an event that is already on disk to the view.
func (tl *history) apply(n timeline.Event, key eventKey) {
	tl.noted = append(tl.noted, n)
	tl.keys[key] = true
	tl.known = max(tl.known, n.At)
	switch n.Kind {
	case timeline.Recording:
		tl.open[n.Archive] = true
	case timeline.Paused, timeline.Stopped:
		if tl.open[n.Archive] {
			delete(tl.open, n.Archive)
			tl.until.Store(max(tl.until.Load(), int64(n.At)))
		}
	default: // not about spans
	}
	tl.spans.Store(int32(len(tl.open)))
	tl.mu.Wake()
}

func (tl *history) recording(t av.Instant) bool {
	return tl.spans.Load() > 0 || int64(t) < tl.until.Load()
}

func parseEvent(data []byte) (timeline.Event, error) {
	var n timeline.Event
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&n); err != nil {
		return timeline.Event{}, err
	}
	return n, n.Validate()
}

// Note puts e on the timeline and makes it durable. It does not repeat an equal event. Events are noted in order of
// their instants: an event before the point up to which the timeline is known (see [Journal.Advance]) is moved to that
// point, because files may already depend on what was known.
func (j *Journal) Note(e timeline.Event) error {
	if err := e.Validate(); err != nil {
		return err
	}
	if e.Kind == timeline.StreamAdded && !j.known(e.Stream) {
		return fmt.Errorf("stream %q added before it has a log", e.Stream)
	}
	e = e.Clone()
	key, err := keyOf(e)
	if err != nil {
		return err
	}
	tl := &j.history
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if tl.keys[key] {
		return nil
	}
	n := e
	if e.At < tl.known {
		n.Asked, n.At = &e.At, tl.known
	}
	b, err := json.Marshal(n)
	if err != nil {
		return err
	}
	if err := j.events.Append(segment.EncodeEvent(b)); err != nil {
		return fmt.Errorf("noting %s: %w", e.Kind, err)
	}
	if err := j.events.Sync(); err != nil {
		return fmt.Errorf("noting %s: %w", e.Kind, err)
	}
	tl.apply(n, key)
	if e.Kind == timeline.Recording {
		tl.live.Store(true)
	}
	return nil
}

// Advance promises that no event before t will be noted. A journal that was opened with a clock does this by itself
// while an archive records.
func (j *Journal) Advance(t av.Instant) error {
	tl := &j.history
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if t <= tl.known {
		return nil
	}
	if err := j.events.Append(segment.EncodeMark(segment.Events, t, false)); err != nil {
		return err
	}
	tl.known = t
	tl.mu.Wake()
	return nil
}

// ErrClosed is returned to readers that wait while the journal is closed.
var ErrClosed = errors.New("journal is closed")

// Events returns the events from index on, and the instant up to which the timeline is known: later events have that
// instant or a later one. It blocks until there is a new event or the timeline is known beyond after.
func (j *Journal) Events(ctx context.Context, index int, after av.Instant) ([]timeline.Event, av.Instant, error) {
	tl := &j.history
	var list []timeline.Event
	var known av.Instant
	err := tl.mu.Until(ctx, func() bool {
		list = append(list, tl.noted[min(index, len(tl.noted)):]...)
		known = tl.known
		return len(list) > 0 || known > after || tl.closed
	})
	if err == nil && len(list) == 0 && known <= after {
		err = ErrClosed
	}
	return list, known, err
}
