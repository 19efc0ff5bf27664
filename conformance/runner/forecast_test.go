package runner

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/evidencetest"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/verdict"
)

// asRunFor returns what a run for f would have recorded of s: nothing if it is not run, and otherwise everything before the first
// look for which it may not wait, and what [scenario.Flow.Take] notes of that look and of those after it. Cutting at the labels
// of Take tells no more than the recorded run what a look shows.
func asRunFor(f config.File, s scenario.Scenario, records []evidence.Record) (out []evidence.Record) {
	if step, unmet := s.Unmet(f); unmet {
		return []evidence.Record{{Scenario: s.Name, Label: "scenario", Step: &step}}
	}
	longest, cut := f.LongestWait.Or(config.LongestWait), time.Time{}
	for _, look := range s.Later {
		if f.Time == config.Virtual || look.After <= longest || len(records) == 0 {
			continue
		}
		name, at := look.Name, records[len(records)-1].Time // where the recorded run, with its clock, did without the look
		if i := slices.IndexFunc(records, func(r evidence.Record) bool { return r.Label == "clock."+name+".now" || r.Label == name+".now" }); i >= 0 {
			at = records[i].Time
			if cut.IsZero() || at.Before(cut) {
				cut = at
			}
		}
		out = append(out, evidence.Record{Time: at, Scenario: s.Name, Label: name + ".unwaited",
			Step: &evidence.Step{Outcome: evidence.Unwaited, Text: "too long", Clauses: slices.Concat(look.Clauses, look.Prompt)}})
		if f.Time == config.Deferred && len(look.Clauses) > 0 {
			out = append(out, evidence.Record{Time: at, Scenario: s.Name, Label: name, Pledge: &evidence.Pledge{Clauses: look.Clauses}})
		}
	}
	for _, r := range records {
		if cut.IsZero() || r.Time.Before(cut) || r.Media != nil || r.Individual != nil || r.Label == "scenario" {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b evidence.Record) int { return a.Time.Compare(b.Time) })
	return out
}

// files returns the target files of the repository, two of them also in other times, with longer waits and with few capabilities.
func files(t *testing.T) map[string]config.File {
	t.Helper()
	names, err := filepath.Glob("../targets/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("%v, %v", names, err)
	}
	out, known := map[string]config.File{}, map[string]bool{}
	for _, name := range names {
		f, err := config.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		name = filepath.Base(name)
		add := func(mode config.TimeMode, wait time.Duration, capabilities []config.Capability) {
			f := f
			f.Time, f.LongestWait, f.Capabilities = mode, config.Duration(wait), capabilities
			what := fmt.Sprint(f.Capabilities, slices.Sorted(maps.Keys(f.Applications)), f.Time, f.LongestWait)
			if !known[what] {
				known[what], out[fmt.Sprintf("%s, %s, %v, %v", name, mode, wait, capabilities)] = true, f
			}
		}
		add(f.Time, config.LongestWait, f.Capabilities)
		if name == "archived.yaml" || name == "plain.yaml" {
			for _, mode := range []config.TimeMode{config.Real, config.Deferred} {
				add(mode, config.LongestWait, f.Capabilities)
			}
		}
		if name == "plain.yaml" {
			add(config.Deferred, 11*time.Minute, f.Capabilities)
			add(config.Real, 73*time.Hour, f.Capabilities)
			add(config.Deferred, config.LongestWait, []config.Capability{config.Legacy, config.Callback, config.Cloud, config.VP8})
		}
	}
	return out
}

// TestPlanKnowsWhatNobodyCanPrepare checks that a plan without the control API knows of the secret that a run will not have (ARC-CB-30).
func TestPlanKnowsWhatNobodyCanPrepare(t *testing.T) {
	f, err := config.ReadFile("../targets/plain.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f.Capabilities = append(f.Capabilities, config.Signing)
	p, err := NewPlan(load(t), Selection{}, f)
	if err != nil {
		t.Fatal(err)
	}
	for _, wait := range []time.Duration{config.LongestWait, 48 * time.Hour} {
		p.File.LongestWait = config.Duration(wait)
		if got := p.Forecast()["ARC-CB-30"]; got.Outcome != verdict.NotApplicable || !strings.Contains(got.Reason, "the suite has to set the secret") {
			t.Errorf("with a wait of %v: %s: %s", wait, got.Outcome, got.Reason)
		}
	}
}

// TestPlanAndRunAgree compares what a plan says of each clause with what is judged when the scenarios leave what they can: for
// every target file of the repository, in every time. A clause that the plan leaves out may pass nevertheless, by what scenarios
// show that are not its own.
func TestPlanAndRunAgree(t *testing.T) {
	byScenario := map[string][]evidence.Record{}
	for _, r := range evidencetest.Read(t, "../mutants/testdata/journal.jsonl.gz") {
		byScenario[r.Scenario] = append(byScenario[r.Scenario], r)
	}
	l := load(t)
	for name, f := range files(t) {
		p, err := NewPlan(l, Selection{}, f)
		if err != nil {
			t.Fatal(err)
		}
		v := evidence.View{Records: byScenario[""]}
		for _, s := range p.Scenarios {
			v.Records = append(v.Records, asRunFor(f, s, byScenario[s.Name])...)
		}
		for i := range v.Records {
			v.Records[i].Seq = int64(i + 1)
		}
		prepared, forecast := judge.Prepare(l, v, p.capabilities()), p.Forecast()
		for _, cl := range p.Clauses {
			got, want := forecast[cl.ID], prepared.Judge(cl)
			certain := want.Outcome == verdict.NotApplicable || want.Outcome == verdict.Pending || want.Outcome == verdict.Pledged
			if certain && got.Outcome != want.Outcome || !certain && got.Outcome != "" && want.Outcome != verdict.Pass {
				t.Errorf("%s: %s: the plan says %q (%s), the run %s: %s", name, cl.ID, got.Outcome, got.Reason, want.Outcome, want.Reason)
			}
			if want.Outcome == verdict.Inconclusive || want.Outcome == verdict.Fail {
				t.Errorf("%s: %s: the run says %s: %s %v", name, cl.ID, want.Outcome, want.Reason, want.Findings)
			}
		}
	}
}
