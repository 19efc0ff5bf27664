package pictures

import (
	"math"

	"reelcheck/fixtures/mark"
)

// sighting is a mark that was found without knowing the layout.
type sighting struct {
	mark.Reading
	box    mark.Box
	turned string // how the picture is turned over, or ""
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

// find returns the readable marks, and the number of regions that look like a mark but cannot be read.
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
		if one, ok := read(f.y, coarse); ok {
			found = append(found, one)
		} else if one, ok := readTurned(f.y, coarse); ok {
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

// plausible reports whether the region has the shape of a mark, which is three times as wide as high. Stretched pictures
// and chroma of half resolution make that inexact.
func plausible(b mark.Box, area int) bool {
	return b.W >= 28 && b.H >= 8 && b.W > b.H && b.W < 8*b.H && float64(area) > 0.7*b.W*b.H
}

// surrounded reports whether there is one colour on all four sides, a little outside.
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

// read refines the coarse box and decodes it. It tries slightly different boxes where the edges are blurred.
func read(y mark.Plane, coarse mark.Box) (sighting, bool) {
	reach := math.Floor(min(max(coarse.W*0.05, 3), 20))
	box, ok := mark.Refine(y, coarse, reach)
	if !ok {
		return sighting{}, false
	}
	for _, d := range [...][4]float64{{}, {0, 0, 1, 0}, {0, 0, -1, 0}, {-1, 0, 1, 0}, {1, 0, -1, 0}, {0, 0, 0, 1}, {0, 0, 0, -1}, {0, -1, 0, 1}, {0, 1, 0, -1}} {
		b := mark.Box{X: box.X + d[0], Y: box.Y + d[1], W: box.W + d[2], H: box.H + d[3]}
		if r, ok := mark.Decode(y, b); ok {
			return sighting{Reading: r, box: b}, true
		}
	}
	return sighting{}, false
}

// readTurned decodes a mark that is mirrored or upside down.
func readTurned(y mark.Plane, coarse mark.Box) (sighting, bool) {
	for _, way := range []struct {
		name         string
		across, down bool
	}{{"mirrored", true, false}, {"upside down", true, true}, {"upside down and mirrored", false, true}} {
		if s, ok := read(turned(y, coarse, way.across, way.down)); ok {
			s.turned = way.name
			return s, true
		}
	}
	return sighting{}, false
}

// turned returns the surroundings of a box, turned over, and the box in them.
func turned(y mark.Plane, b mark.Box, across, down bool) (mark.Plane, mark.Box) {
	margin := max(int(b.H), 20)
	x0, y0 := max(int(b.X)-margin, 0), max(int(b.Y)-margin, 0)
	x1, y1 := min(int(b.X+b.W)+margin, y.W), min(int(b.Y+b.H)+margin, y.H)
	p := mark.Plane{Pix: make([]byte, (x1-x0)*(y1-y0)), Stride: x1 - x0, W: x1 - x0, H: y1 - y0}
	box := mark.Box{X: b.X - float64(x0), Y: b.Y - float64(y0), W: b.W, H: b.H}
	if across {
		box.X = float64(p.W) - box.X - box.W
	}
	if down {
		box.Y = float64(p.H) - box.Y - box.H
	}
	for row := range p.H {
		for col := range p.W {
			fromX, fromY := col, row
			if across {
				fromX = p.W - 1 - col
			}
			if down {
				fromY = p.H - 1 - row
			}
			p.Pix[row*p.Stride+col] = y.Pix[(y0+fromY)*y.Stride+x0+fromX]
		}
	}
	return p, box
}
