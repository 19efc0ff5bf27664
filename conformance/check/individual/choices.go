package individual

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/media/matroska"
)

// choiceChecks are about archives whose streams are chosen by calls.
var choiceChecks = []check.Check{
	check.New("ARC-SEL-12", chosenAlone, scenarios.Chosen),
	check.New("ARC-SEL-13", partsChosen, scenarios.Chosen),
	check.New("ARC-SIM-09", besideComposed, scenarios.Chosen),
}

// chosen goes through the streams of archives with selected streams.
func chosen(c *check.Case, each func(b *bundle, s *stream)) {
	for _, b := range bundles(c) {
		if b.Request.Text("streamMode") != "manual" {
			continue
		}
		for _, s := range b.streams {
			each(b, s)
		}
	}
}

// chosenAlone: what was chosen is there, for as long; of the others there is nothing.
func chosenAlone(c *check.Case) {
	chosen(c, func(b *bundle, s *stream) {
		if !s.has() {
			c.Want(len(b.of(s)) == 0, fmt.Sprintf("no file of %s, which was not chosen", s.client), fmt.Sprintf("%d files", len(b.of(s))), b.r, s.record())
			return
		}
		for kind := range s.due {
			recorded(c, b, s, kind)
			within(c, b, s, kind)
		}
	})
}

// partsChosen looks at streams of which one part was chosen at some time.
func partsChosen(c *check.Case) {
	chosen(c, func(b *bundle, s *stream) {
		part := slices.ContainsFunc(course.Changes(c.Facts), func(k course.Change) bool {
			return k.Done() && k.H == b.History && k.Stream == s.id && k.Added && k.Audio != k.Video
		})
		if !part {
			return
		}
		for kind := range s.due {
			recorded(c, b, s, kind)
			within(c, b, s, kind)
		}
	})
}

// within wants no frames of a track from when it was not chosen. A call takes effect before it is answered.
func within(c *check.Case, b *bundle, s *stream, kind string) {
	allow := c.Limit("tolerance.removal")
	stray := 0
	var worst time.Duration
	for _, d := range s.due[kind] {
		for n := range b.found(s, d) {
			if away := d.away(c, b, s, d.by.Published.Captured(n)); away > allow {
				stray++
				worst = max(worst, away)
			}
		}
	}
	c.Want(stray == 0, fmt.Sprintf("%s of %s only while it was chosen", kind, s.client), fmt.Sprintf("%d frames from other times, up to %v away", stray, worst.Round(time.Millisecond)), b.r, s.record())
}

// away is how far a moment is from the stretches in which the track was chosen.
func (d *due) away(c *check.Case, b *bundle, s *stream, at time.Time) time.Duration {
	best := time.Hour
	for _, span := range d.spans {
		from, to := span.From, span.To
		for _, k := range course.Changes(c.Facts) {
			if k.H != b.History || k.Stream != s.id {
				continue
			}
			if k.R.Over().Equal(from) {
				from = k.R.Sent()
			}
			if k.R.Sent().Equal(to) {
				to = k.R.Over()
			}
		}
		if end, ok := ended(c, b.History); ok && !to.Before(end.early) {
			to = end.late
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

// besideComposed looks at archives of both formats that record one session at the same time.
func besideComposed(c *check.Case) {
	chosen(c, func(b *bundle, s *stream) {
		if s.has() {
			for kind := range s.due {
				if b.beside(c) != nil {
					recorded(c, b, s, kind)
				}
			}
		} else if b.beside(c) != nil {
			c.Want(len(b.of(s)) == 0, "no file of "+s.client, fmt.Sprintf("%d files", len(b.of(s))), b.r, s.record())
		}
	})
	for _, b := range bundles(c) {
		if h := b.beside(c); h != nil {
			composedToo(c, h)
		}
	}
}

// beside is a composed archive of chosen streams that recorded the same session meanwhile.
func (b *bundle) beside(c *check.Case) *facts.History {
	for _, h := range c.StartedArchives() {
		same := h.Start.IDs[evidence.Session] == b.Start.IDs[evidence.Session]
		if same && !h.IsIndividual() && h.Request.Text("streamMode") == "manual" && !h.EndedBefore(b.Start) && !b.EndedBefore(h.Start) {
			return h
		}
	}
	return nil
}

// composedToo wants the pictures of chosen streams in a composed file, and no others.
func composedToo(c *check.Case, h *facts.History) {
	if len(h.Media) == 0 {
		c.Blocked("a composed archive beside the individual one", "it has no file", h.Start)
		return
	}
	film := h.Media[len(h.Media)-1]
	f, ok := c.File(film)
	if !ok || f.Picture == nil {
		c.Wrong("a readable MP4 file", content.FileKind(film, f), film)
		return
	}
	for _, s := range streams(c, h) {
		if len(s.due[matroska.Video]) == 0 {
			continue
		}
		r := s.record()
		shown := len(f.Picture.OfStream(r.Published.Fixture)) > 0
		want := map[bool]string{true: "in", false: "not in"}
		c.Want(shown == s.holds(matroska.Video), strings.Join([]string{"pictures of", s.client, want[s.holds(matroska.Video)], "the composed archive"}, " "), want[shown]+" it", film, r)
	}
}
