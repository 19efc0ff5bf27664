package individual

import (
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media/matroska"
)

// stream is a published stream of an archive's session, with what of it the archive has to hold.
type stream struct {
	id       string
	client   string
	began    time.Time
	due      map[string]*due // by the type of track
	segments []check.Span    // in each of which it has a file of its own
}

// due is a track that was published, and the stretches of real time in which the archive holds it.
type due struct {
	by    evidence.Record
	whole check.Span   // from its publication to its end
	spans []check.Span // none: the archive does not hold it
	free  []check.Span // stretches in which it may be there or not
}

// has tells whether the archive has to hold anything of the stream.
func (s *stream) has() bool { return len(s.segments) > 0 }

// holds tells whether the archive has to hold its track of a type at some time.
func (s *stream) holds(kind string) bool { return s.due[kind] != nil && len(s.due[kind].spans) > 0 }

// ending brackets the end of an archive in real time.
type ending struct{ early, late time.Time }

func ended(c *check.Case, h *check.History) (ending, bool) {
	if k, ok := c.Course(h); ok {
		first, last := c.RealEnd(h, k)
		return ending{first, last}, !first.IsZero()
	}
	stop, ok := h.FirstStop()
	return ending{check.Sent(stop), check.Over(stop)}, ok
}

// streams lays out what an archive has to hold.
func streams(c *check.Case, h *check.History) []*stream {
	s := c.Sessions[h.Start.IDs[evidence.Session]]
	if s == nil {
		return nil
	}
	var out []*stream
	for _, u := range s.Streams {
		id, p := u.By.IDs[evidence.Stream], u.By.Published
		i := slices.IndexFunc(out, func(s *stream) bool { return s.id == id })
		if i < 0 {
			i = len(out)
			out = append(out, &stream{id: id, client: p.Client, began: p.First, due: map[string]*due{}})
		}
		if p.First.Before(out[i].began) {
			out[i].began = p.First
		}
		if p.Kind == matroska.Video || p.Kind == matroska.Audio {
			out[i].due[p.Kind] = &due{by: u.By, whole: u}
		}
	}
	slices.SortStableFunc(out, func(a, b *stream) int { return a.began.Compare(b.began) })
	end, ok := ended(c, h)
	if !ok {
		return out
	}
	begun := check.Span{From: check.Over(h.Start), To: end.early}
	for _, kind := range []string{matroska.Video, matroska.Audio} {
		if asked(h, kind) {
			plan(c, h, begun, out, kind)
		}
	}
	for _, s := range out {
		s.segment(c, h)
	}
	return out
}

// asked tells whether the archive was asked to hold tracks of a type.
func asked(h *check.History, kind string) bool {
	key := "hasVideo"
	if kind == matroska.Audio {
		key = "hasAudio"
	}
	return h.Request[key] != false
}

// plan says when the archive holds each track of a type: all that are published, or chosen, as far as the limit allows.
func plan(c *check.Case, h *check.History, begun check.Span, all []*stream, kind string) {
	limit := int(c.Number("individual.video-streams.max"))
	if kind == matroska.Audio {
		limit = int(c.Number("audio-streams.max"))
	}
	var held []check.Span // of those that are recorded, in the order of publication
	for _, s := range all {
		d := s.due[kind]
		if d == nil {
			continue
		}
		spans := inArchive(c, h, begun, d.whole)
		if len(spans) == 0 {
			continue
		}
		from := spans[0].From
		there := 0
		for _, o := range held {
			if o.Covers(from) {
				there++
			}
		}
		if there < limit {
			d.spans = spans
			held = append(held, check.Span{From: from, To: spans[len(spans)-1].To})
			continue
		}
		// It waits; from when a place becomes free on it may be there.
		for _, span := range spans {
			if free := freed(held, from); !free.IsZero() && free.Before(span.To) {
				if free.After(span.From) {
					span.From = free
				}
				d.free = append(d.free, span)
			}
		}
	}
}

// freed is when the first of the spans that hold at from ends.
func freed(held []check.Span, from time.Time) (at time.Time) {
	for _, o := range held {
		if o.Covers(from) && (at.IsZero() || o.To.Before(at)) {
			at = o.To
		}
	}
	return at
}

// inArchive are the stretches in which an archive without limits holds a track: not while its client had no network.
func inArchive(c *check.Case, h *check.History, begun, whole check.Span) []check.Span {
	if h.Request.Text("streamMode") == "manual" {
		return present(whole, check.ChosenSpans(c.Changes(), h, whole))
	}
	if cut, ok := whole.Cut(begun.From, begun.To); ok {
		return present(whole, []check.Span{cut})
	}
	return nil
}

// present leaves out of spans the stretches in which the client had no network.
func present(whole check.Span, spans []check.Span) []check.Span {
	var out []check.Span
	for _, s := range spans {
		for _, a := range whole.By.Published.Away {
			if !s.Covers(a.From) {
				continue
			}
			out = append(out, check.Span{From: s.From, To: a.From, By: s.By})
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

// segment finds the stretches that have a file each. What is published is one, from each reconnection and, in manual archives, each
// addition on; a choice of parts changes nothing.
func (s *stream) segment(c *check.Case, h *check.History) {
	var all []check.Span
	for _, d := range s.due {
		all = append(all, d.spans...)
	}
	for _, u := range check.Union(all) {
		last := len(s.segments) - 1
		if last >= 0 && !s.removed(c, h, s.segments[last].To, u.From) && !s.interrupted(s.segments[last].To, u.From) {
			s.segments[last].To = u.To
			continue
		}
		s.segments = append(s.segments, u)
	}
}

// interrupted tells whether the client had no network at some time between two moments.
func (s *stream) interrupted(from, to time.Time) bool {
	for _, d := range s.due {
		for _, a := range d.by.Published.Away {
			if !a.From.Before(from) && !a.From.After(to) {
				return true
			}
		}
	}
	return false
}

// removed tells whether the stream was taken out of the archive between two moments.
func (s *stream) removed(c *check.Case, h *check.History, from, to time.Time) bool {
	return slices.ContainsFunc(c.Changes(), func(k check.Change) bool {
		return k.Done() && k.H == h && k.Stream == s.id && !k.Added && !check.Sent(k.R).Before(from) && !check.Over(k.R).After(to)
	})
}
