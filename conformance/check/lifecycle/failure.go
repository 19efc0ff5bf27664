package lifecycle

import (
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
)

// failureChecks are about recordings that fail, and statuses and requests that leave a choice.
var failureChecks = []check.Check{
	check.New("ARC-STAT-12", failsWhenBroken, scenarios.Broken),
	check.New("ARC-STAT-13", failureReason, scenarios.Broken, scenarios.GivenUp),
	check.New("ARC-STAT-14", beforeFirstPublisher, scenarios.NoPublisher, scenarios.Auth),
	check.New("ARC-START-21", unknownFields, scenarios.Refusals),
}

// failsWhenBroken: no recording survives the faults that the harness arms while it lasts.
func failsWhenBroken(c *check.Case) {
	for _, h := range c.StartedArchives() {
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
	for _, h := range c.StartedArchives() {
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

// beforeFirstPublisher reads archives to which nobody has published, and that no limit has ended.
func beforeFirstPublisher(c *check.Case) {
	for _, h := range c.StartedArchives() {
		k, ok := course.Of(c.Facts, h)
		if !ok {
			continue
		}
		end := k.End
		if len(k.Streams) > 0 && k.Streams[0].From.Before(end) {
			end = k.Streams[0].From
		}
		for _, s := range h.Reads() {
			if c.Latest(h.App(), s.Answered()).Before(end.Add(-time.Second)) {
				c.Want(facts.InProgress(s.Status()), "started or paused before the first stream", s.Show("status"), s.At)
			}
		}
	}
}

// unknownFields: an answer of the target's choice, but an answer.
func unknownFields(c *check.Case) {
	for _, a := range c.Starts {
		if _, unknown := a.Body["reelcheck"]; !a.Clean() || !unknown { // the harness's own field
			continue
		}
		status := a.Exchange.Status()
		c.Want(status == 200 || status == 400, "an archive, or 400", check.Outcome(a.Record), a.Record)
	}
}
