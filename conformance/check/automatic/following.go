package automatic

import (
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/media"
)

// goesOnAfterMove checks that an archive begins with the move of an automatically archived session, or that the one that
// was recording goes on.
func goesOnAfterMove(c *check.Case) {
	late, allow := c.Limit("tolerance.limit.late"), c.Limit("tolerance.created-at")
	for _, s := range archived(c) {
		for _, m := range c.Moves(s) {
			chain := c.Chain(s.ID)
			before := slices.IndexFunc(chain, func(h *facts.History) bool { return records(c, h, m) })
			if before < 0 {
				continue
			}
			after := slices.IndexFunc(chain, func(h *facts.History) bool {
				at := time.UnixMilli(h.CreatedAt())
				return !at.Before(m.At.Add(-allow)) && !at.After(m.Late.Add(late))
			})
			goesOn := slices.IndexFunc(chain[before].Seen, func(got facts.Sighting) bool {
				return facts.InProgress(got.Status()) && c.Earliest(s.App, got.Asked()).After(m.Late.Add(late))
			})
			if after < 0 && goesOn >= 0 {
				c.Saw(m.R, chain[before].Seen[goesOn].At)
				continue
			}
			if !c.Want(after >= 0, "another archive that begins with the move, "+facts.ClockTime(m.At), fmt.Sprintf("%d archives, none of them then", len(chain)), m.R) {
				continue
			}
			for _, got := range chain[before].Seen {
				if c.Earliest(s.App, got.Asked()).After(m.Late.Add(late)) {
					c.Want(!facts.InProgress(got.Status()), "the archive before the move has ended", got.Show("status"), m.R, got.At)
				}
			}
			idlesOn(c, s, m, chain[after])
		}
	}
}

// idlesOn checks that an archive that begins with a move in a pause ends when the idle hour of the pause is over.
func idlesOn(c *check.Case, s *facts.Session, m facts.Move, h *facts.History) {
	k, ok := course.Of(c.Facts, h)
	if !ok || k.Rule != course.ByIdle || len(k.Streams) > 0 && k.Streams[0].From.Before(k.End) {
		return
	}
	alive, dead := c.StopSeen(h)
	for _, got := range alive {
		if at := c.Earliest(s.App, got.Asked()); at.After(k.Latest()) {
			c.Wrong("an idle hour that runs on through the move, to "+facts.ClockTime(k.End), fmt.Sprintf("%s at %s", got.Status(), facts.ClockTime(at)), m.R, got.At)
		}
	}
	for _, got := range dead {
		c.Saw(m.R, got.At)
	}
}

// records reports whether an archive was in progress just before a move.
func records(c *check.Case, h *facts.History, m facts.Move) bool {
	alive, dead := c.StopSeen(h)
	began := time.UnixMilli(h.CreatedAt()).Before(m.At)
	return began && len(alive) > 0 && (len(dead) == 0 || dead[0].Answered().After(m.R.Sent()))
}

// usedAgain judges a session that is used again after its automatic archive has timed out. That archive must not change.
// The target may start another one or not.
func usedAgain(c *check.Case) {
	for _, s := range archived(c) {
		for _, h := range c.Chain(s.ID) {
			_, dead := c.StopSeen(h)
			if len(dead) == 0 || dead[0].Text("reason") != "maximum idle time exceeded" {
				continue
			}
			again := slices.IndexFunc(s.Streams, func(u facts.Span) bool { return u.From.After(dead[0].Answered()) })
			if again < 0 {
				continue
			}
			for _, got := range h.Seen {
				if got.Asked().After(s.Streams[again].From) {
					c.Want(!facts.InProgress(got.Status()), "an archive that stays ended", got.Show("status"), s.Streams[again].By, got.At)
				}
			}
		}
	}
}

// shared returns for how many seconds a published picture is both at the end of one file and at the start of the next,
// by the numbers of its frames. It is negative for a gap. ok is false if a file shows the picture's loop more than once.
func shared(before, next *media.Picture, t content.Due) (seconds float64, ok bool) {
	old, fresh := before.OfStream(t.Fixture), next.OfStream(t.Fixture)
	if len(old) == 0 || len(fresh) == 0 {
		return 0, true
	}
	shown := (old[len(old)-1].To - old[0].From) * t.Rate
	if shown >= float64(t.LoopUnits) {
		return 0, false
	}
	frames := (old[len(old)-1].LastMark - fresh[0].FirstMark + t.LoopUnits) % t.LoopUnits
	if float64(frames) > shown+t.Rate {
		frames -= t.LoopUnits
	}
	return float64(frames) / t.Rate, true
}
