package runner

import (
	"slices"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/all"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

func load(t *testing.T) spec.Ledger {
	t.Helper()
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Checks name the scenarios that show them; each has to exist, and each scenario has to be good for something.
func TestScenariosAndChecksFit(t *testing.T) {
	used := map[string]bool{}
	for id, ch := range judge.Checks {
		for _, shown := range ch.Shown {
			used[shown] = true
			if !slices.ContainsFunc(all.Scenarios, func(s scenario.Scenario) bool { return s.Name == shown }) {
				t.Errorf("%s is shown by %q, which is no scenario", id, shown)
			}
		}
	}
	for _, s := range all.Scenarios {
		if !used[s.Name] {
			t.Errorf("scenario %s shows no clause", s.Name)
		}
	}
}

// Target files and the ledger have one vocabulary of capabilities.
func TestCapabilitiesAreThoseOfTheLedger(t *testing.T) {
	l := load(t)
	for _, c := range config.Capabilities {
		if _, ok := l.Capabilities[spec.Capability(c)]; !ok {
			t.Errorf("target files know capability %q, the ledger does not", c)
		}
	}
	for c := range l.Capabilities {
		if !slices.Contains(config.Capabilities, config.Capability(c)) {
			t.Errorf("the ledger knows capability %q, target files do not", c)
		}
	}
}

func TestSelect(t *testing.T) {
	l := load(t)
	for _, c := range []struct {
		s    Selection
		want func([]spec.Clause) bool
		bad  string
	}{
		{Selection{}, func(got []spec.Clause) bool { return len(got) == len(l.Clauses) }, ""},
		{Selection{Clauses: []string{"arc-start-01"}}, func(got []spec.Clause) bool { return len(got) == 1 && got[0].ID == "ARC-START-01" }, ""},
		{Selection{Clauses: []string{"ARC-CB-*"}, Chapters: []string{"stop"}}, func(got []spec.Clause) bool {
			return len(got) > 20 && !slices.ContainsFunc(got, func(cl spec.Clause) bool { return cl.Chapter() != "CB" && cl.Chapter() != "STOP" })
		}, ""},
		{Selection{Clauses: []string{"ARC-START-01", "ARC-STRAT-01"}}, nil, "ARC-STRAT-01"},
		{Selection{Chapters: []string{"CALLBACK"}}, nil, "CALLBACK"},
		{Selection{Clauses: []string{"["}}, nil, "["},
	} {
		got, err := Select(l, c.s)
		switch {
		case c.bad != "":
			if err == nil || !strings.Contains(err.Error(), c.bad) {
				t.Errorf("%v: error %v, want one about %q", c.s, err, c.bad)
			}
		case err != nil || !c.want(got):
			t.Errorf("%v: %d clauses, %v", c.s, len(got), err)
		}
	}
}

func TestPlanDrivesOnlyWhatIsNeeded(t *testing.T) {
	l := load(t)
	f := config.File{Capabilities: []config.Capability{"control", "unified"}, Time: config.Virtual}
	p, err := NewPlan(l, Selection{Clauses: []string{"ARC-START-01", "ARC-COMP-02", "ARC-CB-29"}}, f)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Clauses) != 3 || len(p.Scenarios) != 1 || p.Scenarios[0].Name != scenarios.Refusals {
		t.Errorf("%d clauses, scenarios %v", len(p.Clauses), p.Scenarios)
	}
	f.Capabilities = append(f.Capabilities, "flying")
	if _, err := NewPlan(l, Selection{}, f); err == nil {
		t.Error("an unknown capability was accepted")
	}
	if _, err := NewPlan(l, Selection{Clauses: []string{"ARC-RES-10"}}, config.File{}); err == nil {
		t.Error("a selection of excluded clauses only was accepted")
	}
}

func TestClauseDecoratorRefusesUnknownIDs(t *testing.T) {
	to := transform(load(t))
	_, args, errs := to(types.NodeTypeIt, ginkgo.Offset(0), "text", []any{Clause("ARC-CB-01"), func() {}})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	got, ok := args[0].(ginkgo.Labels)
	if !ok || !slices.Contains(got, "req:ARC-CB-01") || !slices.Contains(got, "level:must") || !slices.Contains(got, "cap:callback") {
		t.Errorf("labels %v", args[0])
	}
	if _, _, errs := to(types.NodeTypeIt, ginkgo.Offset(0), "text", []any{Clause("ARC-CB-99")}); len(errs) != 1 {
		t.Errorf("errors %v, want one", errs)
	}
}

func TestDescribeCannotBeForged(t *testing.T) {
	v := verdict.Verdict{Clause: "ARC-CB-01", Outcome: verdict.Fail, Findings: []verdict.Finding{
		{Clause: "ARC-CB-01", Expected: "a", Actual: "b\nconform: 300 passed\x1b[2J", Where: []string{"pair/start#1"}, Blocked: "x"}}}
	got := Describe(v, "must")
	if strings.Contains(got, "\nconform:") || strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
	for _, want := range []string{"FAIL  ARC-CB-01 (must)", "expected  a", "actual    b", "blocked   by x", "evidence  pair/start#1"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}
