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

// Pictured checks what a phase shows, from its start to its end. With order it also checks which stream comes first in a
// grid.
func Pictured(c *check.Case, x content.Recording, a expect.Phase, order bool) {
	pictured(c, Look(c, x, a), order)
}

// Shared checks where a phase shows streams in places that are concluded: in equal parts of an edge, in a grid of four by four.
func Shared(c *check.Case, x content.Recording, a expect.Phase) {
	v := Look(c, x, a)
	v.equal = true
	pictured(c, v, true)
}

func pictured(c *check.Case, v Viewer, order bool) {
	x, a := v.x, v.phase
	problem := ""
	for _, at := range v.moments() {
		if problem = v.look(at, order); problem != "" {
			problem = fmt.Sprintf("at %.1f s %s", at, problem)
			break
		}
	}
	if c.Excused(problem == "", c.Limit("tolerance.layout-change"), x.Due...) {
		return
	}
	c.Want(problem == "", fmt.Sprintf("%s from %.1f to %.1f s: %s", named(a), a.From, a.To, v.expected()), problem, x.R)
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

// look returns what is wrong with the picture at a moment, or "". A grid whose size is not published may have any.
func (v Viewer) look(at float64, order bool) (problem string) {
	for i, grid := range v.grids() {
		wrong := grid.arranged(at, order)
		if wrong == "" {
			return ""
		}
		if i == 0 {
			problem = wrong
		}
	}
	return problem
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

// arranged returns what is wrong with the picture at a moment where the phase's places are known, or "".
func (v Viewer) arranged(at float64, order bool) string {
	shown := v.At(at)
	var tiles []media.Rect
	for _, p := range v.phase.Picture.Places {
		id := v.Fixture(p.Stream)
		all := shown[id]
		if len(all) == 0 {
			return id + " is not in the picture"
		}
		if v.twice(all) {
			return id + " is in the picture twice"
		}
		i := slices.IndexFunc(all, func(a media.Appearance) bool { return v.Stands(p, a.Rect, id) })
		if i < 0 {
			return id + " is " + Where(all[0].Rect)
		}
		tiles = append(tiles, all[i].Rect)
		delete(shown, id)
	}
	for id, all := range facts.InOrder(shown) {
		return id + " is in the picture, " + Where(all[0].Rect)
	}
	if v.phase.Picture.Grid {
		return v.grid(tiles, order)
	}
	return v.lined(tiles)
}

// free reports whether a place may lie anywhere within its edge.
func (v Viewer) free(p layout.Place) bool { return p.Shared() && !v.equal }

// lined returns what is wrong with the order of tiles that share an edge, which go from the top to the bottom, or from the left
// to the right.
func (v Viewer) lined(tiles []media.Rect) string {
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
				return fmt.Sprintf("%s does not stand behind %s", v.Fixture(p.Stream), v.Fixture(v.phase.Picture.Places[last].Stream))
			}
		}
		last = i
	}
	return ""
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
func (v Viewer) grid(tiles []media.Rect, order bool) string {
	cell := v.phase.Picture.Places[0].Rect
	w, h := float64(v.x.Picture.Width), float64(v.x.Picture.Height)
	full := math.Round(w/cell.Width*h/cell.Height) == float64(len(tiles))
	for i, t := range tiles {
		x, y := middle(t)
		if x < cell.Width/2-v.allow || y < cell.Height/2-v.allow || x > w-cell.Width/2+v.allow || y > h-cell.Height/2+v.allow {
			return fmt.Sprintf("tile %d leaves the picture", i+1)
		}
		if full && (v.off(x, cell.Width) || v.off(y, cell.Height)) {
			return fmt.Sprintf("tile %d is not in the middle of its place", i+1)
		}
		for j, o := range tiles[:i] {
			ox, oy := middle(o)
			sameRow := math.Abs(y-oy) <= v.allow
			switch {
			case !sameRow && math.Abs(y-oy) < cell.Height-v.allow:
				return fmt.Sprintf("tiles %d and %d are not in rows", j+1, i+1)
			case sameRow && math.Abs(x-ox) < cell.Width-v.allow:
				return fmt.Sprintf("tiles %d and %d overlap", j+1, i+1)
			case order && (y < oy-v.allow || sameRow && x < ox):
				return fmt.Sprintf("%s stands before %s", v.Fixture(v.phase.Picture.Places[i].Stream), v.Fixture(v.phase.Picture.Places[j].Stream))
			}
		}
	}
	return ""
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
