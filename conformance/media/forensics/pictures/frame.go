package pictures

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"reelcheck/conformance/media"
	"reelcheck/fixtures/mark"
)

// Frame is a planar 4:2:0 picture in video range.
type Frame struct {
	w, h int
	Pix  []byte // y, then u, then v
	y    mark.Plane
	u, v []byte
}

func NewFrame(w, h int) *Frame {
	f := &Frame{w: w, h: h, Pix: make([]byte, w*h*3/2)}
	f.y = mark.Plane{Pix: f.Pix[:w*h], Stride: w, W: w, H: h}
	f.u, f.v = f.Pix[w*h:w*h*5/4], f.Pix[w*h*5/4:]
	return f
}

// chroma gives both colour components at a luma position, relative to neutral.
func (f *Frame) chroma(x, y int) (du, dv int) {
	i := min(max(y, 0), f.h-1)/2*(f.w/2) + min(max(x, 0), f.w-1)/2
	return int(f.u[i]) - 128, int(f.v[i]) - 128
}

func (f *Frame) PNG() ([]byte, error) {
	img := image.NewNRGBA(image.Rect(0, 0, f.w, f.h))
	level := func(v float64) uint8 { return uint8(min(max(v+0.5, 0), 255)) }
	for y := range f.h {
		for x := range f.w {
			// BT.601, video range.
			l := 1.164 * (float64(f.y.Pix[y*f.w+x]) - 16)
			du, dv := f.chroma(x, y)
			u, v := float64(du), float64(dv)
			img.SetNRGBA(x, y, color.NRGBA{R: level(l + 1.596*v), G: level(l - 0.813*v - 0.391*u), B: level(l + 2.018*u), A: 255})
		}
	}
	var b bytes.Buffer
	fast := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := fast.Encode(&b, img); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Distances below are squared, in chroma levels. Fixture colours are 46 from neutral.
const (
	neutralWithin = 22 * 22
	sameColour    = 24 * 24
)

func square(du, dv int) int { return du*du + dv*dv }

// signature samples chroma over the picture; a change in many places means that the layout or
// the content changed.
type signature [signatureW * signatureH][2]int

const (
	signatureW = 48
	signatureH = 36
)

func (f *Frame) signature() *signature {
	var s signature
	for i := range s {
		x, y := (2*(i%signatureW)+1)*f.w/(2*signatureW), (2*(i/signatureW)+1)*f.h/(2*signatureH)
		s[i][0], s[i][1] = f.chroma(x, y)
	}
	return &s
}

// differs tells whether enough samples changed for the smallest tile worth looking for.
func (s *signature) differs(t *signature) bool {
	n := 0
	for i := range s {
		if square(s[i][0]-t[i][0], s[i][1]-t[i][1]) > sameColour {
			n++
		}
	}
	return n >= 4
}

const (
	// brightest is what a compressed black may be in places, dim what it is in most.
	brightest = 40
	dim       = 24
	// fuzzy is how far, in pixels, the edge of a stream may be from where it was reckoned, and blur; of a large one, more.
	fuzzy = 6
	// speck is how many samples make something; less may be a blocked edge.
	speck = 4
)

// beside finds what is not black outside of the streams: the rectangle around it, and whether there is anything.
// A black that is grey throughout is none.
func (f *Frame) beside(streams []media.Rect) (around media.Rect, found bool) {
	var bright, grey region
	n := 0
	f.raster(func(x, y int) {
		for _, r := range streams {
			off := max(fuzzy, max(r.Width, r.Height)/50)
			if x >= r.X-off && y >= r.Y-off && x < r.X+r.Width+off && y < r.Y+r.Height+off {
				return
			}
		}
		n++
		luma := f.y.Pix[y*f.w+x]
		if du, dv := f.chroma(x, y); luma > brightest || square(du, dv) >= neutralWithin {
			bright.add(x, y)
		}
		if luma > dim {
			grey.add(x, y)
		}
	})
	if grey.points >= speck && 2*grey.points > n {
		return grey.around, true
	}
	return bright.around, bright.points >= speck
}

// black tells whether the whole picture is: of a grid of luma samples none is brighter than a compressed black may be in
// places, and most are not brighter than it is.
func (f *Frame) black() bool {
	n, grey, bright := 0, 0, 0
	f.raster(func(x, y int) {
		n++
		switch luma := f.y.Pix[y*f.w+x]; {
		case luma > brightest:
			bright++
		case luma > dim:
			grey++
		}
	})
	return bright == 0 && 2*grey <= n
}

// raster visits 64 x 48 points, or some more.
func (f *Frame) raster(visit func(x, y int)) {
	for y := f.h / 96; y < f.h; y += max(f.h/48, 1) {
		for x := f.w / 128; x < f.w; x += max(f.w/64, 1) {
			visit(x, y)
		}
	}
}

// region counts points and what is around them.
type region struct {
	points int
	around media.Rect
}

func (g *region) add(x, y int) {
	at := media.Rect{X: x, Y: y, Width: 1, Height: 1}
	if g.points++; g.points == 1 {
		g.around = at
	}
	g.around = g.around.Around(at)
}
