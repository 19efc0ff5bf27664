package runner

import (
	"bytes"
	"strings"
	"testing"

	"reelcheck/conformance/runner/progress"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/verdict"
)

// TestChangedVerdictsAreTold checks that the end of a run says of each verdict what it was when it was told, and what it follows
// from now.
func TestChangedVerdictsAreTold(t *testing.T) {
	early := map[string]verdict.Verdict{"ARC-CB-01": {Outcome: verdict.Fail}, "ARC-CB-02": {Outcome: verdict.Pass}, "ARC-CB-03": {Outcome: verdict.Pass}}
	got := changed(early, []verdict.Verdict{{Clause: "ARC-CB-01", Outcome: verdict.Inconclusive, BlockedBy: []string{"ARC-STAT-01"}}, {Clause: "ARC-CB-02", Outcome: verdict.Fail},
		{Clause: "ARC-CB-03", Outcome: verdict.Pass}, {Clause: "ARC-CB-04", Outcome: verdict.Fail}})
	want := []string{"2 verdicts have changed since they were told, because all evidence is in now:",
		"  ARC-CB-01 was fail, and is blocked by ARC-STAT-01", "  ARC-CB-02 was pass, and is fail"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", got)
	}
	if got := changed(early, nil); got != nil {
		t.Errorf("nothing has changed: %q", got)
	}
}

// TestFailureThatMayBeExplainedSaysSo checks that a card which may be taken back says so.
func TestFailureThatMayBeExplainedSaysSo(t *testing.T) {
	p, err := NewPlan(load(t), Selection{Clauses: []string{"ARC-STAT-01", "ARC-CB-01"}}, everything(config.Virtual))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c := &suite{plan: p, progress: progress.New(&out, false), verdicts: map[string]verdict.Verdict{}}
	effect, _ := p.Ledger.Clause("ARC-CB-01")
	failed := verdict.Verdict{Clause: effect.ID, Outcome: verdict.Fail}
	if c.progress.Verdict(failed, "must", c.open(effect)); !strings.Contains(out.String(), "so far    1 clause that may explain it is not judged yet\n") {
		t.Errorf("got %q", &out)
	}
	c.verdicts["ARC-STAT-01"] = verdict.Verdict{Outcome: verdict.Pass}
	out.Reset()
	if c.progress.Verdict(failed, "must", c.open(effect)); strings.Contains(out.String(), "so far") {
		t.Errorf("all causes are judged: %q", &out)
	}
}
