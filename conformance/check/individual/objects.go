package individual

import (
	"fmt"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/flaw"
)

// objectChecks are about answers and callbacks, and about requests that only composed archives allow.
var objectChecks = []check.Check{
	check.New("ARC-CB-15", noResolution(func(h *facts.History) []facts.Sighting { return h.Hooks }), scenarios.Captures),
	check.New("ARC-RES-11", noResolution(func(h *facts.History) []facts.Sighting { return h.Seen }), scenarios.Captures),
	check.New("ARC-START-23", refusalsNamed, scenarios.Refusals),
	check.New("ARC-LAY-15", layoutRefused, scenarios.Refusals),
	check.New("ARC-LAY-16", layoutCallRefused, scenarios.Kinds),
	check.New("ARC-SEC-10", refusedOrSealed, scenarios.Encryption),
}

func noResolution(of func(*facts.History) []facts.Sighting) func(*check.Case) {
	return func(c *check.Case) {
		for _, h := range c.StartedArchives() {
			if !h.IsIndividual() {
				continue
			}
			for _, s := range of(h) {
				_, there := s.Object["resolution"]
				c.Want(!there, "no resolution", s.Show("resolution"), s.At)
			}
		}
		c.SilentHooks()
	}
}

// composedOnly lists the settings that only composed archives have, with the flaw of a request that gives one for an
// individual archive.
// The clause demands the refusal.
var composedOnly = []struct{ flaw, member, clause string }{
	{flaw.IndResolution, "resolution", "ARC-RES-09"}, {flaw.IndBitrate, "maxBitrate", "ARC-RATE-11"},
	{flaw.IndQP, "quantizationParameter", "ARC-RATE-12"}, {flaw.IndLayout, "layout", "ARC-LAY-15"},
}

func refusalsNamed(c *check.Case) {
	for _, a := range c.Starts {
		for _, o := range composedOnly {
			if !a.Only(o.flaw) || !c.StartsAtAll(a.Record) {
				continue
			}
			if a.Exchange.Status()/100 == 2 {
				c.Follows(o.clause, "a refusal that names "+o.member, check.Outcome(a.Record), a.Record)
			} else {
				c.Want(refused(a.Record) && strings.Contains(facts.AnswerText(a.Record), o.member), "a refusal that names "+o.member, check.Outcome(a.Record), a.Record)
			}
		}
	}
}

func refused(r evidence.Record) bool { return r.Exchange.Status()/100 == 4 }

func layoutRefused(c *check.Case) {
	for _, a := range c.Starts {
		if a.Only(flaw.IndLayout) && c.StartsAtAll(a.Record) {
			c.Want(refused(a.Record), "a refusal, 400 preferred", check.Outcome(a.Record), a.Record)
		}
	}
}

func layoutCallRefused(c *check.Case) {
	for _, r := range c.Calls(evidence.SetArchiveLayout) {
		h := c.ByID[r.ArchiveInPath()]
		if h == nil || !h.IsIndividual() || !c.Sound(r) {
			continue
		}
		c.Refused(r)
		if next, ok := h.NextSeen(r); ok && !h.StoppedBetween(r, next.At) {
			c.Want(facts.InProgress(next.Status()), "the archive to go on", fmt.Sprint(next.Show("status")), r, next.At)
		}
	}
}
