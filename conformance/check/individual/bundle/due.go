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

// Stream is a published stream of an archive's session, with what the archive must hold of it.
type Stream struct {
	ID       string
	Client   string
	began    time.Time
	Due      map[string][]*Due // by the type of track; several if the content changed
	Segments []facts.Span      // each has a file of its own
}

// Due is a published track, or a part of it with content of one kind, with the stretches of real time that the archive
// must hold.
type Due struct {
	By    evidence.Record
	Whole facts.Span   // from the start of its publication to its end
	Spans []facts.Span // none: the archive must not hold it
	free  time.Time    // when the archive may begin to hold it; zero: never
}

// Has reports whether the archive must hold anything of the stream.
func (s *Stream) Has() bool { return len(s.Segments) > 0 }

// Holds reports whether the archive must hold its track of a type at some time.
func (s *Stream) Holds(kind string) bool { return len(s.spans(kind)) > 0 }

// spans returns the stretches in which the archive must hold its track of a type.
func (s *Stream) spans(kind string) []facts.Span {
	var out []facts.Span
	for _, d := range s.Due[kind] {
		out = append(out, d.Spans...)
	}
	return facts.Union(out)
}

// All returns the tracks of the stream, of both types.
func (s *Stream) All() []*Due { return slices.Concat(s.Due[matroska.Video], s.Due[matroska.Audio]) }

// ending holds the earliest and the latest end of an archive in real time.
type ending struct{ early, Late time.Time }

func Ended(c *check.Case, h *facts.History) (ending, bool) {
	if k, ok := course.Of(c.Facts, h); ok {
		first, last := course.RealEnd(c.Facts, h, k)
		return ending{first, last}, !first.IsZero()
	}
	stop, ok := h.FirstStop()
	return ending{stop.Sent(), stop.Over()}, ok
}

// Streams returns the streams of a session with what the archive must hold of them.
func Streams(c *check.Case, h *facts.History) []*Stream {
	s := c.Sessions[h.Start.IDs[evidence.Session]]
	if s == nil {
		return nil
	}
	var out []*Stream
	for _, u := range s.Streams {
		id, p := u.By.IDs[evidence.Stream], u.By.Published
		i := slices.IndexFunc(out, func(s *Stream) bool { return s.ID == id })
		if i < 0 {
			i = len(out)
			out = append(out, &Stream{ID: id, Client: p.Client, began: p.First, Due: map[string][]*Due{}})
		}
		if p.First.Before(out[i].began) {
			out[i].began = p.First
		}
		if p.Kind == matroska.Video || p.Kind == matroska.Audio {
			out[i].Due[p.Kind] = append(out[i].Due[p.Kind], &Due{By: u.By, Whole: u})
		}
	}
	slices.SortStableFunc(out, func(a, b *Stream) int { return a.began.Compare(b.began) })
	end, ok := Ended(c, h)
	if !ok {
		return out
	}
	begun := facts.Span{From: c.Effective(h), To: end.early}
	for _, kind := range []string{matroska.Video, matroska.Audio} {
		if h.Request.Asks(kind) {
			plan(c, h, begun, out, kind)
		}
	}
	for _, s := range out {
		s.segment(c, h)
	}
	return out
}

// plan sets when the archive holds each track of a type: all that are published or chosen, up to the limit.
func plan(c *check.Case, h *facts.History, begun facts.Span, all []*Stream, kind string) {
	limit := int(c.Number("individual.video-streams.max"))
	if kind == matroska.Audio {
		limit = int(c.Number("audio-streams.max"))
	}
	p := places{limit: limit}
	for _, s := range all {
		var spans []facts.Span
		for _, d := range s.Due[kind] {
			d.Spans = inArchive(c, h, begun, d.Whole)
			spans = append(spans, d.Spans...)
		}
		if len(spans) == 0 {
			continue
		}
		if sure, free := p.take(whole(spans)); !sure {
			for _, d := range s.Due[kind] {
				d.Spans, d.free = nil, free
			}
		}
	}
}

// inArchive returns the stretches in which an archive without limits holds a track. It leaves out those without a
// network.
func inArchive(c *check.Case, h *facts.History, begun, whole facts.Span) []facts.Span {
	if h.IsManual() {
		return present(whole, course.ChosenSpans(course.Changes(c.Facts), h, whole))
	}
	if cut, ok := whole.Cut(begun.From, begun.To); ok {
		return present(whole, []facts.Span{cut})
	}
	return nil
}

// present removes the stretches in which the client had no network from spans.
func present(whole facts.Span, spans []facts.Span) []facts.Span {
	var out []facts.Span
	for _, s := range spans {
		for _, a := range whole.By.Published.Away {
			if !s.Covers(a.From) {
				continue
			}
			out = append(out, facts.Span{From: s.From, To: a.From, By: s.By})
			if s.From = a.To; a.To.IsZero() || !a.To.Before(s.To) {
				s.From = s.To
			}
		}
		if s.From.Before(s.To) {
			out = append(out, s)
		}
	}
	return out
}

// segment sets the stretches that have a file each. A publication is one, divided by each reconnection and, in manual
// archives, by each addition. A choice of parts changes nothing.
func (s *Stream) segment(c *check.Case, h *facts.History) {
	var all []facts.Span
	for _, d := range s.All() {
		all = append(all, d.Spans...)
	}
	for _, u := range s.recoded(facts.Union(all)) {
		last := len(s.Segments) - 1
		if last >= 0 && !s.removed(c, h, s.Segments[last].To, u.From) && !s.interrupted(s.Segments[last].To, u.From) && !s.Segments[last].To.Equal(u.From) {
			s.Segments[last].To = u.To
			continue
		}
		s.Segments = append(s.Segments, u)
	}
}

// recoded cuts spans where the video changes its codec.
func (s *Stream) recoded(spans []facts.Span) []facts.Span {
	for _, at := range s.Switches() {
		for i, span := range spans {
			if span.From.Before(at) && at.Before(span.To) {
				second := span
				spans[i].To, second.From = at, at
				spans = slices.Insert(spans, i+1, second)
				break
			}
		}
	}
	return spans
}

// Switches returns the moments at which the video changed its codec.
func (s *Stream) Switches() []time.Time {
	var out []time.Time
	for i, d := range s.Due[matroska.Video] {
		if i > 0 && s.Due[matroska.Video][i-1].By.Published.Codec != d.By.Published.Codec {
			out = append(out, d.By.Published.First)
		}
	}
	return out
}

// interrupted reports whether the client had no network at some time between two moments.
func (s *Stream) interrupted(from, to time.Time) bool {
	for _, d := range s.All() {
		for _, a := range d.By.Published.Away {
			if !a.From.Before(from) && !a.From.After(to) {
				return true
			}
		}
	}
	return false
}

// removed reports whether the stream was removed from the archive between two moments.
func (s *Stream) removed(c *check.Case, h *facts.History, from, to time.Time) bool {
	return slices.ContainsFunc(course.Changes(c.Facts), func(k course.Change) bool {
		return k.Done() && k.H == h && k.Stream == s.ID && !k.Added && !k.R.Sent().Before(from) && !k.R.Over().After(to)
	})
}
