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
