package phases

import (
	"fmt"
	"math"
	"slices"

	"reelcheck/conformance/layout"
	"reelcheck/conformance/media"
	"reelcheck/fixtures"
)

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
