package report

import (
	"fmt"
	"strings"

	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Profile is the scorecard of one profile of the ledger. What only a reference server can show counts in the profile full
// alone, so that it does not make another server look poor.
type Profile struct {
	Name    string         `json:"name"`
	Text    string         `json:"text"`
	Clauses int            `json:"clauses"` // of the ledger, without excluded ones
	Judged  int            `json:"judged"`  // of these: those that passed or failed
	Counts  verdict.Counts `json:"counts"`  // of the clauses that the run selected
	// Musts counts the failed demands: a profile with none, and without inconclusive clauses, is kept.
	Musts int `json:"failedMusts"`
}

// Coverage returns how many clauses of the profile were judged, as in "51 of 190". A run that selects judges few of the larger profiles.
func (p Profile) Coverage() string { return fmt.Sprintf("%d of %d", p.Judged, p.Clauses) }

// scorecards counts the verdicts of each profile.
func scorecards(ledger spec.Ledger, verdicts []verdict.Verdict) []Profile {
	var out []Profile
	for _, p := range ledger.Profiles {
		card := Profile{Name: p.Name, Text: p.Text}
		for _, cl := range ledger.Clauses {
			if cl.Verify != spec.Excluded && p.Holds(cl) {
				card.Clauses++
			}
		}
		var held []verdict.Verdict
		for _, v := range verdicts {
			cl, ok := ledger.Clause(v.Clause)
			if !ok || !p.Holds(cl) {
				continue
			}
			held = append(held, v)
			if v.Outcome == verdict.Fail && cl.Level == spec.Must {
				card.Musts++
			}
		}
		card.Counts = verdict.Count(held)
		card.Judged = card.Counts.Passed + card.Counts.Failed
		out = append(out, card)
	}
	return out
}

// Coverage returns a line that says how many clauses were not judged though the target declares what they need, or "".
func (r *Report) Coverage() string {
	c := r.Counts
	if c.Pending+c.Pledged == 0 {
		return ""
	}
	var why []string
	if c.Pending > 0 {
		why = append(why, text.Number(c.Pending, "would take longer than the run may wait, or has no check yet", "would take longer than the run may wait, or have no check yet"))
	}
	if c.Pledged > 0 {
		why = append(why, text.Number(c.Pledged, "is pledged", "are pledged"))
	}
	verb := "are"
	if c.Pending+c.Pledged == 1 {
		verb = "is"
	}
	return fmt.Sprintf("%d of %s %s not judged: %s", c.Pending+c.Pledged, text.Number(c.Total()-c.NotApplicable, "clause", "clauses"), verb, strings.Join(why, "; "))
}
