package content

import (
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts"
	"reelcheck/spec"
)

// TestBriefArchivesMayBeEmpty checks of how much that was published an archive has to have a file.
func TestBriefArchivesMayBeEmpty(t *testing.T) {
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	f := facts.Sort(l, evidence.View{})
	tracks := expect.Timeline{Tracks: make([]expect.Track, 1)}
	for name, c := range map[string]struct {
		x    Expected
		want bool
	}{
		"nothing":                 {Expected{}, false},
		"a frame of sound":        {Expected{Timeline: tracks, Pieces: PiecesOf([]facts.Span{recordedSpan(0, 20*time.Millisecond)})}, false},
		"a second":                {Expected{Timeline: tracks, Pieces: PiecesOf([]facts.Span{recordedSpan(0, time.Second)})}, true},
		"a second in two pieces":  {Expected{Timeline: tracks, Pieces: PiecesOf([]facts.Span{recordedSpan(0, 500*time.Millisecond), recordedSpan(time.Minute, 60500*time.Millisecond)})}, true},
		"of a kind not asked for": {Expected{Pieces: PiecesOf([]facts.Span{recordedSpan(0, time.Second)})}, false},
	} {
		if got := c.x.Enough(f); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
