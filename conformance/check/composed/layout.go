package composed

import (
	"fmt"
	"slices"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/phases"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/media"
)

var layoutChecks = []check.Check{
	check.New("ARC-LAY-01", tiled, scenarios.Pair),
	check.New("ARC-LAY-02", arranged(byDefault), scenarios.Pair),
	check.New("ARC-LAY-03", shaped, scenarios.Pair, scenarios.Sizes, scenarios.Layouts),
	check.New("ARC-LAY-04", arranged(asStarted), scenarios.Layouts),
	check.New("ARC-LAY-05", layoutChanges, scenarios.Layouts),
	check.New("ARC-LAY-07", arranged(ofType("pip")), scenarios.Layouts, scenarios.Presentations),
	check.New("ARC-LAY-08", arranged(ofType("verticalPresentation", "horizontalPresentation")), scenarios.Layouts, scenarios.Presentations),
	check.New("ARC-LAY-09", arranged(ranked), scenarios.Screens),
	check.New("ARC-LAY-10", arranged(ofType("custom")), scenarios.Layouts),
	check.New("ARC-LAY-11", classChanges, scenarios.Layouts),
	check.New("ARC-LAY-12", arranged(sharing), scenarios.Screens),
	check.New("ARC-LAY-13", layoutsRefused, scenarios.Layouts),
	check.New("ARC-LAY-14", sheetsRefused, scenarios.Layouts),
}

// pick chooses scenes of an archive.
type pick func(x content.Exhibit, a expect.Act) bool

func byDefault(x content.Exhibit, _ expect.Act) bool { return x.Request["layout"] == nil }

func asStarted(x content.Exhibit, a expect.Act) bool {
	return x.Request["layout"] != nil && !slices.ContainsFunc(x.Play.Changes[:a.Changed], func(k expect.Change) bool { return k.Layout != nil })
}

func ofType(types ...string) pick {
	return func(_ content.Exhibit, a expect.Act) bool {
		return a.Layout.ScreenshareType == "" && slices.Contains(types, a.Layout.Type)
	}
}

// ranked scenes are those that show by their order, or by who is left out, who comes first.
func ranked(_ content.Exhibit, a expect.Act) bool {
	return a.Picture.Grid && len(a.Streams) > 1 || len(a.Streams) > len(a.Picture.Places)
}

func sharing(_ content.Exhibit, a expect.Act) bool { return a.Layout.ScreenshareType != "" }

// scenes are the moments at which the whole picture can be told.
func scenes(c *check.Case, which pick, each func(x content.Exhibit, a expect.Act)) {
	for _, x := range c.Exhibits() {
		if x.Request["hasVideo"] == false || x.Picture == nil {
			continue
		}
		for _, a := range x.Scenes {
			if a.Known && len(a.Picture.Places) > 0 && which(x, a) {
				each(x, a)
			}
		}
	}
}

// arranged compares the scenes that are picked with what the layout makes of the streams.
func arranged(which pick) func(*check.Case) {
	return func(c *check.Case) {
		scenes(c, which, func(x content.Exhibit, a expect.Act) { phases.Pictured(c, x, a, true) })
	}
}

func tiled(c *check.Case) {
	grid := func(_ content.Exhibit, a expect.Act) bool { return a.Picture.Grid }
	scenes(c, grid, func(x content.Exhibit, a expect.Act) { phases.Pictured(c, x, a, false) })
}

// shaped compares every stream of every scene with the aspect ratios of its fixture; where it stands is in the middle of its place.
func shaped(c *check.Case) {
	scenes(c, func(content.Exhibit, expect.Act) bool { return true }, func(x content.Exhibit, a expect.Act) {
		v := phases.Look(c, x, a)
		for _, p := range a.Picture.Places {
			id := v.Fixture(p.Stream)
			shown := v.At(a.Middle())[id]
			if c.Excused(len(shown) > 0, c.Limit("tolerance.layout-change"), x.Takes...) {
				continue
			}
			if len(shown) == 0 {
				c.Blocked(fmt.Sprintf("stream %s in its place at %.1f s", id, a.Middle()), "the stream is not in the picture", x.R)
				continue
			}
			ok := slices.ContainsFunc(shown, func(s media.Appearance) bool { return v.Stands(p, s.Rect, id) })
			if c.Excused(ok, c.Limit("tolerance.layout-change"), x.Takes...) {
				continue
			}
			c.Want(ok, fmt.Sprintf("%s whole and in its aspect in the middle of %.0fx%.0f at %.1f s", id, p.Rect.Width, p.Rect.Height, a.Middle()), phases.Where(shown[0].Rect), x.R)
		}
	})
}
