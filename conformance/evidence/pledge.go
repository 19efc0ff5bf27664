package evidence

import (
	"slices"
	"time"
)

// Pledge is something that a scenario left to be looked at later. The IDs of its record name what was created, and the label
// is the name of the look within the scenario; the application is named as in URLs. A step with the same label and scenario redeems it.
type Pledge struct {
	From    time.Time `json:"from"`    // when it can be looked at
	Clauses []string  `json:"clauses"` // that the look shows
	Needs   string    `json:"needs"`   // in words
}

// Pledges keeps the pledges that no later step redeems, in the order in which they fall due.
func (v View) Pledges() View {
	redeemed := func(p Record) bool {
		return slices.ContainsFunc(v.Records, func(r Record) bool {
			return r.Step != nil && r.Seq > p.Seq && r.Scenario == p.Scenario && r.Label == p.Label
		})
	}
	open := v.Where(func(r *Record) bool { return r.Pledge != nil && !redeemed(*r) })
	slices.SortStableFunc(open.Records, func(a, b Record) int { return a.Pledge.From.Compare(b.Pledge.From) })
	return open
}
