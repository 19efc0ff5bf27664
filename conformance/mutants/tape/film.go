package tape

import (
	"slices"

	"reelcheck/conformance/media"
)

// Without removes a fixture from a file.
func Without(id string) func(*media.Report) {
	return func(r *media.Report) {
		if r.Picture != nil {
			r.Picture.Appearances = slices.DeleteFunc(r.Picture.Appearances, func(a media.Appearance) bool { return a.ID == id })
		}
		if r.Sound != nil {
			r.Sound.Tones = slices.DeleteFunc(r.Sound.Tones, func(t media.ToneSpan) bool { return t.ID == id })
		}
	}
}

// WithoutAll removes several fixtures from a file.
func WithoutAll(ids ...string) func(*media.Report) {
	return func(r *media.Report) {
		for _, id := range ids {
			Without(id)(r)
		}
	}
}

// Swapped exchanges the places of the n-th appearance of a stream and the m-th of another one.
func Swapped(a string, n int, b string, m int) func(*media.Report) {
	return func(r *media.Report) {
		Nth(a, n, func(p *media.Appearance) {
			Nth(b, m, func(q *media.Appearance) { p.Rect, q.Rect = q.Rect, p.Rect })(r)
		})(r)
	}
}

// Nth changes the n-th appearance of a stream, counted from 0.
func Nth(id string, n int, change func(*media.Appearance)) func(*media.Report) {
	return func(r *media.Report) {
		left := n
		for i := range r.Picture.Appearances {
			if a := &r.Picture.Appearances[i]; a.ID == id {
				if left == 0 {
					change(a)
				}
				left--
			}
		}
	}
}

func At(x, y, w, h int) func(*media.Appearance) {
	return func(a *media.Appearance) { a.Rect = media.Rect{X: x, Y: y, Width: w, Height: h} }
}

// Exchanged exchanges the places of two streams.
func Exchanged(a, b string) func(*media.Report) {
	return func(r *media.Report) {
		for i := range r.Picture.Appearances {
			switch p := &r.Picture.Appearances[i]; p.ID {
			case a:
				p.ID = b
			case b:
				p.ID = a
			}
		}
	}
}

// Also shows another stream from the first moment to the last.
func Also(id string, x, y, w, h int) func(*media.Report) {
	return func(r *media.Report) {
		r.Picture.Appearances = append(r.Picture.Appearances, media.Appearance{ID: id, To: r.Duration, Rect: media.Rect{X: x, Y: y, Width: w, Height: h}})
	}
}

func PerSecond(of func(int) int) func(*media.Report) {
	return func(r *media.Report) {
		for i, bits := range r.Video.PerSecond {
			r.Video.PerSecond[i] = of(bits)
		}
	}
}
