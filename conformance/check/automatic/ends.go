package automatic

import (
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
)

// lastEnd returns when the recording of a session must stop, and by which rule.
func lastEnd(c *check.Case, s *facts.Session) (course.Rule, time.Time) {
	begun := c.Earliest(s.App, facts.Union(s.Clients)[0].From)
	alone := course.Gaps(c.InPolicy(s.App, s.Clients, begun), begun)
	idle := course.Gaps(c.InPolicy(s.App, s.Streams, begun), begun)
	by, end := course.ByLeaving, time.Time{}
	if n := len(alone); n > 0 && alone[n-1].To.IsZero() {
		end = alone[n-1].From.Add(c.Limit("without-clients.max"))
	}
	if n := len(idle); n > 0 && idle[n-1].To.IsZero() {
		if at := idle[n-1].From.Add(c.Limit("idle-time.max")); end.IsZero() || at.Before(end) {
			by, end = course.ByIdle, at
		}
	}
	return by, end
}

func automaticStopsBy(want course.Rule) func(*check.Case) {
	return func(c *check.Case) {
		for _, s := range archived(c) {
			by, end := lastEnd(c, s)
			chain := c.Chain(s.ID)
			if by != want || end.IsZero() || len(chain) == 0 || timedOut(c, s, chain[len(chain)-1]) {
				continue
			}
			late := end.Add(c.Limit("tolerance.limit.late"))
			h := chain[len(chain)-1]
			alive, dead := c.StopSeen(h)
			for _, got := range alive {
				if at := c.Earliest(s.App, got.Asked()); at.After(late) {
					c.Wrong(fmt.Sprintf("stopped by %s (%s)", facts.ClockTime(end), by), fmt.Sprintf("%s at %s", got.Status(), facts.ClockTime(at)), got.At)
				}
			}
			early := end.Add(-c.Limit("tolerance.limit.early"))
			for _, got := range dead {
				at := c.Latest(s.App, got.Answered())
				if at.Before(early) && neverPublished(c, s, alive, got) {
					continue // ARC-AUTO-15 judges it
				}
				c.Want(!at.Before(early), fmt.Sprintf("in progress until %s (%s)", facts.ClockTime(end), by), fmt.Sprintf("%s at %s", got.Status(), facts.ClockTime(at)), got.At)
			}
		}
	}
}

// timedOut reports whether the newest archive of a session began before a limit had ended the recording, so that the
// session was used again without one (ARC-AUTO-12).
func timedOut(c *check.Case, s *facts.Session, newest *facts.History) bool {
	begun := c.Earliest(s.App, facts.Union(s.Clients)[0].From)
	ended := func(spans []facts.Span, limit time.Duration) bool {
		return slices.ContainsFunc(course.Gaps(c.InPolicy(s.App, spans, begun), begun), func(g facts.Span) bool {
			return !g.To.IsZero() && g.To.Sub(g.From) >= limit-c.Limit("tolerance.limit.early") && time.UnixMilli(newest.CreatedAt()).Before(g.To)
		})
	}
	return ended(s.Streams, c.Limit("idle-time.max")) || ended(s.Clients, c.Limit("without-clients.max"))
}

// neverPublished reports whether an archive may have ended for want of a publisher in its first minute.
func neverPublished(c *check.Case, s *facts.Session, alive []facts.Sighting, dead facts.Sighting) bool {
	minute := c.Earliest(s.App, facts.Union(s.Clients)[0].From).Add(c.Limit("first-publisher.max"))
	outlived := slices.ContainsFunc(alive, func(got facts.Sighting) bool {
		return c.Earliest(s.App, got.Asked()).After(minute.Add(c.Limit("tolerance.limit.late")))
	})
	return !outlived && !facts.AnyDuring(s.Streams, time.Time{}, dead.Answered()) &&
		!c.Latest(s.App, dead.Answered()).Before(minute.Add(-c.Limit("tolerance.limit.early")))
}

// noFirstMinute judges archives that nobody had published to, after a minute, while clients were there.
func noFirstMinute(c *check.Case) {
	for _, s := range archived(c) {
		due := c.Latest(s.App, facts.Union(s.Clients)[0].From).Add(c.Limit("first-publisher.max")).Add(c.Limit("tolerance.limit.late"))
		for _, h := range c.Chain(s.ID) {
			for _, got := range h.Seen {
				if !c.Earliest(s.App, got.Asked()).After(due) || facts.AnyDuring(s.Streams, time.Time{}, got.Answered()) || !facts.Steady(s.Clients, got.Asked(), got.Answered()) {
					continue
				}
				c.Want(facts.InProgress(got.Status()), "in progress after a minute without a publisher", got.Show("status"), got.At)
			}
		}
	}
}
