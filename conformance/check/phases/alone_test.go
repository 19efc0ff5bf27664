package phases

import (
	"testing"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/facts/jsonvalue"
	"reelcheck/conformance/layout"
	"reelcheck/conformance/media"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// TestDisguised checks that what stands in the place of a stream, and is not its picture, breaks the clause about its colours.
func TestDisguised(t *testing.T) {
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	due := content.Due{Published: evidence.Published{Kind: "video", Fixture: "small-03"}, R: evidence.Record{IDs: map[string]string{evidence.Stream: "c"}}, To: 4, Kept: true}
	shown := media.Appearance{ID: "small-03", To: 4, Rect: media.Rect{X: 448, Y: 48, Width: 128, Height: 96}}
	stray := func(x int) media.Stray {
		return media.Stray{Span: media.Span{To: 4}, Rect: media.Rect{X: x, Y: 40, Width: 140, Height: 110}}
	}
	for name, c := range map[string]struct {
		picture media.Picture
		grid    bool
		want    bool
	}{
		"without colours":     {media.Picture{Stray: []media.Stray{stray(440)}}, false, true},
		"it is there":         {media.Picture{Appearances: []media.Appearance{shown}, Stray: []media.Stray{stray(440)}}, false, false},
		"something elsewhere": {media.Picture{Stray: []media.Stray{stray(0)}}, false, false},
		"nothing is there":    {media.Picture{}, false, false},
		"in a grid, anywhere": {media.Picture{Stray: []media.Stray{stray(440)}}, true, false},
	} {
		phase := expect.Phase{Stretch: expect.Stretch{From: 1, To: 3}, Known: true, Picture: layout.Picture{Grid: c.grid,
			Places: []layout.Place{{Stream: "c", Rect: layout.Rect{X: 448, Y: 48, Width: 128, Height: 96}}}}}
		x := content.Recording{History: &facts.History{Request: jsonvalue.Object{}}, File: content.File{Report: media.Report{Picture: &c.picture}},
			Expected: content.Expected{Settled: []expect.Phase{phase}, Due: []content.Due{due}}}
		ch := check.New("ARC-COMP-35", func(c *check.Case) { Disguised(c, x, due) }, "layouts")
		v := check.Grade(facts.Sort(l, evidence.View{}), spec.Clause{ID: "ARC-COMP-35", Verify: spec.Checks}, nil, ch, check.Causes{})
		if (v.Outcome == verdict.Fail) != c.want {
			t.Errorf("%s: %s %+v", name, v.Outcome, v.Findings)
		}
	}
}
