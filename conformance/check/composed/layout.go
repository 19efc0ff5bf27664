package composed

import (
	"fmt"
	"slices"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/phases"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/layout"
	"reelcheck/conformance/media"
)

var layoutChecks = []check.Check{
	check.New("ARC-LAY-01", tiled, scenarios.Pair),
	check.New("ARC-LAY-02", arranged(byDefault, phases.Placed|phases.Disobeyed|phases.Early), scenarios.Pair),
	check.New("ARC-LAY-03", shaped, scenarios.Pair, scenarios.Sizes, scenarios.Layouts),
	check.New("ARC-LAY-04", arranged(asStarted, phases.Disobeyed), scenarios.VideoOnly, scenarios.Layouts, scenarios.Simultaneous),
	check.New("ARC-LAY-05", layoutChanges, scenarios.Layouts, scenarios.Pause, scenarios.Screens),
	check.New("ARC-LAY-07", arranged(ofType("pip"), phases.Placed), scenarios.Layouts, scenarios.Presentations),
	check.New("ARC-LAY-08", arranged(ofType("verticalPresentation", "horizontalPresentation"), phases.Placed), scenarios.Layouts, scenarios.Presentations),
	check.New("ARC-LAY-09", arranged(ranked, phases.Chosen|phases.Ordered), scenarios.Screens),
	check.New("ARC-LAY-10", arranged(ofType("custom"), phases.Placed), scenarios.Layouts, scenarios.Simultaneous),
	check.New("ARC-LAY-11", classChanges, scenarios.Layouts),
	check.New("ARC-LAY-12", arranged(sharing, phases.Placed), scenarios.Screens),
	check.New("ARC-LAY-13", layoutsRefused, scenarios.Layouts),
	check.New("ARC-LAY-14", sheetsRefused, scenarios.Layouts),
	check.New("ARC-LAY-17", concluded(sharesEdge), scenarios.Presentations),
	check.New("ARC-LAY-18", vacant, scenarios.Simultaneous),
	check.New("ARC-LAY-19", concluded(unpublished), scenarios.Many, scenarios.Presentations),
}

// pick selects phases of an archive.
type pick func(x content.Recording, a expect.Phase) bool

func byDefault(x content.Recording, _ expect.Phase) bool { return x.Request["layout"] == nil }

func asStarted(x content.Recording, a expect.Phase) bool {
	return x.Request["layout"] != nil && !slices.ContainsFunc(x.Timeline.Changes[:a.Changed], func(k expect.Change) bool { return k.Layout != nil })
}

func ofType(types ...string) pick {
	return func(_ content.Recording, a expect.Phase) bool {
		return a.Layout.ScreenshareType == "" && slices.Contains(types, a.Layout.Type)
	}
}

// ranked picks phases whose order, or whose choice of streams, shows the priority of streams.
func ranked(_ content.Recording, a expect.Phase) bool {
	return a.Picture.Grid && len(a.Streams) > 1 || len(a.Streams) > len(a.Picture.Places)
}

func sharing(_ content.Recording, a expect.Phase) bool { return phases.Shares(a) }

// visible calls each with the phases whose whole picture is known. It leaves out those with a large place that nobody takes (ARC-LAY-18),
// those in which a stream may have come in that was left out before (ARC-COMP-34), and those with what may be tiles for sounds (ARC-COMP-31).
func visible(c *check.Case, which pick, each func(x content.Recording, a expect.Phase)) {
	seen(c, func(x content.Recording, a expect.Phase) bool {
		return !a.Picture.Vacant && len(a.Freed) == 0 && !phases.TilesOfSound(x, a) && which(x, a)
	}, each)
}

// seen calls each with the phases whose whole picture is known, or concluded.
func seen(c *check.Case, which pick, each func(x content.Recording, a expect.Phase)) {
	for _, x := range c.Recordings() {
		if !x.Request.Asks("video") || x.Picture == nil {
			continue
		}
		for _, a := range x.Settled {
			if a.Known && len(a.Picture.Places) > 0 && which(x, a) {
				each(x, a)
			}
		}
	}
}

// arranged compares the picked phases with what the layout makes of the streams. The clause is about problems of some kinds.
func arranged(which pick, about phases.Kind) func(*check.Case) {
	return func(c *check.Case) {
		visible(c, which, func(x content.Recording, a expect.Phase) { phases.Pictured(c, x, a, about) })
	}
}

// sharesEdge picks presentations in whose sizes no source says where the small places lie.
func sharesEdge(_ content.Recording, a expect.Phase) bool {
	return slices.ContainsFunc(a.Picture.Places, layout.Place.Shared)
}

// unpublished picks grids of more streams than those whose style sheets are published.
func unpublished(_ content.Recording, a expect.Phase) bool { return a.Picture.Unpublished }

// concluded compares the picked phases with places that no source gives.
func concluded(which pick) func(*check.Case) {
	return func(c *check.Case) {
		visible(c, which, func(x content.Recording, a expect.Phase) { phases.Shared(c, x, a) })
	}
}

// vacant judges layouts with a large place that nobody takes.
func vacant(c *check.Case) {
	seen(c, func(_ content.Recording, a expect.Phase) bool { return a.Picture.Vacant }, func(x content.Recording, a expect.Phase) { phases.Shared(c, x, a) })
}

// tiled judges grids. In an archive that asked for no layout, ARC-LAY-02 demands the grid.
func tiled(c *check.Case) {
	grid := func(_ content.Recording, a expect.Phase) bool { return a.Picture.Grid }
	visible(c, grid, func(x content.Recording, a expect.Phase) {
		about := phases.Placed
		if byDefault(x, a) {
			about = 0
		}
		phases.Pictured(c, x, a, about)
	})
}

// shaped compares every stream of every phase with the aspect ratios of its fixture, and its position with the middle of
// its place.
func shaped(c *check.Case) {
	visible(c, func(content.Recording, expect.Phase) bool { return true }, func(x content.Recording, a expect.Phase) {
		v := phases.Look(c, x, a)
		for _, p := range a.Picture.Places {
			id := v.Fixture(p.Stream)
			shown := v.At(a.Middle())[id]
			if c.Excused(len(shown) > 0, c.Limit("tolerance.layout-change"), x.Due...) {
				continue
			}
			if len(shown) == 0 {
				v.Absent(id, fmt.Sprintf("stream %s in its place at %.1f s", id, a.Middle()))
				continue
			}
			ok := slices.ContainsFunc(shown, func(s media.Appearance) bool { return v.Stands(p, s.Rect, id) })
			if c.Excused(ok, c.Limit("tolerance.layout-change"), x.Due...) {
				continue
			}
			expected := fmt.Sprintf("%s whole and in its aspect in the middle of %.0fx%.0f at %.1f s", id, p.Rect.Width, p.Rect.Height, a.Middle())
			if !ok && !v.Distorts(shown[0].Rect, id) {
				v.Misplaced(p, shown[0].Rect, id, expected, a.Middle())
				c.Moment(a.Middle())
				continue
			}
			if !c.Want(ok, expected, phases.Where(shown[0].Rect), x.R) {
				c.Moment(a.Middle())
			}
		}
	})
}
