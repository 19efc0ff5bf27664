package check

import (
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/facts/content"
)

// Excused reports whether a contradiction (not ok) in time may be the harness's fault, because a publisher was late by
// more than half the allowance or by more than tolerance.publisher-late. It then notes the clause as unclear. It never
// excuses a check that holds.
func (c *Case) Excused(ok bool, allow time.Duration, due ...content.Due) bool {
	for _, t := range due {
		if !ok && t.Late > min(allow/2, c.Limit("tolerance.publisher-late")) {
			c.Unclear(fmt.Sprintf("publisher %s stalled for %v", t.Client, t.Late.Round(time.Millisecond)))
			return true
		}
	}
	return false
}

// excuseStalled notes as unclear what contradicts a clause in the files of a scenario in which a publisher stalled for more than
// tolerance.publisher-stall. The machine was too busy for films that say anything about the target.
func (c *Case) excuseStalled() {
	c.notes = slices.DeleteFunc(c.notes, func(n note) bool {
		if n.film == "" {
			return false
		}
		client, late := c.latest(n.film)
		if late <= c.Limit("tolerance.publisher-stall") {
			return false
		}
		c.Unclear(fmt.Sprintf("publisher %s stalled for %v", client, late.Round(time.Millisecond)))
		return true
	})
}

// latest returns the publisher of a scenario that stalled longest, and for how long.
func (c *Case) latest(scenario string) (client string, late time.Duration) {
	for _, r := range c.View.Scenario(scenario).Published().Records {
		if r.Published.Late > late {
			client, late = r.Published.Client, r.Published.Late
		}
	}
	return client, late
}
