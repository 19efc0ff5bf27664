package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// TestScorecards checks that a failure of what only a reference server has is one of the profile full alone.
func TestScorecards(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	only := ""
	for _, cl := range ledger.Clauses {
		for _, need := range cl.Capability {
			if need == "faults" && cl.Level == spec.Must {
				only = cl.ID
			}
		}
	}
	r := Build(ledger, []verdict.Verdict{
		{Clause: "ARC-START-03", Outcome: verdict.Pass}, {Clause: "ARC-STAT-11", Outcome: verdict.Pledged},
		{Clause: "ARC-DUR-03", Outcome: verdict.Pending}, {Clause: only, Outcome: verdict.Fail},
	}, evidence.View{}, nil)
	want := map[string]Profile{
		"smoke": {Counts: verdict.Counts{Passed: 1}}, "core": {Counts: verdict.Counts{Passed: 1}},
		"extended": {Counts: verdict.Counts{Passed: 1, Pledged: 1, Pending: 1}},
		"full":     {Counts: verdict.Counts{Passed: 1, Failed: 1, Pledged: 1, Pending: 1}, Musts: 1},
	}
	if len(r.Profiles) != len(want) {
		t.Fatalf("profiles %+v", r.Profiles)
	}
	for i, p := range r.Profiles {
		if p.Counts != want[p.Name].Counts || p.Musts != want[p.Name].Musts || p.Text == "" || i > 0 && p.Clauses <= r.Profiles[i-1].Clauses {
			t.Errorf("%+v, want %+v", p, want[p.Name])
		}
	}
	if p := r.Profiles[0]; p.Judged != 1 || p.Coverage() != fmt.Sprintf("1 of %d", p.Clauses) {
		t.Errorf("a run of one clause of smoke: %+v, %q", p, p.Coverage())
	}
	if p := r.Profiles[3]; p.Judged != 2 {
		t.Errorf("open clauses count as judged: %+v", p)
	}
	if line := r.Coverage(); !strings.HasPrefix(line, "2 of 4 clauses are not judged: 1 would") || !strings.HasSuffix(line, "; 1 is pledged") {
		t.Errorf("%q", line)
	}
}

// TestCoverage checks that the line on what was not judged counts in proper words and leaves out what does not occur.
func TestCoverage(t *testing.T) {
	for want, counts := range map[string]verdict.Counts{
		"": {Passed: 3, NotApplicable: 1},
		"1 of 1 clause is not judged: 1 is pledged":                                                                    {Pledged: 1},
		"2 of 4 clauses are not judged: 2 would take longer than the run may wait, or have no check yet":               {Passed: 2, Pending: 2},
		"3 of 3 clauses are not judged: 1 would take longer than the run may wait, or has no check yet; 2 are pledged": {Pending: 1, Pledged: 2, NotApplicable: 4},
	} {
		if got := (&Report{Counts: counts}).Coverage(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestReadCountsJudged checks that a report of a suite that did not say how many clauses were judged is read with the number.
func TestReadCountsJudged(t *testing.T) {
	r, err := Read(strings.NewReader(`{"format":"` + Format + `","profiles":[{"name":"full","text":"all","clauses":190,"failedMusts":1,"counts":{"passed":50,"failed":1,"notApplicable":3}}]}`))
	if err != nil || r.Profiles[0].Coverage() != "51 of 190" {
		t.Errorf("%v, %+v", err, r)
	}
}

func TestTitleOfATarget(t *testing.T) {
	for want, target := range map[string]Target{
		"ours":          {Name: "ours", Product: "Rec", Version: "2", URL: "http://a"},
		"Rec 2":         {Product: "Rec", Version: "2", URL: "http://a"},
		"http://a.test": {URL: "http://a.test"},
	} {
		if got := target.Title(); got != want {
			t.Errorf("%+v: %q, want %q", target, got, want)
		}
	}
}

// TestAdvice checks the words for no, one and two failed recommendations.
func TestAdvice(t *testing.T) {
	one := Clause{Level: "should", Outcome: verdict.Fail}
	for n, want := range []string{"", "1 of the failures is of a recommendation and does not ", "2 of the failures are of recommendations and do not "} {
		if got := (&Report{Clauses: slices.Repeat([]Clause{one}, n)}).Advice(); !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
