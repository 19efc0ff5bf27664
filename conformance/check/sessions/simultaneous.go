// Package sessions judges what sessions do beyond one archive: simultaneous archives, selected streams, who is there, moves to another server.
package sessions

import (
	"fmt"
	"slices"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/facts/flaw"
)

// Checks are the checks of this package.
var Checks = slices.Concat(simultaneousChecks, selectionChecks, noticeChecks, presenceChecks, rotationChecks)

var simultaneousChecks = []check.Check{
	check.New("ARC-SIM-01", severalAtOnce, scenarios.Simultaneous),
	check.New("ARC-SIM-02", tagsUnique, scenarios.Simultaneous),
	check.New("ARC-SIM-05", besideAutomatic, scenarios.Automatic),
	check.New("ARC-SIM-06", endsApart, scenarios.Automatic, scenarios.AutoPaused),
	check.New("ARC-SIM-08", bothRecord, scenarios.Simultaneous),
}

func tagged(h *facts.History) bool { return h.Request.Text("multiArchiveTag") != "" }

// severalAtOnce checks that both archives record, and that each has its own file with everything that can be seen and
// heard.
func severalAtOnce(c *check.Case) {
	for i, a := range c.Starts {
		tag := a.Body.Text("multiArchiveTag")
		if tag != "" && a.Clean() && startedBefore(c.Starts[:i], a, func(other string) bool { return other != "" && other != tag }) && !usedBefore(c.Starts[:i], a) {
			c.Status(a.Record, 200)
		}
	}
	bothRecord(c)
	keys := map[string]string{}
	for _, x := range c.Recordings() {
		if !tagged(x.History) {
			continue
		}
		for _, o := range x.Objects {
			other, known := keys[o.Object.Place()]
			c.Want(!known || other == x.ID, "a file of its own for archive "+x.ID, "the file of archive "+other, o)
			keys[o.Object.Key] = x.ID
		}
		for _, t := range x.Due {
			if spans := x.Found(t); t.Kept && !c.Excused(c.Covers(t, spans), c.Limit("tolerance.stream-edge"), t) {
				c.Want(c.Covers(t, spans), fmt.Sprintf("%s of %s from %.1f to %.1f s in archive %s", t.Kind, t.Client, t.From, t.To, facts.Short(x.ID)), content.Describe(spans), x.R, t.R)
			}
		}
	}
}

// bothRecord judges the second of two archives of a session, and the first one after the second has started.
func bothRecord(c *check.Case) {
	for _, second := range c.StartedArchives() {
		for _, first := range c.StartedArchives() {
			if first == second || !tagged(first) || !tagged(second) || first.Start.IDs[evidence.Session] != second.Start.IDs[evidence.Session] ||
				!first.Start.Over().Before(second.Start.Sent()) || first.EndedBefore(second.Start) {
				continue
			}
			for _, h := range []*facts.History{first, second} {
				if s, ok := h.NextSeen(second.Start); ok && !h.StoppedBetween(second.Start, s.At) && !c.MayHaveEnded(h, s) {
					inProgress(c, s, first, second)
				}
			}
		}
	}
}

// inProgress wants one of two archives to be in progress. A limit may have ended one that was seen to end long after the start of the second.
func inProgress(c *check.Case, s facts.Sighting, first, second *facts.History) {
	const expected = "two archives in progress"
	since := c.Earliest(second.App(), s.Asked()).Sub(c.Latest(second.App(), second.Start.Over()))
	if !facts.InProgress(s.Status()) && since >= c.Limit("tolerance.blamed-on-start") {
		c.Follows("ARC-DUR-14", expected, s.Show("status"), first.Start, second.Start, s.At)
		return
	}
	c.Want(facts.InProgress(s.Status()), expected, s.Show("status"), first.Start, second.Start, s.At)
}

func tagsUnique(c *check.Case) {
	for i, a := range c.Starts {
		tag := a.Body.Text("multiArchiveTag")
		switch {
		case tag == "":
		case a.Only(flaw.Tag) && c.StartsAtAll(a.Record):
			c.Status(a.Record, 409)
		case a.Clean() && usedBefore(c.Starts[:i], a):
			c.Status(a.Record, 200)
		}
	}
}

func usedBefore(earlier []facts.Asked, a facts.Asked) bool {
	return startedBefore(earlier, a, func(tag string) bool { return tag == a.Body.Text("multiArchiveTag") })
}

// startedBefore reports whether a proper start of the same session, with such a tag, came earlier.
func startedBefore(earlier []facts.Asked, a facts.Asked, such func(tag string) bool) bool {
	return slices.ContainsFunc(earlier, func(b facts.Asked) bool {
		return b.Clean() && b.Body.Text("sessionId") == a.Body.Text("sessionId") && such(b.Body.Text("multiArchiveTag"))
	})
}

// besideAutomatic checks that a start with a tag is accepted and the automatic archive goes on, and that a start without
// a tag is refused.
func besideAutomatic(c *check.Case) {
	for _, a := range c.Starts {
		s := c.Sessions[a.Body.Text("sessionId")]
		switch {
		case s == nil || !s.Auto:
		case a.Only(flaw.Automatic) && c.StartsAtAll(a.Record):
			c.Refused(a.Record)
		case a.Clean():
			if c.Status(a.Record, 200) {
				goesOn(c, s, a.Record, "the automatic archive to go on")
			}
		}
	}
}

// endsApart checks that the end of a started archive does not end the automatic one, and that of an automatic one does not
// end the started one.
func endsApart(c *check.Case) {
	for _, h := range c.StartedArchives() {
		s := c.Sessions[h.Start.IDs[evidence.Session]]
		if s == nil || !s.Auto {
			continue
		}
		outlivesAutomatic(c, s, h)
		stop, ok := h.FirstStop()
		if !ok || !c.Status(stop, 200) {
			continue
		}
		goesOn(c, s, stop, "the automatic archive to outlive the stop of the other")
	}
}

// outlivesAutomatic checks that a started archive is in progress after the end of an automatic one, as long as no rule ends
// it too.
func outlivesAutomatic(c *check.Case, s *facts.Session, h *facts.History) {
	k, ok := course.Of(c.Facts, h)
	if !ok || c.Faulty(h) {
		return
	}
	for _, other := range c.Chain(s.ID) {
		end, ended := other.Ended()
		for _, got := range h.Seen {
			if ended && h.Start.Over().Before(end.From) && got.Asked().After(end.To) && c.Latest(s.App, got.Answered()).Before(k.End.Add(-c.Limit("tolerance.limit.early"))) {
				c.Want(facts.InProgress(got.Status()), "the archive to outlive the automatic one", got.Show("status"), h.Start, got.At)
			}
		}
	}
}

// goesOn checks that the newest automatic archive of a session is in progress when it is next seen after r.
func goesOn(c *check.Case, s *facts.Session, r evidence.Record, expected string) {
	chain := c.Chain(s.ID)
	if len(chain) == 0 {
		c.Blocked(expected, "no automatic archive was ever seen", r)
		return
	}
	next, ok := chain[len(chain)-1].NextSeen(r)
	if ok && facts.Steady(s.Clients, r.Sent(), next.At.Over()) {
		c.Want(facts.InProgress(next.Status()), expected, next.Show("status"), r, next.At)
	}
}
