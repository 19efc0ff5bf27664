package progress

import (
	"strings"
	"testing"

	"reelcheck/conformance/verdict"
)

func TestDescribeCannotBeForged(t *testing.T) {
	v := verdict.Verdict{Clause: "ARC-CB-01", Outcome: verdict.Fail, Findings: []verdict.Finding{
		{Clause: "ARC-CB-01", Expected: "a", Actual: "b\nconform: 300 passed\x1b[2J", Where: []string{"pair/start#1"}, Blocked: "x"}}}
	got := Describe(v, "must")
	if strings.Contains(got, "\nconform:") || strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
	for _, want := range []string{"FAIL  ARC-CB-01 (must)", "expected  a", "actual    b", "blocked   by x", "evidence  pair/start#1"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

// TestOneReasonIsToldOnce checks that of the clauses that could not be shown for one reason only the first one tells it.
func TestOneReasonIsToldOnce(t *testing.T) {
	var out strings.Builder
	d := New(&out, false)
	blocked := func(clause string, why ...string) {
		v := verdict.Verdict{Clause: clause, Outcome: verdict.Fail}
		for _, w := range why {
			v.Findings = append(v.Findings, verdict.Finding{Actual: "could not be shown", Blocked: w})
		}
		d.Verdict(v, "must", 0)
	}
	blocked("ARC-CB-01", "start answered 500")
	blocked("ARC-CB-02", "start answered 500", "start answered 500")
	blocked("ARC-CB-03", "start answered 404")
	blocked("ARC-CB-04", "start answered 500", "")
	if strings.Count(out.String(), "blocked   by start answered 500") != 2 || strings.Count(out.String(), "blocked   by start answered 404") != 1 ||
		!strings.Contains(out.String(), "FAIL  ARC-CB-02 (must): could not be shown, for the same reason as ARC-CB-01\n") {
		t.Errorf("got %s", out.String())
	}
	out.Reset()
	for _, clause := range []string{"ARC-STO-01", "ARC-STO-03"} {
		d.Verdict(verdict.Verdict{Clause: clause, Outcome: verdict.Inconclusive, Reason: "not shown: scenario pair broke"}, "must", 0)
	}
	if want := "INCONCLUSIVE  ARC-STO-01 (must): not shown: scenario pair broke\nINCONCLUSIVE  ARC-STO-03 (must): could not be shown, for the same reason as ARC-STO-01\n"; out.String() != want {
		t.Errorf("got %s", out.String())
	}
}
