package recorder

import (
	"errors"
	"fmt"
	"sync"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/capture"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/timeline"
)

// errLost is the reason why an archive that was recorded has no file.
var errLost = errors.New("media could not be kept")

// tally tracks what the archives of a session are recording, so that an archive with lost media is not treated as complete.
type tally struct {
	mu       sync.Mutex
	archives map[string]*recording
}

type recording struct {
	fail    func(error)     // ends the composition
	open    bool            // a span is open
	end     av.Instant      // end of the last span
	streams map[string]bool // nil = all
}

func (t *tally) add(archiveID string, fail func(error)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.archives == nil {
		t.archives = map[string]*recording{}
	}
	t.archives[archiveID] = &recording{fail: fail}
}

func (t *tally) remove(archiveID string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.archives, archiveID)
}

// note follows the spans and the selection of an archive.
func (t *tally) note(e timeline.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.archives[e.Archive]
	if r == nil {
		return
	}
	switch e.Kind {
	case timeline.Recording, timeline.Paused, timeline.Stopped:
		r.open, r.end = e.Kind == timeline.Recording, e.At
	case timeline.Selected:
		r.streams = map[string]bool{}
		for _, in := range e.Selection {
			r.streams[in.Stream] = true
		}
	default:
	}
}

// damaged fails the archives that should have any of the lost media.
func (t *tally) damaged(d journal.Damage, events []timeline.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, r := range t.archives {
		if capture.Wanted(events, id, d.Stream, d.From, d.To) {
			r.fail(fmt.Errorf("%w: %w", errLost, d.Err))
		}
	}
}

// lost fails the archives that should have the media of a stream at the instant at; "" = of all streams.
func (t *tally) lost(streamID string, at av.Instant, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.archives {
		if (r.open || at < r.end) && (streamID == "" || r.streams == nil || r.streams[streamID]) {
			r.fail(fmt.Errorf("%w: %w", errLost, err))
		}
	}
}
