// Package phases has checks of what a recording shows, and sounds like, in a phase: a stretch of time in which nothing
// changes.
package phases

import (
	"fmt"
	"math"
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

// problem is what is wrong with the picture at a moment. It is none if it has no kind.
type problem struct {
	kind    Kind
	text    string
	fixture string // of the stream, if it is about one
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
	for _, at := range v.moments() {
		p := v.look(at)
		if p.kind&about != 0 || p.kind != 0 && found.kind == 0 {
			found = p
			found.text = fmt.Sprintf("at %.1f s %s", at, p.text)
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
		c.Follows(v.broken(found.kind), expected, found.text, v.records(found.fixture)...)
		return
	}
	c.Want(found.kind == 0, expected, found.text, v.records(found.fixture)...)
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

// arranged returns what is wrong with the picture at a moment where the phase's places are known.
func (v Viewer) arranged(at float64) problem {
	shown := v.At(at)
	if p := v.selected(shown); p.kind != 0 {
		return p
	}
	var tiles []media.Rect
	for _, p := range v.phase.Picture.Places {
		id := v.Fixture(p.Stream)
		all := shown[id]
		if v.twice(all) {
			return problem{Placed, id + " is in the picture twice", id}
		}
		i := slices.IndexFunc(all, func(a media.Appearance) bool { return v.Stands(p, a.Rect, id) })
		switch {
		case i >= 0:
			tiles = append(tiles, all[i].Rect)
		case v.Distorts(all[0].Rect, id):
			return problem{Distorted, id + " is " + Where(all[0].Rect) + v.instead(all[0].Rect, id), id}
		default:
			kind, as := v.disobeyed(p, all[0].Rect, id)
			return problem{kind, id + " is " + Where(all[0].Rect) + as + v.instead(all[0].Rect, id), id}
		}
	}
	if v.phase.Picture.Grid {
		return v.grid(tiles)
	}
	return v.lined(tiles)
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
		return problem{Placed, missing[i] + " has no place", missing[i]} // whoever has it
	}
	for id, all := range facts.InOrder(shown) {
		if due[id] {
			continue
		}
		kind, left := Chosen, v.leftOut(id)
		if len(missing) == 0 && left {
			kind = Placed
		}
		return problem{kind, id + " is in the picture, " + Where(all[0].Rect), id}
	}
	places := v.phase.Picture.Places
	switch n := len(missing); {
	case n == 0:
		return problem{}
	case !v.phase.Picture.Grid && n < len(places) && v.Fixture(places[len(places)-n].Stream) == missing[0]:
		return problem{Placed, missing[0] + " has no place", missing[0]} // nor have those behind it
	}
	return problem{Absent, missing[0] + " is not in the picture", missing[0]}
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
	v.c.Absent(v.x, v.x.Due[i], expected)
}

// Distorts reports whether r has none of the aspects of the fixture, or leaves the picture.
func (v Viewer) Distorts(r media.Rect, fixture string) bool {
	allow := int(v.allow)
	if r.X < -allow || r.Y < -allow || r.X+r.Width > v.x.Picture.Width+allow || r.Y+r.Height > v.x.Picture.Height+allow {
		return true
	}
	return !slices.ContainsFunc(Shapes(v.c, fixture), func(s fixtures.Part) bool {
		most := v.allow + v.reach(float64(r.Width), s.Width, s.Mark.Width) + v.reach(float64(r.Height), s.Height, s.Mark.Height)*float64(s.Width)/float64(s.Height)
		return math.Abs(float64(r.Width)-float64(r.Height*s.Width)/float64(s.Height)) <= most*max(1, float64(s.Width)/float64(s.Height))
	})
}

// instead returns words for a picture that stands where another stream should, or "".
func (v Viewer) instead(r media.Rect, fixture string) string {
	for _, p := range v.phase.Picture.Places {
		other := v.Fixture(p.Stream)
		if other != fixture && !v.phase.Picture.Grid && !v.free(p) && v.Stands(p, r, fixture) {
			return ", in the place of " + other
		}
	}
	return ""
}

// free reports whether a place may lie anywhere within its edge.
func (v Viewer) free(p layout.Place) bool { return p.Shared() && !v.equal }

// lined returns what is wrong with the order of tiles that share an edge, which go from the top to the bottom, or from the left
// to the right.
func (v Viewer) lined(tiles []media.Rect) problem {
	last := -1
	for i, p := range v.phase.Picture.Places {
		if !v.free(p) {
			continue
		}
		if last >= 0 {
			a, b := tiles[last], tiles[i]
			behind := float64(b.Y-a.Y-a.Height) >= -v.allow
			if p.Edge.Width > p.Edge.Height {
				behind = float64(b.X-a.X-a.Width) >= -v.allow
			}
			if !behind {
				return problem{kind: Placed, text: fmt.Sprintf("%s does not stand behind %s", v.Fixture(p.Stream), v.Fixture(v.phase.Picture.Places[last].Stream))}
			}
		}
		last = i
	}
	return problem{}
}

// Stands reports whether a stream's picture is where its place puts one of the fixture's shapes. In a grid only the size
// counts, and along a shared edge only that it is whole.
func (v Viewer) Stands(p layout.Place, r media.Rect, fixture string) bool {
	return slices.ContainsFunc(v.grids(), func(grid Viewer) bool {
		if at, ok := grid.phase.Picture.Of(p.Stream); ok {
			p = at
		}
		return grid.stands(p, r, fixture)
	})
}

func (v Viewer) stands(p layout.Place, r media.Rect, fixture string) bool {
	return slices.ContainsFunc(Shapes(v.c, fixture), func(shape fixtures.Part) bool {
		if v.free(p) {
			whole := layout.Place{Rect: layout.Rect{Width: float64(r.Width), Height: float64(r.Height)}}.Stands(shape.Width, shape.Height)
			seen := layout.Rect{X: float64(r.X), Y: float64(r.Y), Width: float64(r.Width), Height: float64(r.Height)}
			return p.Edge.Holds(seen, v.allow) && math.Abs(whole.Width-seen.Width) <= v.allow && math.Abs(whole.Height-seen.Height) <= v.allow
		}
		want := p.Stands(shape.Width, shape.Height)
		near := func(a int, b, reach float64) bool { return math.Abs(float64(a)-b) <= v.allow+reach }
		dx, dy := v.reach(want.Width, shape.Width, shape.Mark.Width), v.reach(want.Height, shape.Height, shape.Mark.Height)
		size := near(r.Width, want.Width, dx) && near(r.Height, want.Height, dy)
		return size && (v.phase.Picture.Grid || near(r.X, want.X, dx) && near(r.Y, want.Y, dy))
	})
}

// reach returns the error, in pixels, of an edge that is computed from the mark and not seen. Where a picture is
// enlarged, the filter decides about half a source pixel on either side of the mark.
func (v Viewer) reach(shown float64, own, mark int) float64 {
	if shown <= float64(own) {
		return 0
	}
	return shown / float64(own) * v.c.Share("tolerance.mark-percent") * float64(own) / float64(mark)
}

// grid returns what is wrong with the places of tiles, which are given by priority.
func (v Viewer) grid(tiles []media.Rect) problem {
	cell := v.phase.Picture.Places[0].Rect
	w, h := float64(v.x.Picture.Width), float64(v.x.Picture.Height)
	full := math.Round(w/cell.Width*h/cell.Height) == float64(len(tiles))
	for i, t := range tiles {
		x, y := middle(t)
		if x < cell.Width/2-v.allow || y < cell.Height/2-v.allow || x > w-cell.Width/2+v.allow || y > h-cell.Height/2+v.allow {
			return problem{kind: Placed, text: fmt.Sprintf("tile %d leaves the picture", i+1)}
		}
		if full && (v.off(x, cell.Width) || v.off(y, cell.Height)) {
			return problem{kind: Placed, text: fmt.Sprintf("tile %d is not in the middle of its place", i+1)}
		}
		for j, o := range tiles[:i] {
			ox, oy := middle(o)
			sameRow := math.Abs(y-oy) <= v.allow
			switch {
			case !sameRow && math.Abs(y-oy) < cell.Height-v.allow:
				return problem{kind: Placed, text: fmt.Sprintf("tiles %d and %d are not in rows", j+1, i+1)}
			case sameRow && math.Abs(x-ox) < cell.Width-v.allow:
				return problem{kind: Placed, text: fmt.Sprintf("tiles %d and %d overlap", j+1, i+1)}
			case y < oy-v.allow || sameRow && x < ox:
				return problem{kind: Ordered, text: fmt.Sprintf("%s stands before %s", v.Fixture(v.phase.Picture.Places[i].Stream), v.Fixture(v.phase.Picture.Places[j].Stream))}
			}
		}
	}
	return problem{}
}

func Where(r media.Rect) string { return fmt.Sprintf("%dx%d at %d,%d", r.Width, r.Height, r.X, r.Y) }

func middle(r media.Rect) (x, y float64) {
	return float64(r.X) + float64(r.Width)/2, float64(r.Y) + float64(r.Height)/2
}

// off reports whether at is not the middle of one of the parts of a length.
func (v Viewer) off(at, part float64) bool {
	d := math.Mod(at, part) - part/2
	return math.Abs(d) > v.allow
}
