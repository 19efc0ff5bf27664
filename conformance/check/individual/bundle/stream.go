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

// Record is the evidence of the stream.
func (s *Stream) Record() evidence.Record {
	for _, kind := range []string{matroska.Video, matroska.Audio} {
		for _, d := range s.Due[kind] {
			return d.By
		}
	}
	return evidence.Record{}
}

// Long tells whether the stream is in the archive for so long that it has to be in a file.
func (s *Stream) Long(c *check.Case) bool {
	for _, d := range s.All() {
		for _, span := range d.Spans {
			if sent := SentWithin(d.By.Published, span); len(sent) > 0 && span.To.Sub(d.By.Published.Captured(sent[0])) > d.Begins(c, sent[0])+c.Limit("tolerance.individual-end") {
				return true
			}
		}
	}
	return false
}

// WasAway tells whether the stream was interrupted in the archive.
func (s *Stream) WasAway(*check.Case, *Bundle) bool {
	for i := range s.Segments {
		if i > 0 && s.interrupted(s.Segments[i-1].To, s.Segments[i].From) {
			return true
		}
	}
	return false
}

// WasChosenAgain tells whether it was removed from the archive and added again.
func (s *Stream) WasChosenAgain(c *check.Case, b *Bundle) bool {
	for i := range s.Segments {
		if i > 0 && s.removed(c, b.History, s.Segments[i-1].To, s.Segments[i].From) {
			return true
		}
	}
	return false
}

// segment is the number of the segment that was recorded at t, or the nearest one.
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

// between tells whether a moment is that near to where two segments meet.
func (s *Stream) between(at time.Time) bool {
	for i, span := range s.Segments[min(1, len(s.Segments)):] {
		if span.From.Equal(s.Segments[i].To) && at.Sub(span.From).Abs() < seam {
			return true
		}
	}
	return false
}

// Changed tells whether within a segment something of the stream stopped or began to be recorded.
func (s *Stream) Changed(c *check.Case, b *Bundle) bool {
	within := func(at time.Time) bool {
		return slices.ContainsFunc(s.Segments, func(span facts.Span) bool { return span.From.Before(at) && at.Before(span.To) })
	}
	for _, d := range s.All() {
		for _, m := range d.By.Published.Muted {
			if within(m.From) && within(m.To) && len(d.By.Published.Away) == 0 {
				return true
			}
		}
	}
	return slices.ContainsFunc(course.Changes(c.Facts), func(k course.Change) bool {
		return k.Done() && k.H == b.History && k.Stream == s.ID && k.Added && !k.Fresh && within(k.R.Sent())
	})
}

// Closed is when the target knew at the latest that a segment had ended.
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

// seam is how far from where one segment goes over into the next a frame may be in either.
const seam = 200 * time.Millisecond
