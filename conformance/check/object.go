package check

import (
	"slices"
	"strings"

	"reelcheck/conformance/facts"
)

// Keyed notes whether the objects of an archive have a key that the archive may have.
func (c *Case) Keyed(h *facts.History) {
	want := c.Keys(h)
	for _, r := range h.Stored(false) {
		c.Want(slices.Contains(want, r.Object.Key), "key "+strings.Join(want, " or "), r.Object.Key, r)
	}
}
