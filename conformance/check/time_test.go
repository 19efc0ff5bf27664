package check

import (
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// TestWaitsThatAreNotMade judges a clause for which the run did not wait.
func TestWaitsThatAreNotMade(t *testing.T) {
	step := func(seq int64, label string, s evidence.Step) evidence.Record {
		return evidence.Record{Seq: seq, Scenario: "cloud", Label: label, Step: &s}
	}
	done := step(3, "scenario", evidence.Step{Outcome: evidence.Done})
	unwaited := step(1, "expiry.unwaited", evidence.Step{Outcome: evidence.Unwaited, Text: "needs a wait of 72h; --longest-wait is 5m", Clauses: []string{"ARC-STAT-11"}})
	pledge := evidence.Record{Seq: 2, Scenario: "cloud", Label: "expiry",
		Pledge: &evidence.Pledge{From: time.Date(2026, 12, 2, 12, 0, 0, 0, time.UTC), Clauses: []string{"ARC-STAT-11"}}}
	made := step(1, "made", evidence.Step{Outcome: evidence.Unmet, BlockedBy: "control", Text: "only the control API can show it", Clauses: []string{"ARC-STAT-11"}})
	unmet := evidence.Record{Seq: 5, Scenario: "another", Label: "scenario", Step: &evidence.Step{Outcome: evidence.Unmet, BlockedBy: "control", Text: "only the control API can show it"}}
	role := evidence.Record{Seq: 6, Scenario: "cloud", Label: "scenario", Step: &evidence.Step{Outcome: evidence.Unmet, BlockedBy: "application cloud", Text: "it takes an application"}}
	for name, c := range map[string]struct {
		records []evidence.Record
		judge   func(*Case)
		id      string
		outcome verdict.Outcome
		reason  string
		time    string
	}{
		"not at all":        {[]evidence.Record{step(1, "scenario", evidence.Step{Outcome: evidence.Unwaited, Text: "needs a wait of 4h30m"})}, nil, "ARC-DUR-03", verdict.Pending, "needs a wait of 4h30m", "real"},
		"in part":           {[]evidence.Record{unwaited, done}, nil, "ARC-STAT-11", verdict.Pending, "needs a wait of 72h; --longest-wait is 5m", "real"},
		"for other clauses": {[]evidence.Record{unwaited, done}, nil, "ARC-STAT-15", verdict.Inconclusive, "left no evidence", "real"},
		"shown in part":     {[]evidence.Record{unwaited, done}, func(c *Case) { c.Unclear("only before") }, "ARC-STAT-11", verdict.Pending, "72h", "real"},
		"wrong":             {[]evidence.Record{unwaited, done}, func(c *Case) { c.Wrong("a", "b") }, "ARC-STAT-11", verdict.Fail, "", "real"},
		"pledged":           {[]evidence.Record{unwaited, pledge, done}, nil, "ARC-STAT-11", verdict.Pledged, "can be looked at from 2026-12-02T12:00:00Z", "deferred"},
		"redeemed": {[]evidence.Record{unwaited, pledge, done, step(4, "expiry", evidence.Step{Outcome: evidence.Done})}, func(c *Case) { c.Saw(done) },
			"ARC-STAT-11", verdict.Pass, "", "deferred"},
		"in part, besides what the suite makes": {[]evidence.Record{unwaited, done, unmet}, nil, "ARC-STAT-11", verdict.Pending, "72h", "real"},
		"made by the suite only":                {[]evidence.Record{made, done, unmet}, nil, "ARC-STAT-11", verdict.NotApplicable, "only the control API", "virtual"},
		"what a person prepares":                {[]evidence.Record{unmet, role}, nil, "ARC-STAT-11", verdict.NotApplicable, "it takes an application", "virtual"},
		"others made by the suite":              {[]evidence.Record{made, done}, nil, "ARC-STAT-15", verdict.Inconclusive, "left no evidence", "virtual"},
		"broken":                                {[]evidence.Record{unwaited, step(3, "scenario", evidence.Step{Outcome: evidence.Broken, Text: "no disk"})}, nil, "ARC-STAT-11", verdict.Inconclusive, "no disk", "real"},
		"steered":                               {[]evidence.Record{done}, func(c *Case) { c.Saw(done) }, "ARC-STAT-11", verdict.Pass, "", "virtual"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.judge == nil {
				c.judge = func(*Case) {}
			}
			shown := []string{"cloud"}
			if slices.ContainsFunc(c.records, func(r evidence.Record) bool { return r.Scenario == "another" }) {
				shown = append(shown, "another")
			}
			cl := spec.Clause{ID: c.id, Verify: spec.Checks, Time: spec.Virtual, Wait: 72 * time.Hour}
			v := Grade(facts.Sort(ledger(t), evidence.View{}.With(c.records)), cl, []string{"control"}, New(c.id, c.judge, shown...), Causes{})
			if v.Outcome != c.outcome || !strings.Contains(v.Reason, c.reason) || strings.Contains(v.Reason, "; or only") || strings.HasPrefix(v.Reason, "only the control API can show it; or") || v.Time != c.time {
				t.Errorf("%s, %q, time %s; want %s, %q, time %s", v.Outcome, v.Reason, v.Time, c.outcome, c.reason, c.time)
			}
		})
	}
}
