package runner

import (
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/cost"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/runner/progress"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
	"reelcheck/conformance/verdict"
)

// TestStoppedByACap stops a run in the middle of a scenario that has contradicted ARC-START-15, while another has shown all of ARC-AUTH-02. What
// was seen in the first counts for nobody; by regrade too.
func TestStoppedByACap(t *testing.T) {
	p, err := NewPlan(load(t), Selection{Clauses: []string{"ARC-START-15", "ARC-AUTH-02"}}, config.File{Capabilities: []config.Capability{"unified"}})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Out: t.TempDir(), Now: time.Now, Progress: progress.New(t.Output(), false)}
	at := &launch.Target{Credentials: config.Credentials{URL: "http://a"}}
	j, err := evidence.Create(t.TempDir(), evidence.About{Target: o.about(p, at).Head(), Clauses: p.ids()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	accepted := evidence.Record{Scenario: scenarios.Refusals, Label: "start", Exchange: &evidence.Exchange{Operation: evidence.StartArchive, Identity: evidence.AsUnified,
		Request:  evidence.Request{Method: "POST", URL: "http://a/v2/project/p/archive", Body: evidence.Body{Text: "{"}},
		Response: &evidence.Response{Status: 200}}}
	step := func(scenario string, o evidence.Outcome, text string) evidence.Record {
		return evidence.Record{Scenario: scenario, Label: "scenario", Step: &evidence.Step{Outcome: o, Text: text}}
	}
	for _, r := range []evidence.Record{
		step(scenarios.Auth, evidence.Began, ""), step(scenarios.Refusals, evidence.Began, ""),
		step(scenarios.Auth, evidence.Blocked, "session"),
		accepted,
		{Label: "cap", Harness: &evidence.Harness{Kind: evidence.RunStopped, Message: "--max-bytes 9, after 10 bytes sent and received"}},
		step(scenarios.Refusals, evidence.Broken, evidence.Interrupted),
	} {
		if _, err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	over, guarded := make(chan struct{}), make(chan struct{})
	close(over)
	close(guarded)
	r := &run{suite: &suite{plan: p, environment: &environment{target: at, journal: j, done: over}, progress: o.Progress}, options: o, stop: func() {}, guard: &cost.Guard{Done: guarded}}
	if v := r.suite.environment.settled(); slices.Contains(v.Scenarios(), scenarios.Refusals) {
		t.Error("a scenario that was broken off counts as ended")
	}
	for name, got := range map[string]Outcome{"run": r.end(t.Context(), false), "regrade": regraded(t, j.Dir())} {
		outcomes := map[string]verdict.Outcome{}
		for _, c := range got.Report.Clauses {
			outcomes[c.ID] = c.Outcome
		}
		head := got.Report.Headline()
		if outcomes["ARC-START-15"] != verdict.Inconclusive || outcomes["ARC-AUTH-02"] != verdict.Fail || got.Code != verdict.ExitNonConformant {
			t.Errorf("%s: exit %d, %v", name, got.Code, outcomes)
		}
		if !strings.Contains(head, "; stopped by --max-bytes 9, after 10 bytes sent and received") || len(got.Notes) > 0 {
			t.Errorf("%s: %q, %q", name, head, got.Notes)
		}
	}
}

func regraded(t *testing.T, dir string) Outcome {
	t.Helper()
	got, err := Regrade(dir, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestRefusalsOfACutRun: nothing shows that the target accepts a proper start, because the scenario that starts an archive did not end.
func TestRefusalsOfACutRun(t *testing.T) {
	for last, want := range map[evidence.Outcome]verdict.Outcome{evidence.Began: verdict.Inconclusive, evidence.Done: verdict.Fail} {
		dir := bundle(t, evidence.About{Clauses: []string{"ARC-START-15"}}, evidence.Step{Outcome: evidence.Began})
		j, _, err := evidence.Resume(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []evidence.Record{
			{Scenario: scenarios.Refusals, Label: "start", Exchange: &evidence.Exchange{Operation: evidence.StartArchive, Identity: evidence.AsUnified,
				Request:  evidence.Request{Method: "POST", URL: "http://a/v2/project/p/archive", Body: evidence.Body{Text: "{"}},
				Response: &evidence.Response{Status: 400}}},
			{Scenario: scenarios.Pair, Label: "scenario", Step: &evidence.Step{Outcome: last}},
			{Scenario: scenarios.Refusals, Label: "scenario", Step: &evidence.Step{Outcome: evidence.Done}},
		} {
			if _, err := j.Append(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if got := regraded(t, dir).Report.Clauses[0]; got.Outcome != want {
			t.Errorf("composed-pair %s: %s, %q %v, want %s", last, got.Outcome, got.Reason, got.Findings, want)
		}
	}
}
