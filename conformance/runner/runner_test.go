package runner

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/report"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/all"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
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

// TestReportsSayWhoWasJudged checks that a report has what the target file says about the target, but no secrets.
func TestReportsSayWhoWasJudged(t *testing.T) {
	f := config.File{Name: "n", Organisation: "o", Product: "p", Version: "v", Contact: "c", Time: config.Real,
		Launch: &config.Launch{Command: []string{"server", "--token=hush"}}, Secrets: []config.Secret{{Name: "${TOKEN}", Value: "hush"}}}
	got := Options{}.about(Plan{File: f}, &launch.Target{Credentials: config.Credentials{URL: "http://a"}})
	want := report.Target{Name: "n", Organisation: "o", Product: "p", Version: "v", Contact: "c", URL: "http://a", TimeMode: "real", Launched: "server --token=${TOKEN}"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Each scenario that a check names must exist, and each scenario must be named by a check.
func TestScenariosAndChecksFit(t *testing.T) {
	used := map[string]bool{}
	for id, ch := range judge.Checks {
		for _, shown := range ch.Needs() {
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

// withoutEvents are clauses whose scenarios leave out, without the capability events, what shows them.
var withoutEvents = []string{"ARC-START-01", "ARC-STAT-03", "ARC-STAT-14"}

// A clause that no target without events can show must need the capability, or it would be inconclusive there instead of
// not applicable.
func TestClausesThatNeedEventsSaySo(t *testing.T) {
	l := load(t)
	for id, ch := range judge.Checks {
		needed := !slices.ContainsFunc(all.Scenarios, func(s scenario.Scenario) bool {
			return slices.Contains(ch.Shown, s.Name) && !slices.Contains(s.Needs, config.Events)
		}) || slices.Contains(withoutEvents, id)
		if cl, _ := l.Clause(id); needed && !slices.Contains(cl.Capability, "events") {
			t.Errorf("%s needs a client with events, and not the capability", id)
		}
	}
}

// Target files and the ledger must use the same names of capabilities.
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
		{Selection{Profile: "smoke", Chapters: []string{"AUTH"}, Levels: []string{"must"}, Skip: []string{"arc-auth-1*"}}, func(got []spec.Clause) bool {
			return len(got) == 5 && got[0].ID == "ARC-AUTH-01"
		}, ""},
		{Selection{Profile: "extended"}, func(got []spec.Clause) bool {
			return len(got) > 300 && !slices.ContainsFunc(got, func(c spec.Clause) bool { return slices.Contains(c.Capability, "faults") })
		}, ""},
		{Selection{Levels: []string{"may"}}, func(got []spec.Clause) bool {
			return len(got) > 0 && !slices.ContainsFunc(got, func(c spec.Clause) bool { return c.Level != spec.May })
		}, ""},
		{Selection{Profile: "best"}, nil, "smoke, core, extended, full"},
		{Selection{Levels: []string{"shall"}}, nil, "must, should, may"},
		{Selection{Skip: []string{"ARC-NONE-01"}}, nil, "ARC-NONE-01"},
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
	p, err := NewPlan(l, Selection{Clauses: []string{"ARC-START-11", "ARC-COMP-02", "ARC-CB-29"}}, f)
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

func TestLabels(t *testing.T) {
	cl, _ := load(t).Clause("ARC-CB-01")
	got := labels(load(t), cl)
	for _, want := range []string{"req:ARC-CB-01", "level:must", "chapter:CB", "cap:callback", "profile:core", "profile:full"} {
		if !slices.Contains(got, want) {
			t.Errorf("labels %v without %s", got, want)
		}
	}
}

// TestHostedTellsWhatIsMissing checks that a missing target file fails a spec with a readable text.
func TestHostedTellsWhatIsMissing(t *testing.T) {
	if _, _, err := (Hosted{Target: "nowhere.yaml"}).plan(load(t)); err == nil || !strings.Contains(err.Error(), "nowhere.yaml") {
		t.Errorf("got %v", err)
	}
}
