package check

import (
	"fmt"
	"time"

	"reelcheck/conformance/facts/content"
)

// Stalled is how late a publisher may send before the harness calls it trouble of its own: then the machine has no time for
// the target either.
const Stalled = 300 * time.Millisecond

// Excused notes a contradiction in time as trouble of the harness when a publisher
// was late by more than it is about, or stalled. What holds in spite of that, holds.
func (c *Case) Excused(ok bool, allow time.Duration, due ...content.Due) bool {
	for _, t := range due {
		if !ok && t.Late > min(allow/2, Stalled) {
			c.Unclear(fmt.Sprintf("publisher %s stalled for %v", t.Client, t.Late.Round(time.Millisecond)))
			return true
		}
	}
	return false
}
