package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/await"
	"reelcheck/reference/internal/layout"
)

// Kind names a timeline event.
type Kind string

const (
	StreamAdded   Kind = "streamAdded"
	StreamRemoved Kind = "streamRemoved"
	VideoStopped  Kind = "videoStopped" // the stream sends no video, until VideoResumed
	VideoResumed  Kind = "videoResumed"
	Recording     Kind = "recording"  // a span of the archive begins
	Paused        Kind = "paused"     // it ends, another may follow
	Stopped       Kind = "stopped"    // it ends for good
	Classified    Kind = "classified" // the layout classes of a stream are replaced
	Arranged      Kind = "arranged"   // an archive has this layout from now on
	Selected      Kind = "selected"   // the archive takes Selection from now on; before the first of these it takes all streams
	Skipped       Kind = "skipped"    // policy time went ahead by Skip, and media did not; compositions are not concerned
)

// Selection says which parts of a stream an archive takes.
type Selection struct {
	Stream   string `json:"stream"`
	HasAudio bool   `json:"hasAudio,omitempty"`
	HasVideo bool   `json:"hasVideo,omitempty"`
}

// Event is something compositions depend on besides the media.
type Event struct {
	Kind Kind       `json:"kind"`
	At   av.Instant `json:"at"`
	// Of streams. The stream's log must exist before it is added: see [Journal.Stream].
	Stream     string `json:"stream,omitempty"`
	VideoType  string `json:"videoType,omitempty"`  // added: "camera", "screen" or "custom"
	Connection string `json:"connection,omitempty"` // added: of which client
	// ConnectionData is what the client's token said, of streams that were added.
	ConnectionData string   `json:"connectionData,omitempty"`
	Classes        []string `json:"classes,omitempty"` // added, classified: layout classes
	HasAudio       bool     `json:"hasAudio,omitempty"`
	HasVideo       bool     `json:"hasVideo,omitempty"`
	Reason         string   `json:"reason,omitempty"` // removed
	// Of recordings.
	Archive   string       `json:"archive,omitempty"`
	Layout    *layout.Spec `json:"layout,omitempty"`    // arranged
	Selection []Selection  `json:"selection,omitempty"` // selected
	// Of time, in nanoseconds.
	Skip time.Duration `json:"skip,omitempty"` // skipped
	// Asked is when the event happened, where that was too late for the timeline, on which it is At.
	Asked *av.Instant `json:"asked,omitempty"`
}

// Happened returns when the event happened, which may be before At.
func (e Event) Happened() av.Instant {
	if e.Asked != nil {
		return *e.Asked
	}
	return e.At
}

// eventKey is the same for equal events, wherever the timeline put them.
type eventKey [sha256.Size]byte

func (e Event) key() (eventKey, error) {
	e.At, e.Asked = e.Happened(), nil
	b, err := json.Marshal(e)
	return sha256.Sum256(b), err
}

func (e Event) validate() error {
	switch e.Kind {
	case StreamAdded, StreamRemoved, VideoStopped, VideoResumed, Classified:
		if !validID(e.Stream) {
			return fmt.Errorf("event %s: bad stream id %q", e.Kind, e.Stream)
		}
	case Recording, Paused, Stopped, Selected:
		if e.Archive == "" {
			return fmt.Errorf("event %s: archive is missing", e.Kind)
		}
		for _, s := range e.Selection {
			if !validID(s.Stream) {
				return fmt.Errorf("event %s: bad stream id %q", e.Kind, s.Stream)
			}
		}
	case Arranged:
		if e.Archive == "" || e.Layout == nil {
			return fmt.Errorf("event %s: archive or layout is missing", e.Kind)
		}
	case Skipped:
		if e.Skip <= 0 {
			return fmt.Errorf("event %s: bad time %v", e.Kind, e.Skip)
		}
	default:
		return fmt.Errorf("unknown event kind %q", e.Kind)
	}
	return nil
}

// timeline is the in-memory view of the event log. Event instants never decrease.
type timeline struct {
	mu     await.Mutex // guards noted, known, open, closed; held while an event is made durable
	noted  []Event
	keys   map[eventKey]bool // of what was noted
	known  av.Instant        // nothing will be noted before it
	open   map[string]bool
	closed bool

	live  atomic.Bool  // a span began in this process: known has to follow the clock
	spans atomic.Int32 // archives recording now
	until atomic.Int64 // end of the latest span, meaningful while spans is 0
}

// apply accounts for an event already stored.
func (tl *timeline) apply(n Event, key eventKey) {
	tl.noted = append(tl.noted, n)
	tl.keys[key] = true
	tl.known = max(tl.known, n.At)
	switch n.Kind {
	case Recording:
		tl.open[n.Archive] = true
	case Paused, Stopped:
		if tl.open[n.Archive] {
			delete(tl.open, n.Archive)
			tl.until.Store(max(tl.until.Load(), int64(n.At)))
		}
	case StreamAdded, StreamRemoved, VideoStopped, VideoResumed, Selected, Classified, Arranged, Skipped:
	}
	tl.spans.Store(int32(len(tl.open)))
	tl.mu.Wake()
}

func (tl *timeline) recording(t av.Instant) bool {
	return tl.spans.Load() > 0 || int64(t) < tl.until.Load()
}

func parseEvent(data []byte) (Event, error) {
	var n Event
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&n); err != nil {
		return Event{}, err
	}
	return n, n.validate()
}

// Note puts e on the timeline. It is durable when Note returns. An equal event already there is not repeated.
// Events are noted in order of their instants: one that comes later than the timeline's knowledge (see
// [Journal.Advance]) takes effect at that point instead, so that what was composed is never contradicted.
func (j *Journal) Note(e Event) error {
	if err := e.validate(); err != nil {
		return err
	}
	if e.Kind == StreamAdded && !j.known(e.Stream) {
		return fmt.Errorf("stream %q added before it has a log", e.Stream)
	}
	e.Classes = slices.Clone(e.Classes)
	if len(e.Classes) == 0 {
		e.Classes = nil
	}
	e.Selection = slices.Clone(e.Selection)
	if len(e.Selection) == 0 {
		e.Selection = nil
	}
	key, err := e.key()
	if err != nil {
		return err
	}
	tl := &j.timeline
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
	if err := j.events.append(encodeBare(typeEvent, b)); err != nil {
		return fmt.Errorf("noting %s: %w", e.Kind, err)
	}
	if err := j.events.sync(); err != nil {
		return fmt.Errorf("noting %s: %w", e.Kind, err)
	}
	tl.apply(n, key)
	if e.Kind == Recording {
		tl.live.Store(true)
	}
	return nil
}

// Advance promises that no event before t will take effect. The journal does it by itself while an archive records
// when it was opened with a clock.
func (j *Journal) Advance(t av.Instant) error {
	tl := &j.timeline
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if t <= tl.known {
		return nil
	}
	if err := j.events.append(encodeMark(events, t, false)); err != nil {
		return err
	}
	tl.known = t
	tl.mu.Wake()
	return nil
}

// ErrClosed is returned to those who wait on a journal that was closed.
var ErrClosed = errors.New("journal is closed")

// Events returns the events from index on and the instant up to which the timeline is known: later events have that
// instant or a later one. It blocks until there is something new: an event, or knowledge beyond after.
func (j *Journal) Events(ctx context.Context, index int, after av.Instant) ([]Event, av.Instant, error) {
	tl := &j.timeline
	var list []Event
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
