package composed

import (
	"testing"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/spec"
)

// TestMutesInterrupt checks that the last picture before a mute may stand for a while, also where it moves to another place meanwhile.
func TestMutesInterrupt(t *testing.T) {
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := &check.Case{Facts: facts.Sort(l, evidence.View{})}
	due := func(from, to float64) content.Due {
		return content.Due{Published: evidence.Published{Fixture: "small-09"}, R: evidence.Record{Seq: 1}, From: from, To: to}
	}
	before, after := due(0, 5), due(9, 20)
	x := content.Recording{Expected: content.Expected{Due: []content.Due{before, after}}}
	for name, s := range map[string]struct {
		from, to float64
		want     bool
	}{
		"before the mute":      {0, 4.9, false},
		"into the mute":        {0, 6.5, true},
		"in another place":     {5.3, 6.5, true},
		"long after the mute":  {7.5, 8.5, false},
		"from the mute's end":  {9.2, 20, false},
		"through all the mute": {0, 20, true},
	} {
		if got := interrupted(c, x, before, s.from, s.to); got != s.want {
			t.Errorf("%s: %v, want %v", name, got, s.want)
		}
	}
}
