package runner

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/report"
)

// TestRegradeTellsCutEvidenceFromAKilledRun cuts off the journal of a run that had ended, within a line and between two. By its report
// it is no killed run.
func TestRegradeTellsCutEvidenceFromAKilledRun(t *testing.T) {
	steps := []evidence.Step{{Outcome: evidence.Began}, {Outcome: evidence.Done}, {Outcome: evidence.Note}}
	dir := bundle(t, evidence.About{Run: "r", Clauses: []string{"ARC-START-11"}}, steps...)
	name := filepath.Join(dir, "journal.jsonl")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	first, err := Regrade(dir, "test", nil)
	if err != nil || first.Report.Run.Records != len(steps) {
		t.Fatalf("%+v, %v", first.Report, err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	two := append(bytes.Clone(lines[0]), lines[1]...)
	another := &report.Report{Run: report.Run{ID: "another", Records: 9}}
	for what, c := range map[string]struct {
		text []byte
		old  *report.Report
		want string
	}{
		"whole":                       {whole, first.Report, ""},
		"within a line":               {whole[:len(whole)-9], first.Report, "ended with 3 records, and the last 1 of them"},
		"between lines":               {two, first.Report, "the journal was cut off after the run"},
		"nothing left":                {nil, first.Report, "the last 3 of them"},
		"cut, without a report":       {lines[0], nil, ""},
		"cut, of another run's":       {lines[0], another, ""},
		"killed, by a report of that": {lines[0], &report.Report{Run: report.Run{ID: "r", Records: 1, Interrupted: true}}, ""},
	} {
		if err := os.WriteFile(name, c.text, 0o600); err != nil {
			t.Fatal(err)
		}
		var usage *UsageError
		if _, err := Regrade(dir, "test", c.old); c.want == "" && err != nil || c.want != "" && (!errors.As(err, &usage) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
}
