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

// Unchanged leaves the picture as it was before the n-th appearance of a stream: others stay where they were, and it is not seen.
func Unchanged(id string, n int) func(*media.Report) {
	return func(r *media.Report) {
		own, before := r.Picture.OfStream(id)[n], map[string]media.Rect{}
		within := func(a media.Appearance, at float64) bool { return a.From <= at && at <= a.To }
		for _, a := range r.Picture.Appearances {
			if within(a, own.From-0.5) {
				before[a.ID] = a.Rect
			}
		}
		r.Picture.Appearances = slices.DeleteFunc(r.Picture.Appearances, func(a media.Appearance) bool { return a.ID == id && a.From == own.From })
		for i, a := range r.Picture.Appearances {
			if within(a, (own.From+own.To)/2) {
				r.Picture.Appearances[i].Rect = before[a.ID]
			}
		}
	}
}

func At(x, y, w, h int) func(*media.Appearance) {
	return func(a *media.Appearance) { a.Rect = media.Rect{X: x, Y: y, Width: w, Height: h} }
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

// HeardLater makes the sounds of a file come later than its pictures, by seconds.
func HeardLater(by float64) func(*media.Report) {
	return Shifted(func(float64) float64 { return by })
}

// LaterMarks makes a picture begin a number of frames later.
func LaterMarks(id string, frames int) func(*media.Report) {
	return func(r *media.Report) {
		for i := range r.Picture.Appearances {
			if a := &r.Picture.Appearances[i]; a.ID == id {
				a.FirstMark += frames
			}
		}
	}
}

// Sized makes a file say, in header and bitstream, that its pictures have another size.
func Sized(w, h int) func(*media.Report) {
	return func(r *media.Report) {
		r.Video.Width, r.Video.Height, r.Video.CodedWidth, r.Video.CodedHeight = w, h, w, h
	}
}

// Columns puts the tiles of a grid of four by four into another grid, in order.
func Columns(columns, rows int) func(*media.Report) {
	return func(r *media.Report) {
		w, h := r.Picture.Width, r.Picture.Height
		for i := range r.Picture.Appearances {
			a := &r.Picture.Appearances[i]
			if a.Rect.Width > w/4+4 || a.Rect.Height > h/4+4 {
				continue // in another grid
			}
			place := (a.Rect.Y+a.Rect.Height/2)*4/h*4 + (a.Rect.X+a.Rect.Width/2)*4/w
			x, y := place%columns*w/columns, place/columns*h/rows
			scale := min(float64(w)/float64(columns)/float64(w/4), float64(h)/float64(rows)/float64(h/4))
			width, height := int(float64(a.Rect.Width)*scale), int(float64(a.Rect.Height)*scale)
			a.Rect = media.Rect{X: x + (w/columns-width)/2, Y: y + (h/rows-height)/2, Width: width, Height: height}
		}
	}
}

// Beside shows something where no stream is.
func Beside(r *media.Report) {
	r.Picture.Stray = append(r.Picture.Stray, media.Stray{Span: media.Span{From: 2, To: 4}, Rect: media.Rect{X: 10, Y: 10, Width: 30, Height: 30}})
}

// Avatars puts the tiles of a picture of two columns into three, and shows something in the free ones.
func Avatars(r *media.Report) {
	for i := range r.Picture.Appearances {
		a := &r.Picture.Appearances[i]
		a.Rect = media.Rect{X: a.Rect.X * 2 / 3, Y: a.Rect.Y + a.Rect.Height/6, Width: a.Rect.Width * 2 / 3, Height: a.Rect.Height * 2 / 3}
	}
	r.Picture.Stray = append(r.Picture.Stray, media.Stray{Span: media.Span{From: 0, To: r.Duration}, Rect: media.Rect{X: r.Picture.Width * 2 / 3, Width: 30, Height: 30}})
}

// Like changes all appearances in the same way.
func Like(change func(*media.Appearance)) func(*media.Report) {
	return func(r *media.Report) {
		for i := range r.Picture.Appearances {
			change(&r.Picture.Appearances[i])
		}
	}
}

// Shifted moves the beats of the sound.
func Shifted(by func(at float64) float64) func(*media.Report) {
	return func(r *media.Report) {
		for i := range r.Sound.Tones {
			for j := range r.Sound.Tones[i].Beats {
				r.Sound.Tones[i].Beats[j].At += by(r.Sound.Tones[i].Beats[j].At)
			}
		}
	}
}

// Strays moves an appearance elsewhere for a while before its end, when every layout has long settled.
func Strays(id string, n int, seconds float64) func(*media.Report) {
	return func(r *media.Report) {
		Nth(id, n, func(a *media.Appearance) {
			away, back := *a, *a
			from := a.To - seconds - 0.45
			a.To, away.From, away.To, back.From = from, from, from+seconds, from+seconds
			away.Rect = media.Rect{X: 480, Y: 360, Width: 160, Height: 120}
			r.Picture.Appearances = append(r.Picture.Appearances, away, back)
		})(r)
	}
}

// Later begins an appearance later and extends the one before until then.
func Later(id string, n int, seconds float64) func(*media.Report) {
	return func(r *media.Report) {
		Nth(id, n-1, func(a *media.Appearance) { a.To += seconds })(r)
		Nth(id, n, func(a *media.Appearance) { a.From += seconds })(r)
	}
}
