package check

import (
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/spec"
)

func TestExit(t *testing.T) {
	level := func(id string) string {
		return map[string]string{"S": "should", "Y": "may"}[id] + map[bool]string{true: "must"}[id != "S" && id != "Y"]
	}
	one := func(id string, o Outcome) Verdict { return Verdict{Clause: id, Outcome: o} }
	for _, c := range []struct {
		name     string
		verdicts []Verdict
		run      Run
		want     int
	}{
		{"all pass", []Verdict{one("A", Pass)}, Run{}, ExitConformant},
		{"pending and not applicable do not matter", []Verdict{one("A", Pending), one("B", NotApplicable)}, Run{}, ExitConformant},
		{"a demand fails", []Verdict{one("A", Pass), one("B", Fail)}, Run{}, ExitNonConformant},
		{"a recommendation fails", []Verdict{one("S", Fail)}, Run{}, ExitConformant},
		{"a recommendation fails a strict run", []Verdict{one("S", Fail)}, Run{Strict: true}, ExitNonConformant},
		{"a known failure", []Verdict{one("A", Fail)}, Run{Excused: map[string]bool{"A": true}}, ExitConformant},
		{"a known failure beside another", []Verdict{one("A", Fail), one("B", Fail)}, Run{Excused: map[string]bool{"A": true}}, ExitNonConformant},
		{"a stale baseline", []Verdict{one("A", Pass)}, Run{Stale: true}, ExitNonConformant},
		{"inconclusive", []Verdict{one("A", Pass), one("B", Inconclusive)}, Run{}, ExitInconclusive},
		{"failure outweighs inconclusive", []Verdict{one("A", Fail), one("B", Inconclusive)}, Run{}, ExitNonConformant},
		{"inconclusive outweighs pledges", []Verdict{one("A", Pledged), one("B", Inconclusive)}, Run{}, ExitInconclusive},
		{"pledges", []Verdict{one("A", Pass), one("B", Pledged)}, Run{}, ExitPledges},
		{"harness fault outweighs failure", []Verdict{one("A", Fail)}, Run{Harness: true}, ExitHarness},
		{"unreachable", []Verdict{one("A", Fail)}, Run{Unreachable: true}, ExitUnreachable},
		{"interruption outweighs all", []Verdict{one("A", Fail)}, Run{Interrupted: true, Harness: true}, ExitInterrupted},
	} {
		if got := Exit(c.verdicts, c.run, level); got != c.want {
			t.Errorf("%s: exit %d, want %d", c.name, got, c.want)
		}
	}
}

func TestCountsLine(t *testing.T) {
	var verdicts []Verdict
	for i, o := range Outcomes {
		for range i + 1 {
			verdicts = append(verdicts, Verdict{Outcome: o})
		}
	}
	got := Count(verdicts)
	if want := "conform: 1 passed, 2 failed, 3 inconclusive, 4 not applicable, 5 pledged, 6 pending"; got.String() != want {
		t.Errorf("line %q, want %q", got, want)
	}
	if got.Total() != len(verdicts) || got.Plus(got).Total() != 2*len(verdicts) {
		t.Errorf("total %d of %d", got.Total(), len(verdicts))
	}
}

// scenarioAt is evidence of one scenario with just its last word.
func scenarioAt(name string, step evidence.Step) evidence.View {
	return evidence.View{}.With([]evidence.Record{{Seq: 1, Time: time.Unix(1, 0), Scenario: name, Label: "scenario", Step: &step}})
}

func TestConclude(t *testing.T) {
	cl := spec.Clause{ID: "ARC-START-01", Level: spec.Must, Verify: spec.Checks, Capability: []spec.Capability{"s3"}}
	ch := Check{Clause: cl.ID, Shown: []string{"refusals"}}
	finding := func(c *Case) { c.wrong("a", "b") }
	proof := func(c *Case) { c.saw(evidence.Record{Seq: 7, Scenario: "refusals"}) }
	unclear := func(c *Case) { c.unclear("the sink failed") }
	doubt := func(c *Case) { c.doubt("the publisher stalled") }
	nothing := func(*Case) {}
	done := scenarioAt("refusals", evidence.Step{Outcome: evidence.Done})
	for _, c := range []struct {
		name  string
		view  evidence.View
		judge func(*Case)
		want  Outcome
	}{
		{"proof", done, proof, Pass},
		{"a contradiction outweighs proof", done, func(c *Case) { proof(c); finding(c) }, Fail},
		{"a contradiction outweighs trouble", done, func(c *Case) { unclear(c); finding(c) }, Fail},
		{"trouble outweighs proof", done, func(c *Case) { proof(c); unclear(c) }, Inconclusive},
		{"proof outweighs doubt", done, func(c *Case) { proof(c); doubt(c) }, Pass},
		{"doubt alone", done, doubt, Inconclusive},
		{"nothing seen is no pass", done, nothing, Inconclusive},
		{"nothing seen, blocked by the target", scenarioAt("refusals", evidence.Step{Outcome: evidence.Blocked, Text: "no session"}), nothing, Fail},
		{"nothing seen, broken harness", scenarioAt("refusals", evidence.Step{Outcome: evidence.Broken, Text: "disk full"}), nothing, Inconclusive},
		{"nothing seen, not run", evidence.View{}, nothing, Inconclusive},
		{"a check that panics", done, func(*Case) { panic("oops") }, Inconclusive},
	} {
		ch.Judge = c.judge
		f := sortOut(spec.Ledger{}, c.view)
		k := &Case{facts: f, clause: cl.ID}
		v := Verdict{Clause: cl.ID}
		if fault := k.run(ch); fault != "" {
			v.Outcome, v.Reason, v.Fault = Inconclusive, fault, true
		} else {
			f.conclude(&v, k, ch)
		}
		if v.Outcome != c.want {
			t.Errorf("%s: %s, want %s (%s)", c.name, v.Outcome, c.want, v.Reason)
		}
		if v.Outcome != Pass && v.Reason == "" && len(v.Findings) == 0 {
			t.Errorf("%s: no reason given", c.name)
		}
		for _, found := range v.Findings {
			if found.Clause != cl.ID || found.Expected == "" || found.Actual == "" {
				t.Errorf("%s: finding lacks its parts: %+v", c.name, found)
			}
		}
	}
}

func TestCapabilitiesAndPending(t *testing.T) {
	f := sortOut(spec.Ledger{}, evidence.View{})
	cl := spec.Clause{ID: "ARC-START-01", Verify: spec.Checks, Capability: []spec.Capability{"s3", "control"}}
	if v := f.grade(cl, []string{"s3"}); v.Outcome != NotApplicable || v.Reason != "the target does not declare control" {
		t.Errorf("undeclared: %+v", v)
	}
	cl.Verify = spec.Pending
	if v := f.grade(cl, nil); v.Outcome != Pending {
		t.Errorf("pending: %+v", v)
	}
}

// The registry and the ledger have to agree: what the ledger says is verified
// by checks has one, and no check judges a clause that is not there.
func TestRegistry(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	verified := 0
	for _, cl := range ledger.Clauses {
		_, ok := Checks[cl.ID]
		if cl.Verify == spec.Checks && !ok {
			t.Errorf("%s is to be verified by checks and has none", cl.ID)
		}
		if cl.Verify == spec.Checks && cl.Level == spec.Must {
			verified++
		}
		if cl.Verify == spec.Excluded && ok {
			t.Errorf("%s is excluded and has a check", cl.ID)
		}
	}
	if verified < 40 {
		t.Errorf("%d must-clauses verified, want at least 40", verified)
	}
	for id, ch := range Checks {
		if _, ok := ledger.Clause(id); !ok {
			t.Errorf("check for %s, which is no clause of the ledger", id)
		}
		if len(ch.Shown) == 0 {
			t.Errorf("%s: no scenario shows it", id)
		}
	}
}

// Without evidence nothing passes.
func TestNothingPassesOnNothing(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for c := range ledger.Capabilities {
		all = append(all, string(c))
	}
	for _, v := range Grade(ledger, evidence.View{}, all) {
		if v.Outcome == Pass || v.Outcome == Fail || v.Fault {
			t.Errorf("%s: %s %s", v.Clause, v.Outcome, v.Reason)
		}
	}
}
