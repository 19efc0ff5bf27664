package pictures

import (
	"math"

	"reelcheck/conformance/media"
	"reelcheck/fixtures"
	"reelcheck/fixtures/mark"
)

// following is an appearance that goes on.
type following struct {
	video fixtures.Video
	part  int
	box   mark.Box
	app   media.Appearance
	lost  int // pictures since the mark was last read
	held  media.Freeze
	beats []beatSamples
	count int // unwrapped mark, counted from the first loop
	grid  []byte
	diffs []float64
	// Samples of the appearance, one in five pictures.
	tints, blacks, whites, marred []float64
}

func newFollowing(f *Frame, v fixtures.Video, s sighting) *following {
	part, _ := partOf(v, s.Frame)
	full := place(v.Parts[part], s.box)
	return &following{
		video: v, part: part, box: s.box,
		app: media.Appearance{Stream: v.Stream, ID: v.ID, Rect: round(full), Visible: visible(f, v, full, s.box), Confidence: 1},
	}
}

// look reads the mark where it was. false asks for a search.
func (o *following) look(f *Frame, from, to float64) bool {
	o.lost++
	r, ok := mark.Decode(f.y, o.box)
	if !ok || r.Stream != o.video.Stream {
		return false
	}
	if part, ok := partOf(o.video, r.Frame); !ok || part != o.part {
		return false
	}
	o.take(f, r, from, to)
	return true
}

// take counts one reading.
func (o *following) take(f *Frame, r mark.Reading, from, to float64) {
	a := &o.app
	if a.Frames == 0 {
		a.From, a.FirstMark, o.count = millis(from), r.Frame, r.Frame
		o.held = media.Freeze{Span: media.Span{From: from, To: to}, Mark: r.Frame}
	} else {
		a.Unread += max(o.lost-1, 0)
		o.step(r.Frame, from)
	}
	o.lost = 0
	a.Frames++
	a.To, a.LastMark = millis(to), r.Frame
	a.Confidence = math.Round(min(a.Confidence, r.Confidence)*100) / 100
	o.held.To = to
	o.beat(from)
	if a.Frames%5 == 1 {
		o.motion(f)
		o.likeness(f, r)
	}
}

// step goes on from the last mark to this one. Loops are forward: only a small step back
// counts as one.
func (o *following) step(frame int, from float64) {
	a, n := &o.app, o.video.Count
	d := ((frame-a.LastMark)%n + n) % n
	switch {
	case d == 0:
		a.Repeated++
		return
	case d > n*9/10:
		a.Backward++
		d -= n
	case d > 1:
		a.Missing += d - 1
		a.LongestGap = max(a.LongestGap, d-1)
	}
	o.count += d
	o.thaw()
	o.held = media.Freeze{Span: media.Span{From: from}, Mark: frame}
}

// thaw reports the held mark if it was held long.
func (o *following) thaw() {
	if h := o.held; h.To-h.From >= media.FreezeFrom-0.001 {
		h.From, h.To = millis(h.From), millis(h.To)
		o.app.Freezes = append(o.app.Freezes, h)
	}
}

// beatSamples are the times at which a whole second would have been shown, one per picture
// within half a second of it.
type beatSamples struct {
	second int
	times  []float64
}

func (o *following) beat(from float64) {
	if o.app.Repeated > 0 && o.held.To-o.held.From >= media.FreezeFrom {
		return // a frozen picture tells nothing about time
	}
	fps := o.video.FPS
	second := (o.count + fps/2) / fps
	if n := len(o.beats); n == 0 || o.beats[n-1].second != second {
		o.beats = append(o.beats, beatSamples{second: second})
	}
	b := &o.beats[len(o.beats)-1]
	b.times = append(b.times, from-float64(o.count-second*fps)/float64(fps))
}

// enoughForBeat is how many pictures must agree on a second.
const enoughForBeat = 6

const (
	motionW = 32
	motionH = 24
)

// likeness compares brightness and colour with the fixture's.
func (o *following) likeness(f *Frame, r mark.Reading) {
	u, v := int(o.video.Colour.U)-128, int(o.video.Colour.V)-128
	du, dv := rim(f, o.box)
	o.tints = append(o.tints, math.Hypot(float64(du-u), float64(dv-v)))
	o.blacks, o.whites = append(o.blacks, r.Black), append(o.whites, r.White)
	if !o.video.Flat {
		return
	}
	all, other := 0, 0
	o.raster(fuzzy, o.app.Rect, func(x, y int) {
		if x < 0 || y < 0 || x >= f.w || y >= f.h {
			return
		}
		all++
		if du, dv := f.chroma(x, y); square(du-u, dv-v) > sameColour {
			other++
		}
	})
	if all > 0 {
		o.marred = append(o.marred, float64(other)/float64(all))
	}
}

// raster visits points of a rectangle beside the mark and its rim, away from the rectangle's edges.
func (o *following) raster(edge int, r media.Rect, visit func(x, y int)) {
	r = media.Rect{X: r.X + edge, Y: r.Y + edge, Width: r.Width - 2*edge, Height: r.Height - 2*edge}
	label := mark.Box{X: o.box.X - o.box.W*0.1, Y: o.box.Y - o.box.H*0.3, W: o.box.W * 1.2, H: o.box.H * 1.6}
	for i := range motionW * motionH {
		x, y := r.X+(2*(i%motionW)+1)*r.Width/(2*motionW), r.Y+(2*(i/motionW)+1)*r.Height/(2*motionH)
		fx, fy := float64(x), float64(y)
		if fx >= label.X && fy >= label.Y && fx < label.X+label.W && fy < label.Y+label.H {
			continue
		}
		visit(x, y)
	}
}

// motion compares luma samples outside the mark and its rim with those of five pictures ago.
func (o *following) motion(f *Frame) {
	var grid []byte
	o.raster(0, o.app.Visible, func(x, y int) {
		grid = append(grid, f.y.Pix[min(max(y, 0), f.h-1)*f.w+min(max(x, 0), f.w-1)])
	})
	if len(grid) == len(o.grid) && len(grid) > 0 {
		sum := 0
		for i := range grid {
			sum += max(int(grid[i])-int(o.grid[i]), int(o.grid[i])-int(grid[i]))
		}
		o.diffs = append(o.diffs, float64(sum)/float64(len(grid)))
	}
	o.grid = grid
}

func (o *following) finish() media.Appearance {
	o.thaw()
	a := o.app
	for _, b := range o.beats {
		if len(b.times) < enoughForBeat {
			continue
		}
		at := millis(media.Median(b.times))
		if at >= a.From-0.05 && at <= a.To+0.05 {
			a.Beats = append(a.Beats, media.Beat{At: at, First: b.second*o.video.FPS%o.video.Count == 0})
		}
	}
	for _, d := range o.diffs {
		a.Motion += d / float64(len(o.diffs))
	}
	a.Motion = math.Round(a.Motion*100) / 100
	a.Tint, a.Black, a.White = math.Round(media.Median(o.tints)), math.Round(media.Median(o.blacks)), math.Round(media.Median(o.whites))
	a.Marred = math.Round(media.Median(o.marred)*1000) / 1000
	return a
}
