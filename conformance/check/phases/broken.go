package phases

import (
	"slices"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/layout"
	"reelcheck/conformance/media"
	"reelcheck/spec"
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
	case kind == Chosen, kind == Ordered:
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

// records returns the record of the file, and those of published fixtures.
func (v Viewer) records(fixtures ...string) []evidence.Record {
	out := []evidence.Record{v.x.R}
	for _, fixture := range fixtures {
		if i := slices.IndexFunc(v.x.Due, func(t content.Due) bool { return t.Fixture == fixture }); i >= 0 {
			out = append(out, v.x.Due[i].R)
		}
	}
	return out
}

// Misplaced notes that something cannot be shown because a stream, whole and in its aspect, stands elsewhere at a moment.
func (v Viewer) Misplaced(p layout.Place, r media.Rect, fixture, expected string, at float64) {
	kind, as := v.disobeyed(p, r, fixture, v.At(at))
	v.c.Follows(v.broken(kind), expected, Where(r)+as, v.records(fixture)...)
}

// disobeyed explains a stream in the wrong place. It returns [Disobeyed] or [Early] and words for it if the place belongs to
// another layout, and [Placed] and "" otherwise. A style sheet is disobeyed only if no stream stands as it says: any place may come from one
// property that is not understood.
func (v Viewer) disobeyed(p layout.Place, r media.Rect, fixture string, all map[string][]media.Appearance) (Kind, string) {
	as := func(l spec.Layout) bool {
		other := v
		size := layout.Size{Width: v.x.Picture.Width, Height: v.x.Picture.Height}
		picture, known := layout.Arrange(v.x.Timeline.Ledger, l, v.phase.Streams, size)
		other.phase.Picture = picture
		other.equal = other.equal || picture.Unpublished // a grid that may have any size explains almost every place
		place, shown := picture.Of(p.Stream)
		return known && shown && l != v.phase.Layout && !other.free(place) && other.Stands(place, r, fixture) && !v.contradicts(other, all)
	}
	for i, k := range v.x.Timeline.Changes {
		if i == v.phase.Changed && k.Layout != nil && as(*k.Layout) {
			return Early, ", as in " + k.Layout.Type
		}
	}
	for _, l := range v.earlier() {
		if as(l) {
			return Disobeyed, ", as in " + l.Type
		}
	}
	return Placed, ""
}

// earlier returns the layouts that the archive had before the phase, and the default.
func (v Viewer) earlier() []spec.Layout {
	out := []spec.Layout{v.x.Timeline.Layout, {Type: "bestFit"}}
	for _, k := range v.x.Timeline.Changes[:v.phase.Changed] {
		if k.Layout != nil {
			out = append(out, *k.Layout)
		}
	}
	return out
}

// outdated explains a stream that is missing: the picture may be that of an earlier layout, which has no place for it.
func (v Viewer) outdated(p problem, shown map[string][]media.Appearance) problem {
	for _, l := range v.earlier() {
		if l != v.phase.Layout && v.is(l, shown) {
			return problem{kind: Disobeyed, text: p.text + ", as in " + l.Type} // about all streams
		}
	}
	return p
}

// Outdated reports whether the file still shows an earlier layout wherever it lacks a stream that is due.
func Outdated(c *check.Case, x content.Recording, t content.Due) bool {
	missing := 0
	for _, a := range x.Settled {
		v, at := Look(c, x, a), a.Middle()
		_, placed := a.Picture.Of(t.R.IDs[evidence.Stream])
		if x.Picture == nil || t.Kind != "video" || !placed || !a.Known || at < t.From || at > t.To || len(v.At(at)[t.Fixture]) > 0 {
			continue
		}
		if v.outdated(problem{kind: Absent}, v.At(at)).kind != Disobeyed {
			return false
		}
		missing++
	}
	return missing > 0
}

// is reports whether all that is seen is what a layout makes of the streams.
func (v Viewer) is(l spec.Layout, shown map[string][]media.Appearance) bool {
	picture, known := layout.Arrange(v.x.Timeline.Ledger, l, v.phase.Streams, layout.Size{Width: v.x.Picture.Width, Height: v.x.Picture.Height})
	if !known || len(picture.Places) != len(shown) {
		return false
	}
	v.phase.Picture, v.equal = picture, v.equal || picture.Unpublished
	return !slices.ContainsFunc(picture.Places, func(p layout.Place) bool {
		id := v.Fixture(p.Stream)
		return !slices.ContainsFunc(shown[id], func(a media.Appearance) bool { return v.Stands(p, a.Rect, id) })
	})
}

// contradicts reports whether a stream stands where the phase's style sheet puts it, and not where the other viewer's layout does.
func (v Viewer) contradicts(other Viewer, all map[string][]media.Appearance) bool {
	return v.phase.Layout.Type == "custom" && slices.ContainsFunc(v.phase.Picture.Places, func(p layout.Place) bool {
		id := v.Fixture(p.Stream)
		place, shown := other.phase.Picture.Of(p.Stream)
		return slices.ContainsFunc(all[id], func(a media.Appearance) bool {
			return v.Stands(p, a.Rect, id) && !(shown && other.Stands(place, a.Rect, id))
		})
	})
}

// hides reports whether the phase hides the stream of a fixture because another stream takes the large place, whose class it has. A stream that is
// missing from other pictures too is not hidden.
func (v Viewer) hides(fixture string) bool {
	return behindFocus(v, v.phase, fixture) && !slices.ContainsFunc(v.x.Settled, func(a expect.Phase) bool {
		due := a.Known && slices.ContainsFunc(a.Picture.Places, func(p layout.Place) bool { return v.Fixture(p.Stream) == fixture })
		return due && !behindFocus(v, a, fixture) && len(v.At(a.Middle())[fixture]) == 0
	})
}

// behindFocus reports whether a phase has a presentation in which the stream of a fixture is not the first one of class focus.
func behindFocus(v Viewer, a expect.Phase, fixture string) bool {
	if Shares(a) || !slices.Contains([]string{"verticalPresentation", "horizontalPresentation"}, a.Layout.Type) {
		return false
	}
	focused := slices.DeleteFunc(layout.Order(a.Streams), func(s layout.Stream) bool { return !slices.Contains(s.Classes, "focus") })
	return slices.ContainsFunc(focused[min(1, len(focused)):], func(s layout.Stream) bool { return v.Fixture(s.ID) == fixture })
}
