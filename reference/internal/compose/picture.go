package compose

import (
	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/vp9"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/layout"
)

// size reads the size of a key frame from its bitstream.
func size(s av.Sample) (width, height int, ok bool) {
	if !s.Key {
		return 0, 0, false
	}
	switch s.Codec {
	case av.VP8:
		return av.VP8Key(s.Data)
	case av.VP9:
		h, err := vp9.ParseFrameHeader(s.Data)
		if err != nil || !h.KeyFrame {
			return 0, 0, false
		}
		return int(h.Width), int(h.Height), true
	case av.H264:
		for nal := range av.NALs(s.Data) {
			if av.NALTypeOf(nal) != av.NALSPS {
				continue
			}
			sps, err := avc.ParseSPSNALUnit(nal, false)
			return spsSize(sps, err)
		}
	case av.Opus:
	}
	return 0, 0, false
}

func spsSize(sps *avc.SPS, err error) (width, height int, ok bool) {
	const limit = 16384
	if err != nil || sps.Width == 0 || sps.Height == 0 || sps.Width > limit || sps.Height > limit {
		return 0, 0, false
	}
	return int(sps.Width), int(sps.Height), true
}

// canvas is a composed picture, planar 4:2:0, limited range.
type canvas struct {
	width, height int
	pix           []byte
	shown         []placed
}

// placed remembers what a tile shows, so that it is drawn only when that changes.
type placed struct {
	tile layout.Tile
	pic  *picture
}

func newCanvas(width, height int) *canvas {
	c := &canvas{width: width, height: height, pix: make([]byte, width*height*3/2)}
	c.black(layout.Rect{W: width, H: height})
	return c
}

// plane is one of Y, U, V of a picture of the given size; for U and V a rectangle's numbers are halved.
type plane struct {
	pix           []byte
	stride, shift int
}

func planes(pix []byte, width, height int) [3]plane {
	y, c := width*height, width*height/4
	return [3]plane{{pix[:y], width, 0}, {pix[y : y+c], width / 2, 1}, {pix[y+c : y+2*c], width / 2, 1}}
}

func (p plane) row(r layout.Rect, y int) []byte {
	at := (r.Y>>p.shift+y)*p.stride + r.X>>p.shift
	return p.pix[at : at+r.W>>p.shift]
}

func (c *canvas) black(r layout.Rect) {
	for i, p := range planes(c.pix, c.width, c.height) {
		value := byte(16)
		if i > 0 {
			value = 128
		}
		for y := range r.H >> p.shift {
			row := p.row(r, y)
			for x := range row {
				row[x] = value
			}
		}
	}
}

// draw brings the canvas up to date: pictures[i], or nothing, in tiles[i].
func (c *canvas) draw(tiles []layout.Tile, pictures []*picture) {
	same := len(tiles) == len(c.shown)
	for i := range tiles {
		same = same && tiles[i] == c.shown[i].tile
	}
	if !same {
		c.black(layout.Rect{W: c.width, H: c.height})
		c.shown = make([]placed, len(tiles))
	}
	for i, t := range tiles {
		old, pic := c.shown[i].pic, pictures[i]
		c.shown[i] = placed{t, pic}
		if old == pic {
			continue
		}
		if old != nil && (pic == nil || old.source != pic.source) {
			c.black(t.Rect)
		}
		if pic != nil {
			c.put(pic, layout.Contain(pic.source[0], pic.source[1], t.Rect))
		}
	}
}

func (c *canvas) put(pic *picture, r layout.Rect) {
	to := planes(c.pix, c.width, c.height)
	whole := layout.Rect{W: pic.width, H: pic.height}
	for i, from := range planes(pic.pix, pic.width, pic.height) {
		if pic.width == r.W && pic.height == r.H {
			for y := range r.H >> from.shift {
				copy(to[i].row(r, y), from.row(whole, y))
			}
			continue
		}
		scale(to[i], r, from, whole)
	}
}

// scale resamples a plane linearly. It only bridges the time between a change of a tile and the next key frame, when the
// decoder begins to deliver the new size.
func scale(to plane, r layout.Rect, from plane, whole layout.Rect) {
	w, h := r.W>>to.shift, r.H>>to.shift
	fw, fh := whole.W>>from.shift, whole.H>>from.shift
	const one = 1 << 8
	for y := range h {
		sy := max(0, ((2*y+1)*fh*one/h-one)/2)
		top, bottom := from.row(whole, min(sy/one, fh-1)), from.row(whole, min(sy/one+1, fh-1))
		row, fy := to.row(r, y), sy%one
		for x := range w {
			sx := max(0, ((2*x+1)*fw*one/w-one)/2)
			l, rt, fx := min(sx/one, fw-1), min(sx/one+1, fw-1), sx%one
			a := int(top[l])*(one-fx) + int(top[rt])*fx
			b := int(bottom[l])*(one-fx) + int(bottom[rt])*fx
			row[x] = byte((a*(one-fy) + b*fy + one*one/2) / (one * one))
		}
	}
}
