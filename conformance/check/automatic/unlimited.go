package automatic

import (
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/facts/jsonvalue"
)

func unlimited(c *check.Case) {
	for _, s := range archived(c) {
		goesOnAfterADay(c, s)
		goesOnAfterLimit(c, s)
	}
}

// goesOnAfterADay needs somebody who publishes for more than the twelve hours and the four hours that limit one archive.
func goesOnAfterADay(c *check.Case, s *facts.Session) {
	const day = 24 * time.Hour // no limit: longer than any of one archive
	chain := c.Chain(s.ID)
	begun := c.Latest(s.App, facts.Union(s.Clients)[0].From)
	for _, h := range chain {
		for _, got := range h.Reads() {
			if c.Earliest(s.App, got.Asked()).Before(begun.Add(day)) || !facts.Steady(s.Streams, got.Asked(), got.Answered()) || h != chain[len(chain)-1] {
				continue
			}
			c.Want(got.Status() == "started", "a recording that goes on after a day", got.Show("status"), got.At)
		}
	}
}

// goesOnAfterLimit judges lists of a session after a limit has ended one of its archives, while the recording must go on.
// ARC-AUTO-14 judges what follows a move.
func goesOnAfterLimit(c *check.Case, s *facts.Session) {
	for _, h := range c.Chain(s.ID) {
		k, ok := course.Of(c.Facts, h)
		if !ok || k.Rule != course.ByRecorded && k.Rule != course.ByTotal {
			continue
		}
		for _, l := range c.Lists() {
			asked := l.R.Sent()
			moved := slices.ContainsFunc(c.Moves(s), func(m facts.Move) bool { return m.R.Sent().Before(l.R.Over()) })
			if !l.OK || moved || l.Query.Get("sessionId") != s.ID || !c.Earliest(s.App, asked).After(k.Latest()) || !recordedUntil(c, s, l.R.Over()) {
				continue
			}
			goesOn := slices.ContainsFunc(l.Items, func(o jsonvalue.Object) bool {
				of := c.ByID[o.Text("id")]
				return of != nil && c.Automatic(of) && facts.InProgress(o.Text("status"))
			})
			c.Want(goesOn, fmt.Sprintf("an automatic archive in progress after the one that ended %s (%s)", facts.ClockTime(k.End), k.Rule), "none in the list", h.Start, l.R)
		}
	}
}

// recordedUntil reports whether an automatic recording must go on until a real moment: neither the minute without clients nor
// the idle hour had come to its end, and it has not failed. Without a publisher in the first minute it may be over.
func recordedUntil(c *check.Case, s *facts.Session, to time.Time) bool {
	begun := c.Earliest(s.App, facts.Union(s.Clients)[0].From)
	until, early := c.Latest(s.App, to), c.Limit("tolerance.limit.early")
	timedOut := func(spans []facts.Span, limit time.Duration) bool {
		return slices.ContainsFunc(course.Gaps(c.InPolicy(s.App, spans, begun), begun), func(g facts.Span) bool {
			end := g.From.Add(limit - early)
			return !end.After(until) && (g.To.IsZero() || !g.To.Before(end))
		})
	}
	minute := begun.Add(c.Limit("first-publisher.max") - early)
	silent := !until.Before(minute) && !slices.ContainsFunc(c.InPolicy(s.App, s.Streams, begun), func(u facts.Span) bool { return u.From.Before(minute) })
	failed := slices.ContainsFunc(c.Chain(s.ID), c.Faulty)
	return !silent && !failed && !timedOut(s.Clients, c.Limit("without-clients.max")) && !timedOut(s.Streams, c.Limit("idle-time.max"))
}
