package check

import (
	"slices"

	"reelcheck/conformance/facts"
)

// NoLonger notes that a download must be refused whose link was served before. A link that never opened anything shows
// nothing.
func (c *Case) NoLonger(d facts.Download, expected string) {
	served := slices.ContainsFunc(c.Downloads(), func(e facts.Download) bool {
		same := e.H == d.H && !e.Forged && e.From.Text("url") == d.From.Text("url")
		return same && e.R.Seq < d.R.Seq && e.R.Exchange.Status()/100 == 2
	})
	if d.Refused() && !served {
		c.Blocked("a refusal of a link that was served before", "it was never served", d.R)
		return
	}
	c.Want(d.Refused(), expected, Outcome(d.R), d.R, d.From.At)
}
