package sessions

import (
	"fmt"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
)

var simultaneousChecks = []check.Check{
	check.New("ARC-SIM-01", check.In(scenarios.Simultaneous), severalAtOnce),
	check.New("ARC-SIM-02", check.In(scenarios.Simultaneous), tagsUnique),
	check.New("ARC-SIM-05", check.In(scenarios.Automatic), besideAutomatic),
	check.New("ARC-SIM-06", check.In(scenarios.Automatic), endsApart),
	check.New("ARC-SIM-08", check.In(scenarios.Simultaneous), bothRecord),
}

func tagged(h *check.History) bool { return h.Request.Text("multiArchiveTag") != "" }

// severalAtOnce: both record, and each has a file of its own with all there is to see and hear.
func severalAtOnce(c *check.Case) {
	bothRecord(c)
	edge := c.Limit("tolerance.stream-edge").Seconds()
	keys := map[string]string{}
	for _, x := range c.Exhibits() {
		if !tagged(x.History) {
			continue
		}
		for _, o := range x.Objects {
			other, known := keys[o.Object.Key]
			c.Want(!known || other == x.ID, "a file of its own for archive "+x.ID, "the file of archive "+other, o)
			keys[o.Object.Key] = x.ID
		}
		for _, t := range x.Takes {
			if spans := x.Showing(t); t.Kept && !c.Excused(t.Missing(spans, edge) < check.Blink, c.Limit("tolerance.stream-edge"), t) {
				c.Want(t.Missing(spans, edge) < check.Blink, fmt.Sprintf("%s of %s from %.1f to %.1f s in archive %s", t.Kind, t.Client, t.From, t.To, check.Short(x.ID)), check.Describe(spans), x.R, t.R)
			}
		}
	}
}

// bothRecord looks at the first of two archives of a session after the second has started, and at the second.
func bothRecord(c *check.Case) {
	for _, second := range c.StartedArchives() {
		for _, first := range c.StartedArchives() {
			if first == second || !tagged(first) || !tagged(second) || first.Start.IDs[evidence.Session] != second.Start.IDs[evidence.Session] ||
				!check.Over(first.Start).Before(check.Sent(second.Start)) || first.EndedBefore(second.Start) {
				continue
			}
			for _, h := range []*check.History{first, second} {
				if s, ok := h.NextSeen(second.Start); ok && !h.StoppedBetween(second.Start, s.At) {
					c.Want(check.InProgress(s.Status()), "two archives in progress", s.Show("status"), first.Start, second.Start, s.At)
				}
			}
		}
	}
}

func tagsUnique(c *check.Case) {
	for i, a := range c.Starts {
		tag := a.Body.Text("multiArchiveTag")
		switch {
		case tag == "":
		case a.Only(check.FlawTag) && c.StartsAtAll(a.Record):
			c.Status(a.Record, 409)
		case a.Clean() && usedBefore(c, c.Starts[:i], a):
			c.Status(a.Record, 200)
		}
	}
}

func usedBefore(c *check.Case, earlier []check.Asked, a check.Asked) bool {
	for _, b := range earlier {
		if b.Clean() && b.Body.Text("sessionId") == a.Body.Text("sessionId") && b.Body.Text("multiArchiveTag") == a.Body.Text("multiArchiveTag") {
			return true
		}
	}
	return false
}

// besideAutomatic: with a tag a start is accepted and the automatic archive goes on, without one it is refused.
func besideAutomatic(c *check.Case) {
	for _, a := range c.Starts {
		s := c.Sessions[a.Body.Text("sessionId")]
		switch {
		case s == nil || !s.Auto:
		case a.Only(check.FlawAutomatic) && c.StartsAtAll(a.Record):
			c.Status(a.Record, 409)
		case a.Clean():
			if c.Status(a.Record, 200) {
				goesOn(c, s, a.Record, "the automatic archive to go on")
			}
		}
	}
}

// endsApart: the end of a started archive is not that of the automatic one.
func endsApart(c *check.Case) {
	for _, h := range c.StartedArchives() {
		s := c.Sessions[h.Start.IDs[evidence.Session]]
		stop, ok := h.FirstStop()
		if s == nil || !s.Auto || !ok || !c.Status(stop, 200) {
			continue
		}
		goesOn(c, s, stop, "the automatic archive to outlive the stop of the other")
	}
}

// goesOn wants the newest automatic archive of a session in progress when it is next seen after r.
func goesOn(c *check.Case, s *check.Session, r evidence.Record, expected string) {
	chain := chain(c, s.ID)
	if len(chain) == 0 {
		c.Blocked(expected, "no automatic archive was ever seen", r)
		return
	}
	next, ok := chain[len(chain)-1].NextSeen(r)
	if ok && clientsSteady(c, s, r, next.At) {
		c.Want(check.InProgress(next.Status()), expected, next.Show("status"), r, next.At)
	}
}

func clientsSteady(c *check.Case, s *check.Session, from, to evidence.Record) bool {
	return check.Steady(s.Clients, check.Sent(from), check.Over(to))
}
