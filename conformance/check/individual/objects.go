package individual

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
)

// objectChecks are about answers and callbacks, and about requests that only composed archives allow.
var objectChecks = []check.Check{
	check.New("ARC-CB-15", check.In(scenarios.Captures), noResolution(func(h *check.History) []check.Sighting { return h.Hooks })),
	check.New("ARC-RES-11", check.In(scenarios.Captures), noResolution(func(h *check.History) []check.Sighting { return h.Seen })),
	check.New("ARC-START-23", check.In(scenarios.Refusals), refusalsNamed),
	check.New("ARC-LAY-15", check.In(scenarios.Refusals), layoutRefused),
	check.New("ARC-LAY-16", check.In(scenarios.Kinds), layoutCallRefused),
	check.New("ARC-SEC-10", check.In(scenarios.Encryption), refusedOrSealed),
}

func noResolution(of func(*check.History) []check.Sighting) func(*check.Case) {
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

// composedOnly are the settings of composed archives, by what is wrong with giving them for an individual one.
var composedOnly = []struct{ flaw, member string }{
	{check.FlawIndResolution, "resolution"}, {check.FlawIndBitrate, "maxBitrate"}, {check.FlawIndQP, "quantizationParameter"}, {check.FlawIndLayout, "layout"},
}

func refusalsNamed(c *check.Case) {
	for _, a := range c.Starts {
		for _, o := range composedOnly {
			if a.Only(o.flaw) && c.StartsAtAll(a.Record) {
				c.Want(refused(a.Record) && strings.Contains(check.AnswerText(a.Record), o.member), "a refusal that names "+o.member, check.Outcome(a.Record), a.Record)
			}
		}
	}
}

func refused(r evidence.Record) bool { return r.Exchange.Status()/100 == 4 }

func layoutRefused(c *check.Case) {
	for _, a := range c.Starts {
		if a.Only(check.FlawIndLayout) && c.StartsAtAll(a.Record) {
			c.Want(refused(a.Record), "a refusal, 400 preferred", check.Outcome(a.Record), a.Record)
		}
	}
}

func layoutCallRefused(c *check.Case) {
	for _, r := range c.Calls("setArchiveLayout") {
		h := c.ByID[check.ArchiveInPath(r)]
		if h == nil || !h.IsIndividual() || !c.Sound(r) {
			continue
		}
		c.Want(slices.Contains([]int{400, 409}, r.Exchange.Status()), "400 or 409", check.Outcome(r), r)
		if next, ok := h.NextSeen(r); ok && !h.StoppedBetween(r, next.At) {
			c.Want(check.InProgress(next.Status()), "the archive to go on", fmt.Sprint(next.Show("status")), r, next.At)
		}
	}
}
