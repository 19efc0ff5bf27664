package check

import (
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// TestStalledPublishersExcuseFilms judges what a file and an answer show, in a scenario whose publisher was late.
func TestStalledPublishersExcuseFilms(t *testing.T) {
	l := ledger(t)
	limit := facts.Sort(l, evidence.View{}).Limit("tolerance.publisher-stall")
	film := evidence.Record{Seq: 2, Scenario: "layouts", Media: &evidence.Media{}}
	answer := evidence.Record{Seq: 3, Scenario: "layouts", Exchange: &evidence.Exchange{}}
	for name, c := range map[string]struct {
		late     time.Duration
		scenario string // of the publisher
		at       evidence.Record
		want     verdict.Outcome
	}{
		"a file":                           {limit + time.Millisecond, "layouts", film, verdict.Inconclusive},
		"a file, a publisher less late":    {limit, "layouts", film, verdict.Fail},
		"a file, a publisher of elsewhere": {limit + time.Millisecond, "screens", film, verdict.Fail},
		"an answer":                        {limit + time.Millisecond, "layouts", answer, verdict.Fail},
	} {
		view := evidence.View{}.With([]evidence.Record{{Seq: 1, Scenario: c.scenario, Published: &evidence.Published{Client: "alice", Late: c.late}}})
		ch := Check{Clause: "ARC-LAY-01", Shown: []string{"layouts"}, Judge: func(to *Case) { to.Wrong("a", "b", c.at) }}
		if v := Grade(facts.Sort(l, view), spec.Clause{ID: ch.Clause, Verify: spec.Checks}, nil, ch, Causes{}); v.Outcome != c.want {
			t.Errorf("%s: %s, want %s", name, v.Outcome, c.want)
		}
	}
}
