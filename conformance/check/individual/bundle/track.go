package bundle

import (
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/media/matroska"
	"reelcheck/fixtures"
)

// Begins returns the longest allowed time from a unit, the first of a stretch, to the first unit in the archive. Sound
// is there at once, and so are pictures that begin with the stretch, since the first one is a key frame. Otherwise the
// next key frame must come first.
func (d *Due) Begins(c *check.Case, unit int64) time.Duration {
	edge := c.Limit("tolerance.individual-edge")
	if d.By.Published.Kind == matroska.Video && d.By.Published.Sent(unit-1) {
		return edge + c.Limit("tolerance.individual-key-frame")
	}
	return edge
}

// Farthest returns the largest distance of the zeros that the frames show from the given one, and the frame that shows
// it.
func (t *Track) Farthest(known []int, zero time.Time) (off time.Duration, frame int) {
	for _, i := range known {
		if z, _ := t.Zero(i); z.Sub(zero).Abs() > off.Abs() {
			off, frame = z.Sub(zero), i
		}
	}
	return off, frame
}

func (t *Track) Gaps(known []int) []gap {
	var out []gap
	for _, d := range t.sources(known) {
		for _, u := range d.By.Published.Unsent {
			g := gap{u, none, none}
			for _, i := range known {
				switch {
				case t.From[i] != d:
				case t.units[i] < u.From:
					g.Before = i
				case t.units[i] >= u.To && g.After == none:
					g.After = i
				}
			}
			if g.Before != none && g.After != none {
				out = append(out, g)
			}
		}
	}
	return out
}

// sources returns the publications that the frames of a track are from.
func (t *Track) sources(known []int) []*Due {
	var out []*Due
	for _, i := range known {
		if !slices.Contains(out, t.From[i]) {
			out = append(out, t.From[i])
		}
	}
	return out
}

// Resized compares the sizes of the pictures with those that were sent, and adds those to sizes.
func (t *Track) Resized(c *check.Case, sizes map[string]bool) (wrong []string) {
	for _, i := range t.Known() {
		p := t.From[i].By.Published
		parts, at := partsOf(c, p.Fixture), int(t.units[i])%p.LoopUnits
		k := slices.IndexFunc(parts, func(part fixtures.Part) bool { return at >= part.From && at < part.To })
		if k < 0 {
			continue
		}
		width, height := t.SizeAt(i)
		sizes[fmt.Sprintf("%dx%d", parts[k].Width, parts[k].Height)] = true
		if width != parts[k].Width || height != parts[k].Height {
			wrong = append(wrong, fmt.Sprintf("frame %d is %dx%d", i, width, height))
		}
	}
	return wrong
}

// Away returns the distance of a moment from the stretches in which the track was chosen.
func (d *Due) Away(c *check.Case, b *Bundle, s *Stream, at time.Time) time.Duration {
	const far = time.Hour // no limit: from a track that was never chosen
	best := far
	for _, span := range d.Spans {
		from, to := span.From, span.To
		for _, k := range course.Changes(c.Facts) {
			if k.H != b.History || k.Stream != s.ID {
				continue
			}
			if k.R.Over().Equal(from) {
				from = k.R.Sent()
			}
			if k.R.Sent().Equal(to) {
				to = k.R.Over()
			}
		}
		if end, ok := Ended(c, b.History); ok && !to.Before(end.early) {
			to = end.Late
		}
		switch {
		case at.Before(from):
			best = min(best, from.Sub(at))
		case at.After(to):
			best = min(best, at.Sub(to))
		default:
			return 0
		}
	}
	return best
}

// holdsOf reports whether a frame that the track's own stream did not send is a unit of what s published.
func (t *Track) holdsOf(c *check.Case, s *Stream) bool {
	for _, d := range s.Due[t.Type] {
		loop, err := content.LoopOf(c.Facts, d.By.Published.Fixture)
		if err != nil {
			c.Unclear(err.Error())
			continue
		}
		for i, from := range t.From {
			if from == nil && len(loop.Places(t.Frames[i].Sum)) > 0 {
				return true
			}
		}
	}
	return false
}

// gap is a series of units that were not sent, between two frames of a track of a file.
type gap struct {
	evidence.Units
	Before, After int // frames
}

// partsOf returns the parts of a fixture with different sizes.
func partsOf(c *check.Case, id string) []fixtures.Part {
	type key string
	return facts.Keep(c.Facts, key(id), func() []fixtures.Part {
		m, err := fixtures.Load()
		if err != nil {
			return nil
		}
		v, err := m.Video(id)
		if err != nil {
			return nil
		}
		return v.Parts
	})
}
