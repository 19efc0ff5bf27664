package trial

import (
	"maps"
	"slices"
	"testing"

	"reelcheck/conformance/report"
	"reelcheck/conformance/verdict"
)

func TestFailed(t *testing.T) {
	finding := func(blocked string) []verdict.Finding {
		return []verdict.Finding{{Expected: "a", Actual: "b", Blocked: blocked}}
	}
	r := &report.Report{Clauses: []report.Clause{
		{ID: "1", Outcome: verdict.Fail, Findings: finding("")},
		{ID: "2", Outcome: verdict.Fail, Findings: finding("start")},
		{ID: "3", Outcome: verdict.Fail, Findings: append(finding("start"), finding("")...)},
		{ID: "4", Outcome: verdict.Inconclusive, Findings: finding("")},
		{ID: "5", Outcome: verdict.Pass},
	}}
	got := Failed(r)
	if ids := slices.Sorted(maps.Keys(got)); !slices.Equal(ids, []string{"1", "3"}) || got["1"] != "expected a, actual b" {
		t.Errorf("failed %v, want 1 and 3", got)
	}
}
