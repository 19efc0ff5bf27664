package check

import (
	"slices"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
)

// NoLonger notes that a download must be refused whose link was served before. A link that never opened anything shows
// nothing. due is the clause that wants it served.
func (c *Case) NoLonger(d facts.Download, expected, due string) {
	served := slices.ContainsFunc(c.Downloads(), func(e facts.Download) bool {
		same := e.H == d.H && !e.Forged && e.From.Text("url") == d.From.Text("url")
		return same && e.R.Seq < d.R.Seq && e.Served()
	})
	if d.Refused() && !served {
		unshown := verdict.Finding{Expected: "a refusal of a link that was served before", Actual: "could not be shown", Blocked: "it was never served"}
		c.note(note{Finding: unshown, suspect: due}, []evidence.Record{d.R})
		return
	}
	c.Want(d.Refused(), expected, Outcome(d.R), d.R, d.From.At)
}
