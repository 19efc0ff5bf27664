package individual

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/individual/bundle"
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
	check.New("ARC-SEL-14", chosenAtOnce, scenarios.Chosen),
	check.New("ARC-SIM-09", besideComposed, scenarios.Chosen),
}

// chosen calls each with the streams of archives with selected streams.
func chosen(c *check.Case, each func(b *bundle.Bundle, s *bundle.Stream)) {
	for _, b := range bundle.Bundles(c) {
		if !b.IsManual() {
			continue
		}
		for _, s := range b.Streams {
			each(b, s)
		}
	}
}

// chosenAlone checks that the archive holds what was chosen, for as long as it was, and nothing of other streams.
func chosenAlone(c *check.Case) {
	chosen(c, func(b *bundle.Bundle, s *bundle.Stream) {
		if !s.Has() {
			c.Want(len(b.Of(s)) == 0, fmt.Sprintf("no file of %s, which was not chosen", s.Client), fmt.Sprintf("%d files", len(b.Of(s))), b.R, s.Record())
			return
		}
		for kind := range facts.InOrder(s.Due) {
			recorded(c, b, s, kind)
			within(c, b, s, kind)
		}
	})
}

// partsChosen judges streams of which only one part was chosen at some time.
func partsChosen(c *check.Case) {
	chosen(c, func(b *bundle.Bundle, s *bundle.Stream) {
		part := slices.ContainsFunc(course.Changes(c.Facts), func(k course.Change) bool {
			return k.Done() && k.H == b.History && k.Stream == s.ID && k.Added && k.Audio != k.Video
		})
		if !part {
			return
		}
		for kind := range facts.InOrder(s.Due) {
			recorded(c, b, s, kind)
			within(c, b, s, kind)
		}
	})
}

// chosenAtOnce judges what calls chose from the call on.
func chosenAtOnce(c *check.Case) {
	chosen(c, func(b *bundle.Bundle, s *bundle.Stream) {
		for _, d := range s.All() {
			for _, span := range d.Spans {
				if s.ChosenAt(c, b, span.From) {
					covers(b, c, s, d, span, 0)
				}
			}
		}
	})
}

// within checks that the archive holds no frames of a track from when it was not chosen. A call takes effect before it
// is answered.
func within(c *check.Case, b *bundle.Bundle, s *bundle.Stream, kind string) {
	allow := c.Limit("tolerance.removal")
	stray := 0
	var worst time.Duration
	for _, d := range s.Due[kind] {
		for n := range b.Found(s, d) {
			if away := d.Away(c, b, s, d.By.Published.Captured(n)); away > allow {
				stray++
				worst = max(worst, away)
			}
		}
	}
	c.Want(stray == 0, fmt.Sprintf("%s of %s only while it was chosen", kind, s.Client), fmt.Sprintf("%d frames from other times, up to %v away", stray, worst.Round(time.Millisecond)), b.R, s.Record())
}

// besideComposed judges archives of both formats that record one session at the same time.
func besideComposed(c *check.Case) {
	chosen(c, func(b *bundle.Bundle, s *bundle.Stream) {
		if s.Has() {
			for kind := range facts.InOrder(s.Due) {
				if b.Beside(c) != nil {
					recorded(c, b, s, kind)
				}
			}
		} else if b.Beside(c) != nil {
			c.Want(len(b.Of(s)) == 0, "no file of "+s.Client, fmt.Sprintf("%d files", len(b.Of(s))), b.R, s.Record())
		}
	})
	for _, b := range bundle.Bundles(c) {
		if h := b.Beside(c); h != nil {
			composedToo(c, h)
		}
	}
}

// composedToo checks that a composed file shows the chosen streams, and no others.
func composedToo(c *check.Case, h *facts.History) {
	streams := bundle.Streams(c, h)
	if !slices.ContainsFunc(streams, (*bundle.Stream).Has) {
		return // nothing was recorded, so there may be no file
	}
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
	for _, s := range streams {
		if len(s.Due[matroska.Video]) == 0 {
			continue
		}
		r := s.Record()
		shown := len(f.Picture.OfStream(r.Published.Fixture)) > 0
		want := map[bool]string{true: "in", false: "not in"}
		c.Want(shown == s.Holds(matroska.Video), strings.Join([]string{"pictures of", s.Client, want[s.Holds(matroska.Video)], "the composed archive"}, " "), want[shown]+" it", film, r)
	}
}
