package check

import (
	"fmt"
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
