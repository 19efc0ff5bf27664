package lifecycle

import (
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
)

var durationChecks = []check.Check{
	check.New("ARC-DUR-01", stopsBy(course.ByMinute), scenarios.NoPublisher),
	check.New("ARC-DUR-02", reasonOf(course.ByMinute, "maximum idle time exceeded"), scenarios.NoPublisher, scenarios.IndividualNobody),
	check.New("ARC-DUR-03", stopsBy(course.ByRecorded), scenarios.FourHours),
	check.New("ARC-DUR-04", pausesNotCounted, scenarios.Pause, scenarios.IndividualIdle),
	check.New("ARC-DUR-05", stopsBy(course.ByTotal), scenarios.TwelveHours),
	check.New("ARC-DUR-06", stopsBy(course.ByIdle), scenarios.Idle),
	check.New("ARC-DUR-07", stopsBy(course.ByLeaving), scenarios.AllLeft, scenarios.IndividualAllLeft),
	check.New("ARC-DUR-08", reasonOf(course.ByRecorded, "maximum duration exceeded"), scenarios.FourHours, scenarios.IndividualFourHours),
	check.New("ARC-DUR-09", reasonOf(course.ByTotal, "maximum duration exceeded"), scenarios.TwelveHours, scenarios.IndividualTwelveHours),
	check.New("ARC-DUR-10", reasonOf(course.ByIdle, "maximum idle time exceeded"), scenarios.Idle, scenarios.IndividualIdle),
	check.New("ARC-DUR-11", reasonOf(course.ByLeaving, "session ended"), scenarios.AllLeft, scenarios.IndividualAllLeft, scenarios.Automatic),
	check.New("ARC-DUR-12", publishingEndsIdle, scenarios.Idle),
	check.New("ARC-DUR-13", comingBack, scenarios.AllLeft, scenarios.AutoPaused),
	check.New("ARC-DUR-14", noEarlyStop, scenarios.NoPublisher, scenarios.Idle, scenarios.FourHours, scenarios.TwelveHours, scenarios.AllLeft,
		scenarios.IndividualIdle, scenarios.IndividualFourHours),
	check.New("ARC-DUR-15", stopsBy(course.ByMove), scenarios.Rotation),
	check.New("ARC-DUR-16", startsAfterMove, scenarios.Rotation),
	check.New("ARC-DUR-17", durationIsRecorded, scenarios.Pair, scenarios.Automatic, scenarios.AutoDay, scenarios.AutoOverlap),
	check.New("ARC-DUR-18", individualStopsBy(course.ByRecorded), scenarios.IndividualFourHours),
	check.New("ARC-DUR-19", individualStopsBy(course.ByTotal), scenarios.IndividualTwelveHours),
	check.New("ARC-DUR-20", individualStopsBy(course.ByIdle), scenarios.IndividualIdle),
	check.New("ARC-DUR-21", individualStopsBy(course.ByMinute), scenarios.IndividualNobody),
}

// stopsBy checks that archives that a limit must end are in progress until then and not after. It computes moments from
// the harness's own clock and the advances that it asked for.
func stopsBy(by course.Rule) func(*check.Case) {
	return theseStopBy(by, func(*facts.History) bool { return true })
}

// individualStopsBy is stopsBy for individual archives only.
func individualStopsBy(by course.Rule) func(*check.Case) {
	return theseStopBy(by, (*facts.History).IsIndividual)
}

func theseStopBy(by course.Rule, which func(*facts.History) bool) func(*check.Case) {
	return func(c *check.Case) {
		for _, h := range c.EveryArchive() {
			k, ok := course.Of(c.Facts, h)
			if !ok || k.Rule != by || !which(h) {
				continue
			}
			app := h.App()
			late := k.End.Add(c.Limit("tolerance.limit.late"))
			if h.Start.Exchange == nil {
				late = k.Latest() // its begin is not known so well
			}
			alive, dead := c.StopSeen(h)
			for _, s := range alive {
				if at := c.Earliest(app, s.Asked()); at.After(late) {
					c.Wrong(fmt.Sprintf("stopped by %s (%s)", facts.ClockTime(k.End), by), fmt.Sprintf("%s at %s", s.Status(), facts.ClockTime(at)), s.At)
				}
			}
			endedBy(c, h, k, dead)
		}
	}
}

func endedBy(c *check.Case, h *facts.History, k course.Course, dead []facts.Sighting) {
	app := h.App()
	early := k.Soonest().Add(-c.Limit("tolerance.limit.early"))
	for _, s := range dead {
		if madeToFail(c, h, s) {
			continue
		}
		if at := c.Latest(app, s.Answered()); at.Before(early) {
			c.Follows("ARC-DUR-14", fmt.Sprintf("in progress until %s (%s)", facts.ClockTime(k.End), k.Rule), endedEarly(c, h, k, s), s.At)
			continue
		}
		c.Saw(s.At)
	}
}

// endedEarly describes an archive that ended before its time: the reason that it gives, and for how long nobody had
// published, or been there, which tells the limit that was too short.
func endedEarly(c *check.Case, h *facts.History, k course.Course, s facts.Sighting) string {
	at := c.Latest(h.App(), s.Answered())
	words := fmt.Sprintf("%s at %s, %s", s.Status(), facts.ClockTime(at), s.Show("reason"))
	for who, spans := range facts.InOrder(map[string][]facts.Span{"a client": k.Clients, "a stream": k.Streams}) {
		for _, g := range course.Gaps(spans, k.Started) {
			if g.From.Before(at) && (g.To.IsZero() || g.To.After(at)) {
				words += fmt.Sprintf(", %v without %s", at.Sub(g.From).Round(time.Second), who)
			}
		}
	}
	return words
}

func reasonOf(by course.Rule, reason string) func(*check.Case) {
	return func(c *check.Case) {
		for _, h := range c.EveryArchive() {
			k, ok := course.Of(c.Facts, h)
			if !ok || k.Rule != by {
				continue
			}
			for _, s := range slices.Concat(h.Seen, h.Hooks) {
				if !facts.InProgress(s.Status()) && s.Status() != "failed" && !s.OmitsReason() {
					c.Want(s.Text("reason") == reason, fmt.Sprintf("reason %q", reason), s.Show("reason"), s.At)
				}
			}
		}
	}
}

func pausesNotCounted(c *check.Case) {
	for _, h := range c.EveryArchive() {
		k, ok := course.Of(c.Facts, h)
		if !ok || len(k.Pauses()) == 0 {
			continue
		}
		durationWithin(c, h, k, c.Limit("tolerance.duration")+time.Duration(len(k.Pauses()))*c.Limit("tolerance.pause"))
	}
}

func durationIsRecorded(c *check.Case) {
	for _, h := range c.EveryArchive() {
		if k, ok := course.Of(c.Facts, h); ok && len(k.Pauses()) == 0 && len(k.Streams) > 0 {
			durationWithin(c, h, k, c.Limit("tolerance.duration"))
		}
	}
}

// durationWithin judges what reads answer. A callback with another duration breaks ARC-CB-11.
func durationWithin(c *check.Case, h *facts.History, k course.Course, allow time.Duration) {
	for _, s := range h.Delivered() {
		if s.At.Webhook == nil {
			c.DurationOf(s, k, allow)
		}
	}
}

// publishingEndsIdle needs an archive whose idle hour was cut short, and that was seen in progress after the hour would
// have ended.
func publishingEndsIdle(c *check.Case) {
	outlives(c, func(k course.Course) []facts.Span { return k.Pauses() }, "idle-time.max", "publishing again to end the idle hour")
}

func comingBack(c *check.Case) {
	outlives(c, func(k course.Course) []facts.Span {
		var out []facts.Span
		for _, g := range course.Gaps(k.Clients, k.Started) {
			if g.From.After(k.Started) && !g.To.IsZero() && g.To.Before(k.End) {
				out = append(out, g)
			}
		}
		return out
	}, "without-clients.max", "coming back within the minute to keep the archive")
}

// outlives judges the first sighting after a gap that would have ended the archive.
func outlives(c *check.Case, gapsOf func(course.Course) []facts.Span, limit, expected string) {
	for _, h := range c.EveryArchive() {
		k, ok := course.Of(c.Facts, h)
		if !ok {
			continue
		}
		app := h.App()
		for _, g := range gapsOf(k) {
			due := g.From.Add(c.Limit(limit)).Add(c.Limit("tolerance.limit.late"))
			for _, s := range h.Seen {
				if at := c.Earliest(app, s.Asked()); at.After(due) && c.Latest(app, s.Answered()).Before(k.Soonest()) {
					c.Want(facts.InProgress(s.Status()), expected, fmt.Sprintf("%s at %s", s.Status(), facts.ClockTime(at)), s.At)
					break // a later end has another reason
				}
			}
		}
	}
}

// noEarlyStop needs an archive that was seen in progress near the end of the time that a limit allows. Archives of chosen
// streams are judged up to when they may end if nothing was chosen.
func noEarlyStop(c *check.Case) {
	last := c.Number("tolerance.last-percent")
	for _, h := range c.EveryArchive() {
		k, ok := course.Of(c.Facts, h)
		if !ok {
			k, ok = course.OfChosen(c.Facts, h)
		}
		if !ok || k.Rule == course.ByCall {
			continue
		}
		app := h.App()
		alive, dead := c.StopSeen(h)
		for _, s := range dead {
			if goesOn(h, alive, s) {
				continue // ARC-STAT-07, ARC-STAT-09
			}
			if at := c.Latest(app, s.Answered()); at.Before(k.Soonest().Add(-c.Limit("tolerance.limit.early"))) && !madeToFail(c, h, s) {
				c.Wrong(fmt.Sprintf("in progress until %s (%s)", facts.ClockTime(k.End), k.Rule), endedEarly(c, h, k, s), s.At)
			}
		}
		for _, s := range alive {
			if at := c.Earliest(app, s.Asked()); at.After(k.End.Add(-k.End.Sub(k.Started)*time.Duration(last)/100)) && !at.After(k.End) {
				c.Saw(s.At)
			}
		}
	}
}

// goesOn reports whether the archive is in progress after a sighting, or was until a call stopped it.
func goesOn(h *facts.History, alive []facts.Sighting, s facts.Sighting) bool {
	return slices.ContainsFunc(alive, func(later facts.Sighting) bool { return later.At.Seq > s.At.Seq }) ||
		slices.ContainsFunc(h.Stops, func(r evidence.Record) bool { return r.Exchange.Status() == 200 })
}

// startsAfterMove judges starts without a flaw in sessions that have moved.
func startsAfterMove(c *check.Case) {
	for _, a := range c.Starts {
		s := c.Sessions[a.IDs[evidence.Session]]
		if s == nil || s.Auto || !a.Clean() {
			continue
		}
		for _, m := range c.Moves(s) {
			if c.Earliest(s.App, a.Record.Sent()).After(m.Late) {
				c.Want(a.Exchange.Status() == 200, "a new archive after the move", check.Outcome(a.Record), m.R, a.Record)
			}
		}
	}
}
