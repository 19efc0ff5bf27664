package recorder

import (
	"errors"
	"slices"
	"syscall"
	"testing"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/timeline"
)

// TestTally checks that lost media fails only those archives that should have had it.
func TestTally(t *testing.T) {
	var failed []string
	var y tally
	for _, id := range []string{"recording", "paused", "stopped", "manual", "elsewhere", "empty"} {
		y.add(id, func(err error) {
			if !errors.Is(err, errLost) || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("%s: %v", id, err)
			}
			failed = append(failed, id)
		})
		if id != "empty" {
			y.note(timeline.Event{Kind: timeline.Recording, Archive: id, At: 10})
		}
	}
	y.note(timeline.Event{Kind: timeline.Paused, Archive: "paused", At: 20})
	y.note(timeline.Event{Kind: timeline.Stopped, Archive: "stopped", At: 30})
	y.note(timeline.Event{Kind: timeline.Selected, Archive: "manual", Selection: []timeline.Selection{{Stream: "s", HasVideo: true}}})
	y.note(timeline.Event{Kind: timeline.Selected, Archive: "elsewhere", Selection: []timeline.Selection{{Stream: "u", HasVideo: true}}})
	expect := func(stream string, at int64, want ...string) {
		t.Helper()
		failed = nil
		y.lost(stream, av.Instant(at), syscall.ENOSPC)
		if slices.Sort(failed); !slices.Equal(failed, want) {
			t.Errorf("of %q at %d: %v failed, want %v", stream, at, failed, want)
		}
	}
	expect("s", 40, "manual", "recording")
	expect("s", 25, "manual", "recording", "stopped")
	expect("u", 15, "elsewhere", "paused", "recording", "stopped")
	expect("", 40, "elsewhere", "manual", "recording")
	y.remove("recording")
	expect("x", 40)
}
