package runner

import (
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/report"
	"reelcheck/conformance/verdict"
)

// TestGrading checks that an outcome counts faults of the suite, and excuses that are stale, wherever the evidence comes from.
func TestGrading(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	excuses, err := report.ParseBaseline([]byte("- {clause: ARC-START-01, reason: r, owner: o, expires: 2026-12-31}"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		verdict  verdict.Verdict
		baseline []report.Excuse
		code     int
	}{
		"kept":    {verdict.Verdict{Clause: "ARC-START-01", Outcome: verdict.Pass}, nil, verdict.ExitConformant},
		"broken":  {verdict.Verdict{Clause: "ARC-START-01", Outcome: verdict.Fail}, nil, verdict.ExitNonConformant},
		"excused": {verdict.Verdict{Clause: "ARC-START-01", Outcome: verdict.Fail}, excuses, verdict.ExitConformant},
		"stale":   {verdict.Verdict{Clause: "ARC-START-01", Outcome: verdict.Pass}, excuses, verdict.ExitNonConformant},
		"fault":   {verdict.Verdict{Clause: "ARC-START-01", Outcome: verdict.Inconclusive, Fault: true}, nil, verdict.ExitHarness},
	} {
		g := grading{ledger: load(t), verdicts: []verdict.Verdict{c.verdict}, view: evidence.View{}, baseline: c.baseline, asOf: now}
		if got := g.outcome(); got.Code != c.code || got.Report.Run.ExitCode != c.code {
			t.Errorf("%s: exit code %d, in the report %d, want %d", name, got.Code, got.Report.Run.ExitCode, c.code)
		}
	}
}

// TestBrokenOff checks that a scenario that the target blocked is no conformant run, though every clause has its proof, and that the report says
// so. A known failure says why.
func TestBrokenOff(t *testing.T) {
	blocked := evidence.Record{Scenario: scenarios.Pair, Label: "scenario", Step: &evidence.Step{Outcome: evidence.Blocked, Text: "no answer"}}
	for outcome, want := range map[verdict.Outcome]int{verdict.Pass: verdict.ExitInconclusive, verdict.Fail: verdict.ExitConformant} {
		g := grading{ledger: load(t), verdicts: []verdict.Verdict{{Clause: "ARC-START-01", Outcome: outcome}}, view: evidence.View{}.With([]evidence.Record{blocked})}
		if outcome == verdict.Fail {
			g.baseline = []report.Excuse{{Clause: "ARC-START-01", Reason: "known", Owner: "us", Expires: report.Date{Day: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)}}}
		}
		got := g.outcome()
		if said := strings.Contains(got.Report.Run.BrokenOff, "no answer"); got.Code != want || said != (outcome == verdict.Pass) {
			t.Errorf("%s: exit code %d, %q; want %d", outcome, got.Code, got.Report.Run.BrokenOff, want)
		}
	}
}

// TestNoVerdictWithoutTheAdapter checks that nothing is said about a target whose clients failed: neither by the exit code nor by the headline.
func TestNoVerdictWithoutTheAdapter(t *testing.T) {
	v := evidence.View{Records: []evidence.Record{{Harness: &evidence.Harness{Kind: evidence.AdapterEnded, Message: "the adapter ended: exit status 3"}}}}
	for _, o := range []verdict.Outcome{verdict.Pass, verdict.Fail} {
		got := grading{ledger: load(t), verdicts: []verdict.Verdict{{Clause: "ARC-START-11", Outcome: o}}, view: v}.outcome()
		r := got.Report
		if got.Code != verdict.ExitInconclusive || r.Run.Died != "" || r.Headline() != "No verdict: the adapter of the clients failed" || !strings.Contains(r.First(), "the adapter ended: exit status 3") {
			t.Errorf("%s: exit %d, %q, %q", o, got.Code, r.Headline(), r.First())
		}
	}
}

// TestNoArchive checks that a run counts as one in which nothing could be recorded only if something was to be recorded, and
// never was.
func TestNoArchive(t *testing.T) {
	step := func(name string, o evidence.Outcome) evidence.Record {
		return evidence.Record{Scenario: name, Label: "scenario", Step: &evidence.Step{Outcome: o, Text: "why"}}
	}
	started := evidence.Record{Scenario: scenarios.Pair, Exchange: &evidence.Exchange{Operation: evidence.StartArchive,
		Response: &evidence.Response{Status: 200, Body: evidence.Body{Text: `{"id":"a","sessionId":"s"}`}}}}
	denied := evidence.Record{Scenario: scenarios.Pair, Exchange: &evidence.Exchange{Operation: evidence.CreateSession, Identity: evidence.AsUnified,
		Response: &evidence.Response{Status: 403}}}
	listed, flawed := denied, denied
	listed.Exchange = &evidence.Exchange{Operation: evidence.ListArchives, Identity: evidence.AsUnified, Response: &evidence.Response{Status: 200}}
	flawed.Exchange = &evidence.Exchange{Operation: evidence.ListArchives, Identity: evidence.AsUnified, Flaw: "expired", Response: &evidence.Response{Status: 500}}
	for name, c := range map[string]struct {
		records []evidence.Record
		want    string
	}{
		"the credentials were refused": {[]evidence.Record{denied, flawed, step(scenarios.Pair, evidence.Blocked)}, "scenario " + scenarios.Pair + ": why. The target refuses the credentials: " +
			"it answered every call with 403; are applicationId and privateKeyFile those of the target file's application?"},
		"some of them were not":        {[]evidence.Record{denied, listed, step(scenarios.Pair, evidence.Blocked)}, "scenario " + scenarios.Pair + ": why"},
		"nothing was recorded":         {[]evidence.Record{step(scenarios.Auth, evidence.Done), step(scenarios.Pair, evidence.Blocked)}, "scenario " + scenarios.Pair + ": why"},
		"nothing was to be recorded":   {[]evidence.Record{step(scenarios.Pair, evidence.Unmet)}, ""},
		"it was, and then was blocked": {[]evidence.Record{started, step(scenarios.Pair, evidence.Blocked)}, ""},
		"it died":                      {[]evidence.Record{step(scenarios.Pair, evidence.Blocked), {Harness: &evidence.Harness{Kind: evidence.TargetEnded}}}, ""},
	} {
		if got := noArchive(evidence.View{Records: c.records}); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
