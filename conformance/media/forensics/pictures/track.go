// Package pictures recognises the fixtures in decoded pictures: which stream is where and when, and which of its frames.
package pictures

import (
	"cmp"
	"math"
	"slices"

	"reelcheck/conformance/media"
	"reelcheck/fixtures"
	"reelcheck/fixtures/mark"
)

// Tracker follows marks through the pictures of one file.
type Tracker struct {
	videos  map[int]fixtures.Video // by stream number
	Unknown map[int]bool
	finder  *finder
	open    []*following
	picture media.Picture
	last    *signature // at the latest search
	since   int        // pictures since then
	dark    *media.Span
	stray   *media.Stray
}

func NewTracker(m fixtures.Manifest, w, h int) *Tracker {
	t := &Tracker{videos: map[int]fixtures.Video{}, Unknown: map[int]bool{}, finder: newFinder(w, h), picture: media.Picture{Width: w, Height: h}}
	for _, v := range m.Videos {
		t.videos[v.Stream] = v
	}
	return t
}

const (
	searchEvery = 15 // in pictures, if nothing else calls for a search
	// patience is the number of pictures for which a mark may be unreadable before its stream counts as gone.
	patience = 5
	// strayEvery is the number of pictures from one look at the rest of the picture to the next.
	strayEvery = 5
)

// Frame handles the next picture, which is shown between from and to, in seconds.
func (t *Tracker) Frame(f *Frame, from, to float64) {
	t.picture.Frames++
	t.blackness(f, from, to)
	search := t.since >= searchEvery || t.last == nil
	for _, o := range t.open {
		if !o.look(f, from, to) {
			search = true
		}
	}
	sig := f.signature()
	if t.last == nil || sig.differs(t.last) {
		search = true
	}
	if t.since++; search {
		t.since, t.last = 0, sig
		t.search(f, from, to)
	}
	t.open = slices.DeleteFunc(t.open, func(o *following) bool {
		if o.lost > patience {
			t.close(o)
			return true
		}
		return false
	})
	if t.picture.Frames%strayEvery == 1 {
		t.strays(f, from, to)
	}
}

// search looks for marks everywhere. Followed ones may have moved, and others may be new.
func (t *Tracker) search(f *Frame, from, to float64) {
	found, unread := t.finder.find(f)
	if unread > 0 {
		t.picture.Unread++
	}
	for _, s := range found {
		v, known := t.videos[s.Stream]
		if !known || s.Frame >= v.Count {
			t.Unknown[s.Stream] = true
			continue
		}
		if s.turned != "" {
			t.turned(v, s.turned, from, to)
			continue
		}
		if o := t.following(v, s); o != nil {
			if o.lost > 0 {
				o.box = s.box
				o.take(f, s.Reading, from, to)
			}
			continue
		}
		o := newFollowing(f, v, s)
		o.take(f, s.Reading, from, to)
		t.open = append(t.open, o)
	}
}

// turned notes a stream that is turned over. Searches are seldom, so that the stretches between them count too.
func (t *Tracker) turned(v fixtures.Video, how string, from, to float64) {
	for i := range t.picture.Turned {
		if s := &t.picture.Turned[i]; s.ID == v.ID && s.How == how && from-s.To < 1 {
			s.To = millis(to)
			return
		}
	}
	t.picture.Turned = append(t.picture.Turned, media.Turned{Span: media.Span{From: millis(from), To: millis(to)}, ID: v.ID, How: how})
}

// following returns the follower of the sighted mark, or nil.
func (t *Tracker) following(v fixtures.Video, s sighting) *following {
	for _, o := range t.open {
		p, ok := partOf(v, s.Frame)
		if o.video.Stream == s.Stream && ok && o.part == p && closeBoxes(o.box, s.box) {
			return o
		}
	}
	return nil
}

func closeBoxes(a, b mark.Box) bool {
	tolerance := max(3, a.W*0.03)
	near := func(p, q float64) bool { return math.Abs(p-q) <= tolerance }
	return near(a.X, b.X) && near(a.Y, b.Y) && near(a.X+a.W, b.X+b.W) && near(a.Y+a.H, b.Y+b.H)
}

func (t *Tracker) blackness(f *Frame, from, to float64) {
	switch black := f.black(); {
	case black && t.dark == nil:
		t.dark = &media.Span{From: millis(from), To: millis(to)}
	case black:
		t.dark.To = millis(to)
	case t.dark != nil:
		t.picture.Black = append(t.picture.Black, *t.dark)
		t.dark = nil
	}
}

// strays looks for what is not black beside the followed streams. It does nothing while a mark is lost, because the
// place of its stream is then unknown.
func (t *Tracker) strays(f *Frame, from, to float64) {
	if slices.ContainsFunc(t.open, func(o *following) bool { return o.lost > 0 }) {
		return
	}
	streams := make([]media.Rect, len(t.open))
	for i, o := range t.open {
		streams[i] = o.app.Rect
	}
	r, ok := f.beside(streams)
	switch {
	case !ok && t.stray != nil:
		t.picture.Stray = append(t.picture.Stray, *t.stray)
		t.stray = nil
	case ok && t.stray == nil:
		t.stray = &media.Stray{Span: media.Span{From: millis(from), To: millis(to)}, Rect: r}
	case ok:
		t.stray.To, t.stray.Rect = millis(to), t.stray.Rect.Around(r)
	}
}

func (t *Tracker) close(o *following) {
	t.picture.Appearances = append(t.picture.Appearances, o.finish())
}

func (t *Tracker) Finish() *media.Picture {
	for _, o := range t.open {
		t.close(o)
	}
	if t.dark != nil {
		t.picture.Black = append(t.picture.Black, *t.dark)
	}
	if t.stray != nil {
		t.picture.Stray = append(t.picture.Stray, *t.stray)
	}
	slices.SortStableFunc(t.picture.Appearances, func(a, b media.Appearance) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Rect.Y, b.Rect.Y), cmp.Compare(a.Rect.X, b.Rect.X))
	})
	return &t.picture
}

func partOf(v fixtures.Video, frame int) (int, bool) {
	for i, p := range v.Parts {
		if frame >= p.From && frame < p.To {
			return i, true
		}
	}
	return 0, false
}

// place computes the box of the whole picture from the box of its mark.
func place(p fixtures.Part, box mark.Box) mark.Box {
	sx, sy := box.W/float64(p.Mark.Width), box.H/float64(p.Mark.Height)
	return mark.Box{X: box.X - float64(p.Mark.X)*sx, Y: box.Y - float64(p.Mark.Y)*sy, W: float64(p.Width) * sx, H: float64(p.Height) * sy}
}

func round(b mark.Box) media.Rect {
	x, y := math.Round(b.X), math.Round(b.Y)
	return media.Rect{X: int(x), Y: int(y), Width: int(math.Round(b.X+b.W) - x), Height: int(math.Round(b.Y+b.H) - y)}
}

// visible returns the part of the picture that is seen: it cuts the picture where its colour ends, at the rim of the
// output or where it is cropped or covered. It looks along the two lines through the middle of the mark.
func visible(f *Frame, v fixtures.Video, full, box mark.Box) media.Rect {
	r := round(full)
	x0, y0 := max(r.X, 0), max(r.Y, 0)
	x1, y1 := min(r.X+r.Width, f.w), min(r.Y+r.Height, f.h)
	if v.Flat {
		cx, cy := int(box.X+box.W/2), int(box.Y+box.H/2)
		u, w := rim(f, box)
		colour := func(x, y int) bool {
			du, dv := f.chroma(x, y)
			return square(du-u, dv-w) < sameColour
		}
		x0 = snap(x0, int(box.X)-4, -1, func(x int) bool { return colour(x, cy) })
		x1 = snap(x1, int(box.X+box.W)+4, 1, func(x int) bool { return colour(x, cy) })
		y0 = snap(y0, int(box.Y)-4, -1, func(y int) bool { return colour(cx, y) })
		y1 = snap(y1, int(box.Y+box.H)+4, 1, func(y int) bool { return colour(cx, y) })
	}
	return media.Rect{X: x0, Y: y0, Width: x1 - x0, Height: y1 - y0}
}

// rim returns the chroma of the flat rim left of the mark.
func rim(f *Frame, box mark.Box) (du, dv int) {
	return f.chroma(int(box.X-max(box.W*0.04, 3)), int(box.Y+box.H/2))
}

// snap walks outwards from the mark to the expected edge. It returns the edge, or the place where the colour ends if
// that is clearly before it. Chroma has half resolution and is blurred.
func snap(edge, from, step int, colour func(int) bool) int {
	const play = 6
	for at := from; (edge-at)*step > 0; at += step {
		if !colour(at) && !colour(at+2*step) {
			if (edge-at)*step > play {
				return at
			}
			return edge
		}
	}
	return edge
}

// millis rounds seconds to tenths of a millisecond.
func millis(s float64) float64 { return math.Round(s*1e4) / 1e4 }
