package recorder

import (
	"errors"
	"slices"
	"syscall"
	"testing"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
)

// TestTally: of lost media only those archives suffer that were to have it.
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
			y.note(journal.Recording, id, 10)
		}
	}
	y.note(journal.Paused, "paused", 20)
	y.note(journal.Stopped, "stopped", 30)
	y.takes("manual", []archive.Inclusion{{StreamID: "s", HasVideo: true}})
	y.takes("elsewhere", []archive.Inclusion{{StreamID: "u", HasVideo: true}})
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
