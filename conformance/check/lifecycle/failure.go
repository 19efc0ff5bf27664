package lifecycle

import (
	"fmt"
	"slices"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
)

// failureChecks are about recordings that fail, and about statuses and requests that leave a choice.
var failureChecks = []check.Check{
	check.New("ARC-STAT-12", failsWhenBroken, scenarios.Broken),
	check.New("ARC-STAT-13", failureReason, scenarios.Broken, scenarios.GivenUp),
	check.New("ARC-STAT-14", beforeFirstPublisher, scenarios.NoPublisher, scenarios.Auth),
	check.New("ARC-START-21", unknownFields, scenarios.Refusals),
}

// failsWhenBroken checks that a recording fails after the faults that the harness armed during it; no recording survives
// them.
func failsWhenBroken(c *check.Case) {
	for _, h := range c.EveryArchive() {
		if !c.Faulty(h) {
			continue
		}
		for _, s := range slices.Concat(h.Seen, h.Hooks) {
			if facts.Final(s.Status()) {
				c.Want(s.Status() == "failed", "failed", s.Show("status"), h.Start, s.At)
			}
		}
	}
}

func failureReason(c *check.Case) {
	const own = "Internal server failure"
	for _, h := range c.EveryArchive() {
		for _, s := range slices.Concat(h.Seen, h.Hooks) {
			switch {
			case s.Status() != "failed":
			case c.Faulty(h):
				c.Want(s.Text("reason") == own, fmt.Sprintf("reason %q", own), s.Show("reason"), s.At)
			default:
				c.Want(s.Text("reason") != "", "a reason", s.Show("reason"), s.At)
			}
		}
	}
}

// beforeFirstPublisher judges reads of archives to which nobody has published and that no limit has ended.
func beforeFirstPublisher(c *check.Case) {
	for _, h := range c.EveryArchive() {
		k, ok := course.Of(c.Facts, h)
		if !ok {
			continue
		}
		end := k.End
		if len(k.Streams) > 0 && k.Streams[0].From.Before(end) {
			end = k.Streams[0].From
		}
		for _, s := range h.Reads() {
			if c.Latest(h.App(), s.Answered()).Before(end.Add(-c.Limit("tolerance.limit.early"))) {
				c.Want(facts.InProgress(s.Status()), "started or paused before the first stream", s.Show("status"), s.At)
			}
		}
	}
}

// unknownFields accepts an archive or a refusal.
func unknownFields(c *check.Case) {
	for _, a := range c.Starts {
		if _, unknown := a.Body["reelcheck"]; !a.Clean() || !unknown { // a field that only the harness sends
			continue
		}
		c.Refused(a.Record, 200)
	}
}
