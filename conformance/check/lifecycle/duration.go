package lifecycle

import (
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
)

var durationChecks = []check.Check{
	check.New("ARC-DUR-01", check.In(scenarios.NoPublisher), stopsBy(check.ByMinute)),
	check.New("ARC-DUR-02", check.In(scenarios.NoPublisher), reasonOf(check.ByMinute, "maximum idle time exceeded")),
	check.New("ARC-DUR-03", check.In(scenarios.FourHours), stopsBy(check.ByRecorded)),
	check.New("ARC-DUR-04", check.In(scenarios.Pause), pausesNotCounted),
	check.New("ARC-DUR-05", check.In(scenarios.TwelveHours), stopsBy(check.ByTotal)),
	check.New("ARC-DUR-06", check.In(scenarios.Idle), stopsBy(check.ByIdle)),
	check.New("ARC-DUR-07", check.In(scenarios.AllLeft), stopsBy(check.ByLeaving)),
	check.New("ARC-DUR-08", check.In(scenarios.FourHours), reasonOf(check.ByRecorded, "maximum duration exceeded")),
	check.New("ARC-DUR-09", check.In(scenarios.TwelveHours), reasonOf(check.ByTotal, "maximum duration exceeded")),
	check.New("ARC-DUR-10", check.In(scenarios.Idle), reasonOf(check.ByIdle, "maximum idle time exceeded")),
	check.New("ARC-DUR-11", check.In(scenarios.AllLeft), reasonOf(check.ByLeaving, "session ended")),
	check.New("ARC-DUR-12", check.In(scenarios.Idle), publishingEndsIdle),
	check.New("ARC-DUR-13", check.In(scenarios.AllLeft), comingBack),
	check.New("ARC-DUR-14", check.In(scenarios.NoPublisher, scenarios.Idle, scenarios.FourHours, scenarios.TwelveHours, scenarios.AllLeft), noEarlyStop),
	check.New("ARC-DUR-15", check.In(scenarios.Rotation), stopsBy(check.ByMove)),
	check.New("ARC-DUR-16", check.In(scenarios.Rotation), startsAfterMove),
	check.New("ARC-DUR-17", check.In(scenarios.Pair, scenarios.Pause), durationIsRecorded),
	check.New("ARC-DUR-18", check.In(scenarios.IndividualFourHours), individualStopsBy(check.ByRecorded)),
	check.New("ARC-DUR-19", check.In(scenarios.IndividualTwelveHours), individualStopsBy(check.ByTotal)),
	check.New("ARC-DUR-20", check.In(scenarios.IndividualIdle), individualStopsBy(check.ByIdle)),
	check.New("ARC-DUR-21", check.In(scenarios.IndividualNobody), individualStopsBy(check.ByMinute)),
}

// stopsBy checks that archives which a limit has to end are in progress until
// then and not after. Moments are read off the harness's own clock and the
// advances it asked for.
func stopsBy(by check.Rule) func(*check.Case) {
	return theseStopBy(by, func(*check.History) bool { return true })
}

// individualStopsBy is stopsBy for individual archives alone.
func individualStopsBy(by check.Rule) func(*check.Case) {
	return theseStopBy(by, (*check.History).IsIndividual)
}

func theseStopBy(by check.Rule, which func(*check.History) bool) func(*check.Case) {
	return func(c *check.Case) {
		for _, h := range c.StartedArchives() {
			k, ok := c.Course(h)
			if !ok || k.Rule != by || !which(h) {
				continue
			}
			app := h.Start.IDs[evidence.Application]
			late := k.End.Add(c.Limit("tolerance.limit.late"))
			alive, dead := c.StopSeen(h)
			for _, s := range alive {
				if at := c.Earliest(app, s.Asked()); at.After(late) {
					c.Wrong(fmt.Sprintf("stopped by %s (%s)", check.ClockTime(k.End), by), fmt.Sprintf("%s at %s", s.Status(), check.ClockTime(at)), s.At)
				}
			}
			endedBy(c, h, k, dead)
		}
	}
}

func endedBy(c *check.Case, h *check.History, k check.Course, dead []check.Sighting) {
	app := h.Start.IDs[evidence.Application]
	early := k.End.Add(-c.Limit("tolerance.limit.early"))
	for _, s := range dead {
		if madeToFail(c, h, s) {
			continue
		}
		if at := c.Latest(app, s.Answered()); at.Before(early) {
			c.Wrong(fmt.Sprintf("in progress until %s (%s)", check.ClockTime(k.End), k.Rule), fmt.Sprintf("%s at %s", s.Status(), check.ClockTime(at)), s.At)
			continue
		}
		c.Saw(s.At)
	}
}

func reasonOf(by check.Rule, reason string) func(*check.Case) {
	return func(c *check.Case) {
		for _, h := range c.StartedArchives() {
			k, ok := c.Course(h)
			if !ok || k.Rule != by {
				continue
			}
			for _, s := range slices.Concat(h.Seen, h.Hooks) {
				if !check.InProgress(s.Status()) && s.Status() != "failed" {
					c.Want(s.Text("reason") == reason, fmt.Sprintf("reason %q", reason), s.Show("reason"), s.At)
				}
			}
		}
	}
}

func pausesNotCounted(c *check.Case) {
	for _, h := range c.StartedArchives() {
		k, ok := c.Course(h)
		if !ok || len(k.Pauses()) == 0 {
			continue
		}
		durationWithin(c, h, k, c.Limit("tolerance.duration")+time.Duration(len(k.Pauses()))*c.Limit("tolerance.pause"))
	}
}

func durationIsRecorded(c *check.Case) {
	for _, h := range c.StartedArchives() {
		if k, ok := c.Course(h); ok && len(k.Pauses()) == 0 && len(k.Streams) > 0 {
			durationWithin(c, h, k, c.Limit("tolerance.duration"))
		}
	}
}

func durationWithin(c *check.Case, h *check.History, k check.Course, allow time.Duration) {
	for _, s := range h.Delivered() {
		c.DurationOf(s, k, allow)
	}
}

// publishingEndsIdle needs an archive whose idle hour was cut short and that was
// seen in progress after the hour would have been over.
func publishingEndsIdle(c *check.Case) {
	outlives(c, func(k check.Course) []check.Span { return k.Pauses() }, "idle-time.max", "publishing again to end the idle hour")
}

func comingBack(c *check.Case) {
	outlives(c, func(k check.Course) []check.Span {
		var out []check.Span
		for _, g := range check.Gaps(k.Clients, k.Started) {
			if g.From.After(k.Started) && !g.To.IsZero() && g.To.Before(k.End) {
				out = append(out, g)
			}
		}
		return out
	}, "without-clients.max", "coming back within the minute to keep the archive")
}

// outlives looks at the first sighting after a gap would have ended the archive.
func outlives(c *check.Case, gapsOf func(check.Course) []check.Span, limit, expected string) {
	for _, h := range c.StartedArchives() {
		k, ok := c.Course(h)
		if !ok {
			continue
		}
		app := h.Start.IDs[evidence.Application]
		for _, g := range gapsOf(k) {
			due := g.From.Add(c.Limit(limit)).Add(c.Limit("tolerance.limit.late"))
			for _, s := range h.Seen {
				if at := c.Earliest(app, s.Asked()); at.After(due) && c.Latest(app, s.Answered()).Before(k.End) {
					c.Want(check.InProgress(s.Status()), expected, fmt.Sprintf("%s at %s", s.Status(), check.ClockTime(at)), s.At)
				}
			}
		}
	}
}

// noEarlyStop: the proof is an archive seen in progress in the last tenth of the time a limit grants it.
func noEarlyStop(c *check.Case) {
	for _, h := range c.StartedArchives() {
		k, ok := c.Course(h)
		if !ok || k.Rule == check.ByCall {
			continue
		}
		app := h.Start.IDs[evidence.Application]
		alive, dead := c.StopSeen(h)
		for _, s := range dead {
			if at := c.Latest(app, s.Answered()); at.Before(k.End.Add(-c.Limit("tolerance.limit.early"))) && !madeToFail(c, h, s) {
				c.Wrong(fmt.Sprintf("in progress until %s (%s)", check.ClockTime(k.End), k.Rule), fmt.Sprintf("%s at %s", s.Status(), check.ClockTime(at)), s.At)
			}
		}
		for _, s := range alive {
			if at := c.Earliest(app, s.Asked()); at.After(k.End.Add(-k.End.Sub(k.Started)/10)) && !at.After(k.End) {
				c.Saw(s.At)
			}
		}
	}
}

// startsAfterMove looks at starts, with nothing wrong about them, in sessions that have moved.
func startsAfterMove(c *check.Case) {
	for _, a := range c.Starts {
		s := c.Sessions[a.IDs[evidence.Session]]
		if s == nil || s.Auto || !a.Clean() {
			continue
		}
		for _, m := range c.Moves(s) {
			if c.Earliest(s.App, check.Sent(a.Record)).After(m.Late) {
				c.Want(a.Exchange.Status() == 200, "a new archive after the move", check.Outcome(a.Record), m.R, a.Record)
			}
		}
	}
}
