package pictures

import (
	"math"

	"reelcheck/fixtures/mark"
)

// sighting is a mark found without knowledge of the layout.
type sighting struct {
	mark.Reading
	box mark.Box
}

// finder looks for marks: colourless regions of about a mark's shape inside a flat colour.
type finder struct {
	w, h  int // of the chroma planes
	class []byte
	stack []int32
}

func newFinder(w, h int) *finder {
	return &finder{w: w / 2, h: h / 2, class: make([]byte, (w/2)*(h/2))}
}

const (
	coloured = iota
	colourless
	visited
)

// find gives the readable marks and how many regions look like a mark but cannot be read.
func (s *finder) find(f *Frame) (found []sighting, unread int) {
	for i := range s.class {
		s.class[i] = coloured
		if square(int(f.u[i])-128, int(f.v[i])-128) < neutralWithin {
			s.class[i] = colourless
		}
	}
	for i := range s.class {
		if s.class[i] != colourless {
			continue
		}
		x0, y0, x1, y1, area := s.region(int32(i))
		coarse := mark.Box{X: float64(2 * x0), Y: float64(2 * y0), W: float64(2 * (x1 - x0 + 1)), H: float64(2 * (y1 - y0 + 1))}
		if !plausible(coarse, area*4) || !surrounded(f, coarse) {
			continue
		}
		if one, ok := read(f, coarse); ok {
			found = append(found, one)
		} else {
			unread++
		}
	}
	return found, unread
}

// region visits the connected colourless region around start.
func (s *finder) region(start int32) (x0, y0, x1, y1, area int) {
	x0, y0 = s.w, s.h
	s.class[start] = visited
	s.stack = append(s.stack[:0], start)
	for len(s.stack) > 0 {
		i := int(s.stack[len(s.stack)-1])
		s.stack = s.stack[:len(s.stack)-1]
		x, y := i%s.w, i/s.w
		x0, x1, y0, y1 = min(x0, x), max(x1, x), min(y0, y), max(y1, y)
		area++
		if x > 0 {
			s.visit(i - 1)
		}
		if x+1 < s.w {
			s.visit(i + 1)
		}
		if y > 0 {
			s.visit(i - s.w)
		}
		if y+1 < s.h {
			s.visit(i + s.w)
		}
	}
	return x0, y0, x1, y1, area
}

func (s *finder) visit(i int) {
	if s.class[i] == colourless {
		s.class[i] = visited
		s.stack = append(s.stack, int32(i))
	}
}

// plausible: a mark is three times as wide as high; stretched pictures and chroma of half
// resolution make that inexact.
func plausible(b mark.Box, area int) bool {
	return b.W >= 28 && b.H >= 8 && b.W > b.H && b.W < 8*b.H && float64(area) > 0.7*b.W*b.H
}

// surrounded tells whether on all four sides, a little outside, there is one colour.
func surrounded(f *Frame, b mark.Box) bool {
	dx, dy := max(b.W*0.04, 3), max(b.H*0.12, 3)
	points := [4][2]float64{{b.X - dx, b.Y + b.H/2}, {b.X + b.W + dx, b.Y + b.H/2}, {b.X + b.W/2, b.Y - dy}, {b.X + b.W/2, b.Y + b.H + dy}}
	u0, v0 := f.chroma(int(points[0][0]), int(points[0][1]))
	for _, p := range points {
		if p[0] < 0 || p[1] < 0 || p[0] >= float64(f.w) || p[1] >= float64(f.h) {
			return false
		}
		u, v := f.chroma(int(p[0]), int(p[1]))
		if square(u, v) < neutralWithin/2 || square(u-u0, v-v0) > sameColour {
			return false
		}
	}
	return true
}

// read refines the coarse box and decodes it, with a little play where the edges are blurred.
func read(f *Frame, coarse mark.Box) (sighting, bool) {
	reach := math.Floor(min(max(coarse.W*0.05, 3), 20))
	box, ok := mark.Refine(f.y, coarse, reach)
	if !ok {
		return sighting{}, false
	}
	for _, d := range [...][4]float64{{}, {0, 0, 1, 0}, {0, 0, -1, 0}, {-1, 0, 1, 0}, {1, 0, -1, 0}, {0, 0, 0, 1}, {0, 0, 0, -1}, {0, -1, 0, 1}, {0, 1, 0, -1}} {
		b := mark.Box{X: box.X + d[0], Y: box.Y + d[1], W: box.W + d[2], H: box.H + d[3]}
		if r, ok := mark.Decode(f.y, b); ok {
			return sighting{Reading: r, box: b}, true
		}
	}
	return sighting{}, false
}
