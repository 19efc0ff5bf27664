// Package phases has checks of what a recording shows, and sounds like, in a phase: a stretch of time in which nothing
// changes.
package phases

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/layout"
	"reelcheck/conformance/media"
	"reelcheck/conformance/text"
	"reelcheck/fixtures"
)

// Kind is a set of ways in which a picture may be wrong.
type Kind int

const (
	Absent    Kind = 1 << iota // a stream is not in the picture, and no other in its stead
	Chosen                     // another stream is in the picture
	Distorted                  // a stream has another aspect, or is cut off
	Placed                     // a stream has another place or size, or several
	Disobeyed                  // a stream stands as in another layout that the archive had, or by default
	Early                      // a stream stands as in the next layout
	Ordered                    // a stream stands before one that it should follow
	Any       = 1<<iota - 1
)

// problem describes a fault of the picture at a moment. Without a kind there is none.
type problem struct {
	kind    Kind
	text    string
	fixture string // of the stream, if it is about one
	other   string // of another one that is seen or not seen because of it, if there is one
}

// Pictured checks what a phase shows, from its start to its end. The clause is about problems of some kinds; others make it
// impossible to show it.
func Pictured(c *check.Case, x content.Recording, a expect.Phase, about Kind) {
	pictured(c, Look(c, x, a), about)
}

// Shared checks where a phase shows streams in places that are concluded: in equal parts of an edge, in a grid of four by four.
func Shared(c *check.Case, x content.Recording, a expect.Phase) {
	v := Look(c, x, a)
	v.equal = true
	pictured(c, v, Placed)
}

func pictured(c *check.Case, v Viewer, about Kind) {
	x, a := v.x, v.phase
	var found problem
	moment := 0.0
	for _, at := range v.moments() {
		p := v.look(at)
		if p.kind&about != 0 || p.kind != 0 && found.kind == 0 {
			found = p
			found.text, moment = fmt.Sprintf("at %.1f s %s", at, p.text), at
		}
		if found.kind&about != 0 {
			break
		}
	}
	if c.Excused(found.kind == 0, c.Limit("tolerance.layout-change"), x.Due...) {
		return
	}
	expected := fmt.Sprintf("%s from %.1f to %.1f s: %s", named(a), a.From, a.To, v.expected())
	if found.kind == Absent && about&Absent == 0 {
		v.Absent(found.fixture, expected)
		return
	}
	if found.kind != 0 && found.kind&about == 0 {
		c.Follows(v.broken(found.kind), expected, found.text, v.records(found.fixture, found.other)...)
		c.Moment(moment)
		return
	}
	if !c.Want(found.kind == 0, expected, found.text, v.records(found.fixture, found.other)...) {
		c.Moment(moment)
	}
}

func named(a expect.Phase) string {
	if a.Layout.ScreenshareType != "" {
		return a.Layout.Type + " with " + a.Layout.ScreenshareType + " for screens"
	}
	return a.Layout.Type
}

// manifest is read only once.
var manifest = sync.OnceValues(fixtures.Load)

// Shapes returns the sizes of the pictures of a video fixture.
func Shapes(c *check.Case, id string) []fixtures.Part {
	m, err := manifest()
	if err != nil {
		c.Unclear(err.Error())
		return nil
	}
	v, _ := m.Video(id) // other fixtures have no shapes
	return v.Parts
}

// Viewer checks the pictures of a phase.
type Viewer struct {
	c     *check.Case
	x     content.Recording
	phase expect.Phase
	allow float64 // tolerance in pixels
	blur  float64 // distance in seconds within which an appearance counts as seen at a moment
	equal bool    // places are those that are concluded where no source says
}

// Look returns a Viewer for a phase of an archive.
func Look(c *check.Case, x content.Recording, a expect.Phase) Viewer {
	return Viewer{c: c, x: x, phase: a, allow: float64(c.Number("tolerance.tile")), blur: c.Limit("tolerance.blur").Seconds()}
}

// Fixture returns the fixture that a stream of the phase shows.
func (v Viewer) Fixture(stream string) string {
	for _, t := range v.x.Due {
		if t.Kind == "video" && t.R.IDs[evidence.Stream] == stream {
			return t.Fixture
		}
	}
	return ""
}

func (v Viewer) expected() string {
	var s []string
	for _, p := range v.phase.Picture.Places {
		at := p.Rect
		if v.free(p) {
			at = p.Edge
		}
		text := fmt.Sprintf("%s in %.0fx%.0f", v.Fixture(p.Stream), at.Width, at.Height)
		if !v.phase.Picture.Grid {
			text += fmt.Sprintf(" at %.0f,%.0f", at.X, at.Y)
		}
		s = append(s, text)
	}
	return text.Clip(strings.Join(s, "; "), 400)
}

// moments returns the start and the end of the phase, and the middle of every stretch between them in which nothing in
// the picture comes, goes or moves.
func (v Viewer) moments() []float64 {
	edges := []float64{v.phase.From, v.phase.To}
	for _, a := range v.x.Picture.Appearances {
		for _, at := range []float64{a.From, a.To} {
			if at > v.phase.From && at < v.phase.To {
				edges = append(edges, at)
			}
		}
	}
	slices.Sort(edges)
	out, blink := []float64{v.phase.From, v.phase.To}, v.c.Limit("tolerance.blink").Seconds()
	for i := 1; i < len(edges); i++ {
		if edges[i]-edges[i-1] >= blink || len(edges) == 2 {
			out = append(out, (edges[i]+edges[i-1])/2)
		}
	}
	slices.Sort(out)
	return out
}

func (v Viewer) At(at float64) map[string][]media.Appearance {
	out := map[string][]media.Appearance{}
	for _, a := range v.x.Picture.Appearances {
		if a.From-v.blur <= at && at <= a.To+v.blur {
			out[a.ID] = append(out[a.ID], a)
		}
	}
	return out
}

// twice reports whether two appearances of a stream are there at once. A stream that moves has one appearance after the
// other.
func (v Viewer) twice(all []media.Appearance) bool {
	for i, a := range all {
		for _, b := range all[:i] {
			if min(a.To, b.To)-max(a.From, b.From) > v.blur {
				return true
			}
		}
	}
	return false
}

// look returns what is wrong with the picture at a moment. A grid whose size is not published may have any.
func (v Viewer) look(at float64) (first problem) {
	for i, grid := range v.grids() {
		p := grid.arranged(at)
		if p.kind == 0 {
			return p
		}
		if i == 0 {
			first = p
		}
	}
	return first
}

// grids returns a Viewer for each grid that the phase may have.
func (v Viewer) grids() []Viewer {
	if !v.phase.Picture.Unpublished || v.equal {
		return []Viewer{v}
	}
	var out []Viewer
	for _, p := range v.phase.Picture.Grids(v.x.Timeline.Size) {
		grid := v
		grid.equal, grid.phase.Picture = true, p
		out = append(out, grid)
	}
	return out
}

// arranged returns what is wrong with the picture at a moment where the phase's places are known. A stream in a wrong place explains one that
// has none.
func (v Viewer) arranged(at float64) problem {
	shown := v.At(at)
	chosen := v.selected(shown)
	if chosen.kind == Absent {
		return v.outdated(chosen, shown)
	}
	if chosen.kind&^Placed != 0 {
		return chosen
	}
	tiles, p := v.placed(shown)
	switch {
	case p.kind != 0 && chosen.kind != 0:
		p.text, p.other = p.text+"; "+chosen.text, chosen.fixture
		return p
	case p.kind != 0:
		return p
	case chosen.kind != 0:
		return chosen
	case v.phase.Picture.Grid:
		return v.grid(tiles)
	}
	return v.lined(tiles)
}

// placed returns where the streams that are seen stand, by priority, and what is wrong with the first that stands in a wrong place.
func (v Viewer) placed(shown map[string][]media.Appearance) (tiles []media.Rect, p problem) {
	for _, p := range v.phase.Picture.Places {
		id := v.Fixture(p.Stream)
		all := shown[id]
		if v.twice(all) {
			return nil, problem{kind: Placed, text: id + " is in the picture twice", fixture: id}
		}
		i := slices.IndexFunc(all, func(a media.Appearance) bool { return v.Stands(p, a.Rect, id) })
		switch {
		case len(all) == 0:
		case i >= 0:
			tiles = append(tiles, all[i].Rect)
		case v.Distorts(all[0].Rect, id):
			return nil, problem{kind: Distorted, text: id + " is " + Where(all[0].Rect) + v.instead(all[0].Rect, id), fixture: id}
		default:
			kind, as := v.disobeyed(p, all[0].Rect, id, shown)
			return nil, problem{kind: kind, text: id + " is " + Where(all[0].Rect) + as + v.instead(all[0].Rect, id), fixture: id}
		}
	}
	return tiles, problem{}
}

// selected returns what is wrong with the choice of the streams that are shown.
func (v Viewer) selected(shown map[string][]media.Appearance) problem {
	due := map[string]bool{}
	var missing []string
	for _, p := range v.phase.Picture.Places {
		id := v.Fixture(p.Stream)
		if due[id] = true; len(shown[id]) == 0 {
			missing = append(missing, id)
		}
	}
	if i := slices.IndexFunc(missing, v.hides); i >= 0 {
		return problem{kind: Placed, text: missing[i] + " has no place", fixture: missing[i]} // whoever has it
	}
	for id, all := range facts.InOrder(shown) {
		if due[id] {
			continue
		}
		kind, left := Chosen, v.leftOut(id)
		if len(missing) == 0 && left {
			kind = Placed
		}
		return problem{kind: kind, text: id + " is in the picture, " + Where(all[0].Rect), fixture: id}
	}
	places := v.phase.Picture.Places
	switch n := len(missing); {
	case n == 0:
		return problem{}
	case !v.phase.Picture.Grid && n < len(places) && v.Fixture(places[len(places)-n].Stream) == missing[0]:
		return problem{kind: Placed, text: missing[0] + " has no place", fixture: missing[0]} // nor have those behind it
	}
	return problem{kind: Absent, text: missing[0] + " is not in the picture", fixture: missing[0]}
}

// leftOut reports whether the fixture is of a stream of the phase for which the layout has no place.
func (v Viewer) leftOut(fixture string) bool {
	return slices.ContainsFunc(v.phase.Streams, func(s layout.Stream) bool { return v.Fixture(s.ID) == fixture })
}

// Absent notes that something cannot be shown because a fixture is not in the picture.
func (v Viewer) Absent(fixture, expected string) {
	i := slices.IndexFunc(v.x.Due, func(t content.Due) bool { return t.Fixture == fixture })
	if i < 0 {
		v.c.Blocked(expected, fixture+" is not in the picture", v.x.R)
		return
	}
	if slices.ContainsFunc(v.x.Due, func(t content.Due) bool { return t.Fixture == fixture && Outdated(v.c, v.x, t) }) {
		v.c.Follows("ARC-LAY-05", expected, fixture+" is not in the picture", v.records(fixture)...)
		return
	}
	v.c.Absent(v.x, v.x.Due[i], expected)
}
