package bundle

import (
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/media/matroska"
)

// Record returns the evidence of the stream.
func (s *Stream) Record() evidence.Record {
	for _, kind := range []string{matroska.Video, matroska.Audio} {
		for _, d := range s.Due[kind] {
			return d.By
		}
	}
	return evidence.Record{}
}

// Long reports whether the stream is in the archive for so long that it must be in a file.
func (s *Stream) Long(c *check.Case) bool {
	for _, d := range s.All() {
		for _, span := range d.Spans {
			if d.lasts(c, span) {
				return true
			}
		}
	}
	return false
}

// lasts reports whether a stretch is so long that some of what was sent in it must be in the archive.
func (d *Due) lasts(c *check.Case, span facts.Span) bool {
	sent := SentWithin(d.By.Published, span)
	return len(sent) > 0 && span.To.Sub(d.By.Published.Captured(sent[0])) > d.Begins(c, sent[0])+c.Limit("tolerance.individual-end")
}

// WasAway reports whether the stream was interrupted in the archive.
func (s *Stream) WasAway(*check.Case, *Bundle) bool {
	for i := range s.Segments {
		if i > 0 && s.interrupted(s.Segments[i-1].To, s.Segments[i].From) {
			return true
		}
	}
	return false
}

// WasChosenAgain reports whether the stream was removed from the archive and added again.
func (s *Stream) WasChosenAgain(c *check.Case, b *Bundle) bool {
	for i := range s.Segments {
		if i > 0 && s.removed(c, b.History, s.Segments[i-1].To, s.Segments[i].From) {
			return true
		}
	}
	return false
}

// SegmentAt returns the number of the segment that was recorded at t, or of the nearest one.
func (s *Stream) SegmentAt(t time.Time) int {
	best, away := 0, time.Duration(-1)
	for i, span := range s.Segments {
		d := time.Duration(0)
		if t.Before(span.From) {
			d = span.From.Sub(t)
		} else if t.After(span.To) {
			d = t.Sub(span.To)
		}
		if away < 0 || d < away {
			best, away = i, d
		}
	}
	return best
}

// between reports whether a moment is near a border of two segments.
func (s *Stream) between(at time.Time, near time.Duration) bool {
	for i, span := range s.Segments[min(1, len(s.Segments)):] {
		if span.From.Equal(s.Segments[i].To) && at.Sub(span.From).Abs() < near {
			return true
		}
	}
	return false
}

// within reports whether a moment is within a segment.
func (s *Stream) within(at time.Time) bool {
	return slices.ContainsFunc(s.Segments, func(span facts.Span) bool { return span.From.Before(at) && at.Before(span.To) })
}

// ChosenAt reports whether a call chose the stream, or a part of it, at a moment.
func (s *Stream) ChosenAt(c *check.Case, b *Bundle, at time.Time) bool {
	return slices.ContainsFunc(course.Changes(c.Facts), func(k course.Change) bool {
		return k.Done() && k.H == b.History && k.Stream == s.ID && k.Added && k.R.Over().Equal(at)
	})
}

// WasMuted reports whether a track of the stream was muted for a while within a segment.
func (s *Stream) WasMuted(*check.Case, *Bundle) bool {
	for _, d := range s.All() {
		for _, m := range d.By.Published.Muted {
			if s.within(m.From) && s.within(m.To) && len(d.By.Published.Away) == 0 {
				return true
			}
		}
	}
	return false
}

// WasChosenInPart reports whether the choice of a track of the stream changed within a segment.
func (s *Stream) WasChosenInPart(c *check.Case, b *Bundle) bool {
	return slices.ContainsFunc(course.Changes(c.Facts), func(k course.Change) bool {
		return k.Done() && k.H == b.History && k.Stream == s.ID && k.Added && !k.Fresh && s.within(k.R.Sent())
	})
}

// Closed returns the latest moment at which the target knew that a segment had ended.
func (s *Stream) Closed(c *check.Case, b *Bundle, n int) time.Time {
	to := s.Segments[n].To
	latest := to
	later := func(at time.Time) {
		if at.After(latest) {
			latest = at
		}
	}
	if end, ok := Ended(c, b.History); ok && !to.Before(end.early) {
		later(end.Late)
	}
	for _, d := range s.All() {
		if d.Whole.To.Equal(to) {
			later(d.Whole.Late)
		}
		for _, a := range d.By.Published.Away {
			if a.From.Equal(to) {
				later(a.To)
			}
		}
	}
	for _, k := range course.Changes(c.Facts) {
		if k.H == b.History && k.Stream == s.ID && k.R.Sent().Equal(to) {
			later(k.R.Over())
		}
	}
	return latest
}
