package diff

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/reporttest"
	"reelcheck/conformance/verdict"
)

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		before, after  verdict.Outcome
		known1, known2 bool
		flaky          bool
		want           string
	}{
		{before: verdict.Pass, after: verdict.Pass, want: "[]"},
		{before: verdict.Fail, after: verdict.Fail, want: "[]"},
		{before: verdict.Pass, after: verdict.Fail, want: "[regressed]"},
		{before: verdict.Inconclusive, after: verdict.Fail, want: "[regressed]"},
		{before: verdict.NotApplicable, after: verdict.Fail, want: "[regressed]"},
		{before: verdict.Pass, after: verdict.Inconclusive, want: "[regressed]"},
		{before: verdict.Pass, after: verdict.NotApplicable, want: "[outcome]"},
		{before: verdict.Pass, after: verdict.Fail, known2: true, want: "[outcome]"},
		{before: verdict.Fail, after: verdict.Fail, known1: true, want: "[regressed]"},
		{before: verdict.Fail, after: verdict.Fail, known2: true, want: "[outcome]"},
		{before: verdict.Fail, after: verdict.Pass, want: "[fixed]"},
		{before: verdict.Inconclusive, after: verdict.Pass, want: "[fixed]"},
		{before: verdict.Pending, after: verdict.Pass, want: "[outcome]"},
		{before: verdict.Pass, after: verdict.Fail, flaky: true, want: "[flaky]"},
		{before: verdict.Fail, after: verdict.Pass, flaky: true, want: "[flaky]"},
		{before: "", after: verdict.Fail, want: "[added]"},
		{before: verdict.Pass, after: "", want: "[removed]"},
	} {
		one := func(o verdict.Outcome, known bool) *report.Report {
			r := &report.Report{}
			if o != "" {
				r.Clauses = []report.Clause{{ID: "ARC-START-01", Outcome: o, Known: known, Level: "must"}}
			}
			return r
		}
		after := one(c.after, c.known2)
		after.Baseline = []report.Excuse{{Clause: "ARC-START-01", Flaky: c.flaky}}
		kinds := []Kind{}
		for _, change := range Compare(one(c.before, c.known1), after).Changes {
			kinds = append(kinds, change.Kind)
		}
		if got := fmt.Sprint(kinds); got != c.want {
			t.Errorf("%s (excused %v) to %s (excused %v), flaky %v: %s, want %s", c.before, c.known1, c.after, c.known2, c.flaky, got, c.want)
		}
	}
}

// TestWhatWasNotSelectedIsNotCompared checks that a clause which one of the runs was not to judge is neither new nor removed, fixed nor regressed.
func TestWhatWasNotSelectedIsNotCompared(t *testing.T) {
	run := func(selection string, clauses ...report.Clause) *report.Report {
		r := &report.Report{Clauses: clauses}
		if selection != "" {
			r.Run.Selection = []string{selection}
		}
		return r
	}
	a, b, blocked := report.Clause{ID: "A", Outcome: verdict.Fail}, report.Clause{ID: "B", Outcome: verdict.Pass}, report.Clause{ID: "B", Outcome: verdict.Inconclusive, BlockedBy: []string{"A"}}
	broken := report.Clause{ID: "B", Outcome: verdict.Fail}
	for name, c := range map[string]struct {
		before, after *report.Report
		line, note    string
	}{
		"not before":            {run("profile:smoke", b), run("", a, b), "0 added, 0 removed, 1 the same, 1 not compared", "1 clause of the second report was not selected in the first, and not compared; failed: A."},
		"not after":             {run("", a, b), run("profile:smoke", b), "0 added, 0 removed, 1 the same, 1 not compared", "1 clause of the first report was not selected in the second, and not compared; failed: A."},
		"in no selection":       {run("", b), run("", a, b), "1 added, 0 removed, 1 the same", ""},
		"told before, not now":  {run("", a, blocked), run("profile:smoke", broken), "diff: 0 regressed, 0 fixed, 0 flaky, 1 changed, 0 added", "failed: A."},
		"told before and after": {run("", a, blocked), run("", a, broken), "diff: 1 regressed", ""},
	} {
		var plain bytes.Buffer
		if err := Compare(c.before, c.after).Plain(&plain); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plain.String(), c.line) || !strings.Contains(plain.String(), c.note) || (c.note == "") == strings.Contains(plain.String(), "not compared") {
			t.Errorf("%s:\n%s", name, &plain)
		}
	}
}

// TestLongTextsShowTheirDifference: texts that differ after the place where a line is cut looked the same.
func TestLongTextsShowTheirDifference(t *testing.T) {
	long := strings.Repeat("The archive is kept. ", 30)
	var plain, markdown bytes.Buffer
	r := Compare(&report.Report{Clauses: []report.Clause{{ID: "A", Text: long + "For a day."}}}, &report.Report{Clauses: []report.Clause{{ID: "A", Text: long + "For a week."}}})
	if err := errors.Join(r.Plain(&plain), r.Markdown(&markdown)); err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{plain.String(), markdown.String()} {
		if !strings.Contains(got, "For a week. (641 characters), was …") || !strings.Contains(got, "For a day. (640 characters)") {
			t.Errorf("the difference is cut off: %s", got)
		}
	}
}

func changed() Result {
	before, after := reporttest.Sample(), reporttest.Sample()
	before.Clauses[1].Outcome = verdict.Pass
	after.Clauses[0].Level, after.Clauses[0].Tolerance = "should", "1 s: clocks"
	after.Clauses = after.Clauses[:8]
	after.Suite.LedgerSHA256, before.Run.Selection = "other", []string{"CB"}
	return Compare(before, after)
}

func TestWrite(t *testing.T) {
	r := changed()
	if r.Regressions() != 1 || !r.Ledger || !r.Selection {
		t.Errorf("%+v", r)
	}
	const last = "diff: 1 regressed, 0 fixed, 0 flaky, 2 changed, 0 added, 1 removed, 6 the same"
	var plain, markdown, doc bytes.Buffer
	for _, err := range []error{r.Plain(&plain), r.Markdown(&markdown), r.JSON(&doc)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"different ledgers", "different selections", "regressed  ARC-START-02  fail, was pass\n           expected 404 or 400", "level      ARC-START-01  should, was must\n",
		"text       ARC-START-01  Routed. (tolerance: 1 s: clocks), was Routed.\n", "removed    ARC-CB-35  was fail\n", last + "\n"} {
		if !strings.Contains(plain.String(), want) {
			t.Errorf("text lacks %q:\n%s", want, &plain)
		}
	}
	for _, text := range []string{plain.String(), markdown.String()} {
		for _, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.HasPrefix(line, "conform:") || strings.Contains(line, "\x1b") || strings.Contains(line, "##[") {
				t.Errorf("a line of the target's: %q", line)
			}
		}
	}
	if !strings.Contains(markdown.String(), "### "+last) || !strings.Contains(markdown.String(), "- regressed **ARC\\-START\\-02** no client: `fail, was pass`") {
		t.Errorf("Markdown: %s", &markdown)
	}
	var back Result
	if err := json.Unmarshal(doc.Bytes(), &back); err != nil || back.String() != last {
		t.Errorf("JSON: %v, %v", back, err)
	}
}
