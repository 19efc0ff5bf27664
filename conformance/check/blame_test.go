package check

import (
	"fmt"
	"slices"
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// recordOf returns a record of an archive and, if it is not empty, of a published stream.
func recordOf(seq int64, scenario, archive, stream string) evidence.Record {
	r := evidence.Record{Seq: seq, Scenario: scenario, Label: "object.media", IDs: map[string]string{}}
	if archive != "" {
		r.IDs[evidence.Archive] = archive
	}
	if stream != "" {
		r.IDs[evidence.Stream], r.Published = stream, &evidence.Published{}
	}
	return r
}

// TestWhatFollowsIsBlocked checks that a finding goes to the clause that was broken, and only what is about the same
// archive and stream follows from it.
func TestWhatFollowsIsBlocked(t *testing.T) {
	file, other := recordOf(1, "pair", "A", ""), recordOf(2, "pair", "B", "")
	alice, bob := recordOf(3, "pair", "", "alice"), recordOf(4, "pair", "", "bob")
	wrong := func(at ...evidence.Record) func(*Case) { return func(c *Case) { c.Wrong("a", "b", at...) } }
	for _, k := range []struct {
		name          string
		first, second func(*Case)
		want          verdict.Outcome
	}{
		{"the same file", wrong(file), wrong(file), verdict.Inconclusive},
		{"another file", wrong(other), wrong(file), verdict.Fail},
		{"the same stream", wrong(file, alice), wrong(file, alice), verdict.Inconclusive},
		{"another stream", wrong(file, alice), wrong(file, bob), verdict.Fail},
		{"a list of the same scenario", wrong(file), wrong(recordOf(5, "pair", "", "")), verdict.Inconclusive},
		{"another scenario", wrong(file), wrong(recordOf(5, "pause", "", "")), verdict.Fail},
		{"the first clause holds", func(c *Case) { c.Saw(file) }, wrong(file), verdict.Fail},
		{"the first clause could not be shown", func(c *Case) { c.Blocked("a", "b", file) }, wrong(file), verdict.Fail},
		{"one of two follows", wrong(file), func(c *Case) { wrong(file)(c); wrong(other)(c) }, verdict.Fail},
		{"it names the first clause", wrong(file), func(c *Case) { c.Follows("ARC-COMP-15", "a", "b", file) }, verdict.Inconclusive},
		{"it names a clause that holds", wrong(other), func(c *Case) { c.Follows("ARC-COMP-15", "a", "b", file) }, verdict.Fail},
	} {
		f := facts.Sort(ledger(t), evidence.View{})
		first := Check{Clause: "ARC-COMP-15", Judge: k.first}
		causes := Causes{Earlier: []string{first.Clause}, Checks: map[string]Check{first.Clause: first}}
		v := Grade(f, spec.Clause{ID: "ARC-LAY-01", Verify: spec.Checks}, nil, Check{Clause: "ARC-LAY-01", Judge: k.second}, causes)
		if v.Outcome != k.want || (v.Outcome == verdict.Inconclusive) != slices.Equal(v.BlockedBy, []string{"ARC-COMP-15"}) {
			t.Errorf("%s: %s, blocked by %v, want %s", k.name, v.Outcome, v.BlockedBy, k.want)
		}
	}
}

// TestWhatIsNotSelectedExplainsLittle checks that a clause which the run does not judge blocks none that has a finding of its own, and that it
// is told where a check itself says that a finding follows from it.
func TestWhatIsNotSelectedExplainsLittle(t *testing.T) {
	file := recordOf(1, "pair", "A", "")
	first := Check{Clause: "ARC-COMP-15", Judge: func(c *Case) { c.Wrong("the whole picture", "half of it", file) }}
	causes := Causes{Earlier: []string{first.Clause}, Checks: map[string]Check{first.Clause: first}, Selected: func(id string) bool { return id == "ARC-LAY-01" }}
	for name, k := range map[string]struct {
		second func(*Case)
		want   verdict.Outcome
	}{
		"a finding of its own": {func(c *Case) { c.Wrong("a", "b", file) }, verdict.Fail},
		"it follows":           {func(c *Case) { c.Follows("ARC-COMP-15", "a", "b", recordOf(2, "pair", "A", "")) }, verdict.Inconclusive},
	} {
		v := Grade(facts.Sort(ledger(t), evidence.View{}), spec.Clause{ID: "ARC-LAY-01", Verify: spec.Checks}, nil, Check{Clause: "ARC-LAY-01", Judge: k.second}, causes)
		if v.Outcome != k.want {
			t.Errorf("%s: %s, want %s", name, v.Outcome, k.want)
		}
		if f := v.Findings[0]; k.want == verdict.Inconclusive && (f.Blocked != "ARC-COMP-15, which was not selected: expected the whole picture, actual half of it" || len(f.Where) != 2) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// TestFindingsOfPolls checks that what many polls show is told once, and leaves room for other scenarios.
func TestFindingsOfPolls(t *testing.T) {
	c := &Case{Facts: facts.Sort(ledger(t), evidence.View{}), clause: "ARC-STAT-01"}
	for i := range int64(30) {
		c.Wrong("a known status", "recording", recordOf(i, "pair", "A", ""))
	}
	for i := range int64(12) {
		c.Wrong("a known status", fmt.Sprintf("status %d", i), recordOf(100+i, "pause", "B", ""))
	}
	c.Wrong("a known status", "gone", recordOf(200, "cloud", "C", ""))
	got, more := listed(c.notes)
	if len(got) != maxFindings || got[0].Times != 30 || len(got[0].Where) != maxTold || got[2].Actual != "gone" || more != "6 more findings of the same clause" {
		t.Errorf("%d findings, %s: %+v", len(got), more, got)
	}
}
