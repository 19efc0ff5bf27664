package phases

import (
	"slices"

	"reelcheck/conformance/expect"
	"reelcheck/conformance/layout"
	"reelcheck/conformance/media"
)

// Shares reports whether somebody shares a screen in the phase of an archive with a layout for that.
func Shares(a expect.Phase) bool {
	return a.Layout.ScreenshareType != "" && slices.ContainsFunc(a.Streams, func(s layout.Stream) bool { return s.Screen })
}

// broken returns the clause that a problem of the picture breaks.
func (v Viewer) broken(kind Kind) string {
	asked := v.x.Request["layout"] != nil
	changed := slices.ContainsFunc(v.x.Timeline.Changes[:v.phase.Changed], func(k expect.Change) bool { return k.Layout != nil })
	switch {
	case kind == Distorted:
		return "ARC-LAY-03"
	case kind == Early:
		return "ARC-LAY-05"
	case kind == Chosen && !Shares(v.phase), kind == Ordered:
		return "ARC-LAY-09"
	case Shares(v.phase):
		return "ARC-LAY-12"
	case kind == Disobeyed && changed:
		return "ARC-LAY-05"
	case kind == Disobeyed && asked:
		return "ARC-LAY-04"
	case v.phase.Picture.Grid && !asked:
		return "ARC-LAY-02"
	}
	switch v.phase.Layout.Type {
	case "bestFit":
		return "ARC-LAY-01"
	case "pip":
		return "ARC-LAY-07"
	case "custom":
		return "ARC-LAY-10"
	}
	return "ARC-LAY-08"
}

// Misplaced notes that something cannot be shown because a stream, whole and in its aspect, stands elsewhere.
func (v Viewer) Misplaced(p layout.Place, r media.Rect, fixture, expected string) {
	kind, as := v.disobeyed(p, r, fixture)
	v.c.Follows(v.broken(kind), expected, Where(r)+as, v.x.R)
}
