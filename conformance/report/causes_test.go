package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reelcheck/conformance/report/exhibit"
	"reelcheck/conformance/verdict"
)

// unshown returns a failed clause that could not be shown, because of what the record shows.
func unshown(id, level, why, ref string) Clause {
	return Clause{ID: id, Level: level, Outcome: verdict.Fail, Findings: []verdict.Finding{{Expected: "what the clause demands", Actual: "could not be shown", Blocked: why, Where: []string{ref}}}}
}

func broken(id, actual string, refs ...string) Clause {
	return Clause{ID: id, Level: "must", Outcome: verdict.Fail, Findings: []verdict.Finding{{Expected: "right", Actual: actual, Where: refs}}}
}

func unclear(id, why string) Clause {
	return Clause{ID: id, Level: "must", Outcome: verdict.Inconclusive, Reason: why}
}

// TestCausesAreToldOnce checks that what could not be shown for one reason is one cause. It stands under the broken clause that
// shows the reason, if there is one.
func TestCausesAreToldOnce(t *testing.T) {
	const refused = "client could not connect: dial tcp 127.0.0.1:9: connect: connection refused"
	for _, c := range []struct {
		name    string
		clauses []Clause
		want    []string // of each cause: its clause, and what it explains
	}{
		{"a broken clause shows the reason", []Clause{unshown("A", "must", refused, "pair/join.alice#1"), unshown("B", "must", refused, "auth/join.bob#2"), broken("C", "refused", "auth/join.bob#2")}, []string{"C A B"}},
		{"no clause shows it", []Clause{unshown("A", "must", refused, "pair/join.alice#1"), broken("B", "3", "pair/list#9"), unshown("C", "must", refused, "auth/join.bob#2")}, []string{"A C", "B"}},
		{"ids differ", []Clause{unshown("A", "must", "start answered 500 {id: 2_MX4xNjQ2OTk1OTMwfn4xNzk2MD}", "a/start#1"), unshown("B", "must", "start answered 500 {id: 1_MX42NzNlMTM4Ny05ZDI2LTQyNj}", "b/start#2")}, []string{"A B"}},
		{"codes differ", []Clause{unshown("A", "must", "start answered 500", "a/start#1"), unshown("B", "must", "start answered 404", "b/start#2")}, []string{"A", "B"}},
		{"a recommendation does not hide a demand", []Clause{unshown("A", "should", refused, "a/join#1"), unshown("B", "must", refused, "a/join#1")}, []string{"B A"}},
		{"a recommendation is told under a demand", []Clause{broken("A", "refused", "a/join#1"), unshown("B", "should", refused, "a/join#1")}, []string{"A B"}},
		{"the environment", []Clause{unclear("A", "not shown: scenario pair broke: the sink failed"), unclear("B", "not shown: scenario auth broke: the sink failed; scenario legacy broke: the sink failed"), unclear("C", "publisher alice stalled")}, []string{"A B", "C"}},
		{"a record that shows something else", []Clause{broken("A", "refused", "a/list#1"), unshown("B", "must", refused, "a/join#2")}, []string{"A", "B"}},
		{"blocked by a broken clause", []Clause{{ID: "A", Level: "must", Outcome: verdict.Fail, Blocks: []string{"B"}, Findings: broken("A", "x").Findings}, {ID: "B", Outcome: verdict.Inconclusive, BlockedBy: []string{"A"}}}, []string{"A B"}},
	} {
		var got []string
		for _, cause := range (&Report{Clauses: c.clauses}).Causes() {
			ids := []string{cause.ID}
			for _, f := range cause.Follows() {
				ids = append(ids, f.ID)
			}
			got = append(got, strings.Join(ids, " "))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestTheSameFindingIsToldOnce checks that a clause stands under another one if that says all of it about the same message.
func TestTheSameFindingIsToldOnce(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b Clause
		kind string
		want int
	}{
		{"the same", broken("A", "hasVideo false", "p/start#1"), broken("B", "hasVideo false", "p/start#1"), "exchange", 1},
		{"more", broken("A", "hasVideo false", "p/start#1"), broken("B", "hasVideo false, hasAudio false", "p/start#1"), "exchange", 1},
		{"records that the report leaves out", broken("A", "hasVideo false", "p/start#1", "p/stop#9"), broken("B", "hasVideo false", "p/start#1"), "exchange", 1},
		{"only such records", broken("A", "hasVideo false", "p/stop#9"), broken("B", "hasVideo false", "p/stop#9"), "exchange", 2},
		{"something else of the same message", broken("A", "hasVideo false", "p/start#1"), broken("B", "size 5", "p/start#1"), "exchange", 2},
		{"another message", broken("A", "hasVideo false", "p/start#1"), broken("B", "hasVideo false", "p/get#2"), "exchange", 2},
		{"a film", broken("A", "0", "p/start#1"), broken("B", "0", "p/start#1"), "media", 2},
	} {
		r := &Report{Clauses: []Clause{c.a, c.b}, Exhibits: []exhibit.Exhibit{{Ref: "p/start#1", Kind: c.kind}, {Ref: "p/get#2", Kind: c.kind}}}
		causes := r.Causes()
		if len(causes) != c.want || c.want == 1 && len(causes[0].Same) != 1 {
			t.Errorf("%s: %+v, want %d", c.name, causes, c.want)
		}
	}
}

// TestCausesInWords checks the lines of a terminal, which hold text of the target.
func TestCausesInWords(t *testing.T) {
	r := &Report{Clauses: []Clause{unshown("A", "must", "start answered 500\nconform: 300 passed", "a/start#1"), unshown("B", "must", "start answered 500\nconform: 300 passed", "b/start#2")}}
	want := "start answered 500 conform: 300 passed: keeps 2 from being shown: A B"
	if got := r.Blocks(); len(got) != 1 || got[0] != want {
		t.Errorf("%q, want %q", got, want)
	}
	var many []Clause
	for i := range 30 {
		many = append(many, unclear(fmt.Sprintf("C%d", i), "the sink failed"))
	}
	if got := (&Report{Clauses: many}).Blocks(); len(got) != 1 || !strings.HasPrefix(got[0], "the sink failed: keeps 30 from being judged: C0 C1 ") || !strings.HasSuffix(got[0], "C19 …") {
		t.Errorf("%q", got)
	}
}

// TestSummarySaysWhatBlocked checks that the line about a clause which could not be shown says why.
func TestSummarySaysWhatBlocked(t *testing.T) {
	if got := Summary(unshown("A", "must", "start answered 500", "a/start#1")); got != "expected what the clause demands, actual could not be shown: start answered 500" {
		t.Errorf("%q", got)
	}
}

// TestHeadline checks that the headline says what a verdict of conformance is about, and why a run without a failure failed.
func TestHeadline(t *testing.T) {
	stale := []Stale{{"A", "baseline: A passed unexpectedly; remove the entry, or mark it flaky: true"}}
	pass := Clause{ID: "A", Level: "must", Outcome: verdict.Pass}
	for want, r := range map[string]*Report{
		"Conformant":                      {},
		"Conformant in 1 selected clause": {Run: Run{NotSelected: 386}, Counts: verdict.Counts{Passed: 1}},
		"Conformant in the 52 of 55 selected clauses that were judged":                        {Run: Run{NotSelected: 332}, Counts: verdict.Counts{Passed: 51, Failed: 1, NotApplicable: 2, Pending: 1}},
		"Conformant so far in the 2 of 3 selected clauses that were judged; pledges are open": {Run: Run{NotSelected: 1, ExitCode: 6}, Counts: verdict.Counts{Passed: 2, Pledged: 1}},
		"Inconclusive, judged by 55 of 387 clauses":                                           {Run: Run{NotSelected: 332, ExitCode: 4}, Counts: verdict.Counts{Inconclusive: 55}},
		"Not conformant, judged by 2 of 387 clauses":                                          {Run: Run{NotSelected: 385, ExitCode: 1}, Counts: verdict.Counts{Failed: 2}, Clauses: []Clause{broken("B", "x")}},
		"Inconclusive; stopped by --max-bytes 9, after 10 bytes":                              {Run: Run{Stopped: "--max-bytes 9, after 10 bytes", ExitCode: 4}, Counts: verdict.Counts{Inconclusive: 1}},
		"Nothing was judged by 1 of 387 clauses":                                              {Run: Run{NotSelected: 386, ExitCode: 4}, Counts: verdict.Counts{NotApplicable: 1}},
		"Not conformant, judged by 1 of 2 clauses; stopped by --max-archives 1": {Run: Run{Stopped: "--max-archives 1", NotSelected: 1, ExitCode: 1},
			Counts: verdict.Counts{Failed: 1}, Clauses: []Clause{broken("B", "x")}},
		"Not conformant, only because the baseline is out of date": {Run: Run{Stale: stale, ExitCode: 1}, Clauses: []Clause{pass}},
		"Not conformant": {Run: Run{Stale: stale, ExitCode: 1}, Clauses: []Clause{pass, broken("B", "x")}},
	} {
		if got := r.Headline(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got := r.Faults(); (got == "Baseline: A passed unexpectedly; remove the entry, or mark it flaky: true.") != (len(r.Run.Stale) > 0) {
			t.Errorf("%s: the baseline: %q", want, got)
		}
	}
}
