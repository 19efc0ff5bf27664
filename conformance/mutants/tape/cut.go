package tape

import (
	"slices"

	"reelcheck/conformance/media"
	"reelcheck/fixtures"
)

// Cut removes a stretch of a file. What follows comes earlier.
func Cut(from, to float64) func(*media.Report) {
	m, err := fixtures.Load()
	if err != nil {
		panic("mutants: internal error: " + err.Error())
	}
	c := cut{from, to}
	return func(r *media.Report) {
		r.Duration = c.time(r.Duration)
		if r.Picture != nil {
			r.Picture.Black = c.spans(r.Picture.Black)
			r.Picture.Appearances = slices.DeleteFunc(r.Picture.Appearances, func(a media.Appearance) bool { return c.whole(a.From, a.To) })
			for i := range r.Picture.Appearances {
				if v, err := m.Video(r.Picture.Appearances[i].ID); err == nil {
					c.appearance(&r.Picture.Appearances[i], v)
				}
			}
		}
		if r.Sound != nil {
			r.Sound.Tones = slices.DeleteFunc(r.Sound.Tones, func(t media.ToneSpan) bool { return c.whole(t.From, t.To) })
			for i := range r.Sound.Tones {
				t := &r.Sound.Tones[i]
				t.From, t.To, t.Beats, t.Breaks = c.time(t.From), c.time(t.To), c.beats(t.Beats), c.spans(t.Breaks)
			}
		}
	}
}

// CutEnds removes the first and the last seconds of a file.
func CutEnds(first, last float64) func(*media.Report) {
	return func(r *media.Report) {
		Cut(r.Duration-last, r.Duration)(r)
		Cut(0, first)(r)
	}
}

type cut struct{ from, to float64 }

// time returns what becomes of a time of the file.
func (c cut) time(at float64) float64 { return at - max(0, min(at, c.to)-c.from) }

// whole reports whether nothing is left of a stretch.
func (c cut) whole(from, to float64) bool { return from >= c.from && to <= c.to }

func (c cut) spans(all []media.Span) []media.Span {
	var out []media.Span
	for _, s := range all {
		if !c.whole(s.From, s.To) {
			out = append(out, media.Span{From: c.time(s.From), To: c.time(s.To)})
		}
	}
	return out
}

func (c cut) beats(all []media.Beat) []media.Beat {
	var out []media.Beat
	for _, b := range all {
		if b.At < c.from || b.At > c.to {
			b.At = c.time(b.At)
			out = append(out, b)
		}
	}
	return out
}

func (c cut) appearance(a *media.Appearance, v fixtures.Video) {
	marks := func(seconds float64) int { return int(seconds * float64(v.FPS)) }
	switch {
	case a.From < c.from && a.To > c.to:
		a.LongestGap = max(a.LongestGap, marks(c.to-c.from))
	case a.From >= c.from && a.From < c.to:
		a.FirstMark = (a.FirstMark + marks(c.to-a.From)) % v.Count
	case a.To > c.from && a.To <= c.to:
		a.LastMark = (a.LastMark - marks(a.To-c.from) + v.Count) % v.Count
	}
	left := c.time(a.To) - c.time(a.From)
	share := left / (a.To - a.From)
	a.Frames, a.Repeated = int(float64(a.Frames)*share), int(float64(a.Repeated)*share)
	for i := range a.Freezes {
		f := &a.Freezes[i].Span
		f.From, f.To = c.time(f.From), c.time(f.To)
	}
	a.From, a.To, a.Beats = c.time(a.From), c.time(a.To), c.beats(a.Beats)
}
