// Package picture decodes the video of streams and draws the pictures in their places.
package picture

import (
	"slices"

	"reelcheck/reference/internal/ffmpeg/decoding"
	"reelcheck/reference/internal/layout"
)

// Canvas is a composed picture, planar 4:2:0, limited range.
type Canvas struct {
	decoding.Raster
	Pix   []byte // the picture
	shown []placed
}

// placed is what a tile shows. The tile is drawn only when that changes.
type placed struct {
	tile layout.Tile
	pic  *Picture
}

// NewCanvas returns a canvas in the given memory. Its content is undefined until something is drawn.
func NewCanvas(width, height int, pix []byte) *Canvas {
	return &Canvas{Raster: decoding.Packed(width, height), Pix: pix}
}

// plane is the Y, U or V plane of a picture of the given size. U and V have half the width and height.
type plane struct {
	pix           []byte
	stride, shift int
}

func planesOf(l decoding.Raster, pix [3][]byte) [3]plane {
	return [3]plane{{pix[0], l.Strides[0], 0}, {pix[1], l.Strides[1], 1}, {pix[2], l.Strides[2], 1}}
}

func (c *Canvas) planes() [3]plane { return planesOf(c.Raster, c.Planes(c.Pix)) }

func (c *Canvas) whole() layout.Rect { return layout.Rect{W: c.Width, H: c.Height} }

func (p plane) row(r layout.Rect, y int) []byte {
	at := (r.Y>>p.shift+y)*p.stride + r.X>>p.shift
	return p.pix[at : at+r.W>>p.shift]
}

func (c *Canvas) black(r layout.Rect) {
	for i, p := range c.planes() {
		value := byte(16)
		if i > 0 {
			value = 128
		}
		first := p.row(r, 0)
		for x := range first {
			first[x] = value
		}
		for y := 1; y < r.H>>p.shift; y++ {
			copy(p.row(r, y), first)
		}
	}
}

// Draw updates the canvas: it shows pictures[i] in tiles[i]. Later tiles cover earlier ones. Where a picture is nil,
// what lies below the tile is seen.
func (c *Canvas) Draw(tiles []layout.Tile, pictures []*Picture) {
	anew := c.shown == nil || len(tiles) != len(c.shown)
	for i := 0; i < len(tiles) && !anew; i++ {
		old := c.shown[i]
		anew = tiles[i] != old.tile || old.pic != nil && (pictures[i] == nil || pictures[i].source != old.pic.source)
	}
	if anew {
		c.black(c.whole())
		c.shown = make([]placed, len(tiles))
	}
	var changed []layout.Rect
	for i, t := range tiles {
		old, pic := c.shown[i].pic, pictures[i]
		c.shown[i] = placed{t, pic}
		under := slices.ContainsFunc(changed, func(r layout.Rect) bool { return r.Intersect(t.Rect).W > 0 })
		if pic == nil || old == pic && !under {
			continue
		}
		c.put(pic, t)
		changed = append(changed, t.Rect)
	}
}

// put draws the visible part of a picture in a tile.
func (c *Canvas) put(pic *Picture, t layout.Tile) {
	r := t.Whole(pic.source[0], pic.source[1])
	seen := r.Intersect(t.Rect).Intersect(c.whole())
	whole := layout.Rect{W: pic.Width, H: pic.Height}
	part := layout.Rect{X: seen.X - r.X, Y: seen.Y - r.Y, W: seen.W, H: seen.H}
	to := c.planes()
	for i, from := range planesOf(pic.Raster, pic.Planes) {
		if pic.Width == r.W && pic.Height == r.H {
			for y := range seen.H >> from.shift {
				copy(to[i].row(seen, y), from.row(part, y))
			}
			continue
		}
		scale(to[i], r, seen, from, whole)
	}
}

// scale resamples a plane linearly to r and draws the visible part. It is needed between a change of a tile and the next
// key frame, when the decoder switches to the new size, and for pictures larger than [maxDecoded].
func scale(to plane, r, seen layout.Rect, from plane, whole layout.Rect) {
	w, h := r.W>>to.shift, r.H>>to.shift
	fw, fh := whole.W>>from.shift, whole.H>>from.shift
	left, above := (seen.X-r.X)>>to.shift, (seen.Y-r.Y)>>to.shift
	const one = 1 << 8
	for y := range seen.H >> to.shift {
		sy := max(0, ((2*(y+above)+1)*fh*one/h-one)/2)
		top, bottom := from.row(whole, min(sy/one, fh-1)), from.row(whole, min(sy/one+1, fh-1))
		row, fy := to.row(seen, y), sy%one
		for x := range seen.W >> to.shift {
			sx := max(0, ((2*(x+left)+1)*fw*one/w-one)/2)
			l, rt, fx := min(sx/one, fw-1), min(sx/one+1, fw-1), sx%one
			a := int(top[l])*(one-fx) + int(top[rt])*fx
			b := int(bottom[l])*(one-fx) + int(bottom[rt])*fx
			row[x] = byte((a*(one-fy) + b*fy + one*one/2) / (one * one))
		}
	}
}
