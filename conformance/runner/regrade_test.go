package runner

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/report"
	"reelcheck/conformance/verdict"
)

// bundle writes a bundle whose scenario ended, if it did, with these steps.
func bundle(t *testing.T, head evidence.About, steps ...evidence.Step) string {
	t.Helper()
	dir := t.TempDir()
	head.Target = report.Target{URL: "http://127.0.0.1:1", Capabilities: []string{"unified"}}.Head()
	j, err := evidence.Create(dir, head, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if _, err := j.Append(evidence.Record{Scenario: scenarios.Refusals, Label: "scenario", Step: &s}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRegradeKeepsTheSelection(t *testing.T) {
	all := len(load(t).Clauses)
	dir := bundle(t, evidence.About{Selection: []string{"START"}, Clauses: []string{"ARC-START-01", "ARC-START-02"}}, evidence.Step{Outcome: evidence.Began}, evidence.Step{Outcome: evidence.Done})
	got, err := Regrade(dir, "test", nil)
	if err != nil || len(got.Report.Clauses) != 2 || strings.Join(got.Report.Run.Selection, " ") != "START" || got.Report.Run.Interrupted || got.Report.Counts.Total() != 2 {
		t.Errorf("%+v, %v", got.Report, err)
	}
	if got, err = Regrade(bundle(t, evidence.About{}), "test", nil); err != nil || len(got.Report.Clauses) < all/2 {
		t.Errorf("without a selection: %d of %d clauses, %v", len(got.Report.Clauses), all, err)
	}
}

// TestRegradeOfAKilledRun checks that a scenario which did not end counts against nobody.
func TestRegradeOfAKilledRun(t *testing.T) {
	for name, steps := range map[string][]evidence.Step{
		"killed":      {{Outcome: evidence.Began}},
		"interrupted": {{Outcome: evidence.Began}, {Outcome: evidence.Broken, Text: evidence.Interrupted}},
	} {
		got, err := Regrade(bundle(t, evidence.About{Clauses: []string{"ARC-START-11"}}, steps...), "test", nil)
		if err != nil || got.Code != verdict.ExitInterrupted || !got.Report.Run.Interrupted || got.Report.Counts.Inconclusive != 1 || !strings.Contains(strings.Join(got.Notes, ""), "had not ended, and are not judged: "+scenarios.Refusals) {
			t.Errorf("%s: exit %d, %+v, %v", name, got.Code, got.Report, err)
		}
	}
}

func TestRegradeAppliesTheBaseline(t *testing.T) {
	dir := bundle(t, evidence.About{Clauses: []string{"ARC-START-11"}}, evidence.Step{Outcome: evidence.Began},
		evidence.Step{Outcome: evidence.Blocked, BlockedBy: "session", Text: "createSession answered 500"})
	got, err := Regrade(dir, "test", nil)
	if err != nil || got.Code != verdict.ExitNonConformant {
		t.Fatalf("exit %d, %v", got.Code, err)
	}
	excuse := report.Excuse{Clause: "ARC-START-11", Reason: "r", Owner: "o", Expires: report.Date{Day: time.Now().Truncate(24 * time.Hour)}}
	if got, err = Regrade(dir, "test", &report.Report{Baseline: []report.Excuse{excuse}}); err != nil || got.Code != verdict.ExitConformant || got.Report.Counts.Excused != 1 || !got.Report.Clauses[0].Known {
		t.Errorf("with an excuse: exit %d, %+v, %v", got.Code, got.Report.Counts, err)
	}
	excuse.Expires.Day = excuse.Expires.Day.AddDate(0, 0, -2)
	if got, err = Regrade(dir, "test", &report.Report{Baseline: []report.Excuse{excuse}}); err != nil || got.Code != verdict.ExitNonConformant || len(got.Report.Run.Stale) != 1 {
		t.Errorf("with an expired one: exit %d, %v, %v", got.Code, got.Report.Run.Stale, err)
	}
}

// TestRegradeIsAsStrictAsTheRun checks that a recommendation which failed a run fails it again.
func TestRegradeIsAsStrictAsTheRun(t *testing.T) {
	for strict, want := range map[bool]int{false: verdict.ExitConformant, true: verdict.ExitNonConformant} {
		head := evidence.About{Clauses: []string{"ARC-START-08"}, Strict: strict} // a should
		got, err := Regrade(bundle(t, head, evidence.Step{Outcome: evidence.Began},
			evidence.Step{Outcome: evidence.Blocked, BlockedBy: "session", Text: "createSession answered 500"}), "test", nil)
		if err != nil || got.Code != want || got.Report.Run.Strict != strict {
			t.Errorf("strict %v: exit %d, want %d, %v", strict, got.Code, want, err)
		}
	}
}

// TestRegradeRefusesDamagedEvidence checks that what is missing in the evidence counts against nobody.
func TestRegradeRefusesDamagedEvidence(t *testing.T) {
	dir := bundle(t, evidence.About{Clauses: []string{"ARC-START-11"}}, evidence.Step{Outcome: evidence.Began}, evidence.Step{Outcome: evidence.Done}, evidence.Step{Outcome: evidence.Done})
	name := filepath.Join(dir, "journal.jsonl")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(b), "\n")
	if err := os.WriteFile(name, []byte(lines[0]+lines[2]), 0o600); err != nil {
		t.Fatal(err)
	}
	var usage *UsageError
	if _, err := Regrade(dir, "test", nil); !errors.As(err, &usage) || !strings.Contains(err.Error(), "evidence incomplete: record 2 missing") {
		t.Errorf("%v", err)
	}
}
