package check

import (
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// scenarioAt returns evidence of one scenario that has only its last step.
func scenarioAt(name string, step evidence.Step) evidence.View {
	return evidence.View{}.With([]evidence.Record{{Seq: 1, Time: time.Unix(1, 0), Scenario: name, Label: "scenario", Step: &step}})
}

func ledger(t *testing.T) spec.Ledger {
	t.Helper()
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestConclude(t *testing.T) {
	cl := spec.Clause{ID: "ARC-START-01", Level: spec.Must, Verify: spec.Checks, Capability: []spec.Capability{"s3"}}
	ch := Check{Clause: cl.ID, Shown: []string{"refusals"}}
	finding := func(c *Case) { c.Wrong("a", "b") }
	proof := func(c *Case) { c.Saw(evidence.Record{Seq: 7, Scenario: "refusals"}) }
	unclear := func(c *Case) { c.Unclear("the sink failed") }
	nothing := func(*Case) {}
	done := scenarioAt("refusals", evidence.Step{Outcome: evidence.Done})
	for _, c := range []struct {
		name  string
		view  evidence.View
		judge func(*Case)
		want  verdict.Outcome
	}{
		{"proof", done, proof, verdict.Pass},
		{"a contradiction outweighs proof", done, func(c *Case) { proof(c); finding(c) }, verdict.Fail},
		{"a contradiction outweighs trouble", done, func(c *Case) { unclear(c); finding(c) }, verdict.Fail},
		{"trouble outweighs proof", done, func(c *Case) { proof(c); unclear(c) }, verdict.Inconclusive},
		{"nothing seen is no pass", done, nothing, verdict.Inconclusive},
		{"nothing seen, blocked by the target", scenarioAt("refusals", evidence.Step{Outcome: evidence.Blocked, Text: "no session"}), nothing, verdict.Fail},
		{"nothing seen, broken harness", scenarioAt("refusals", evidence.Step{Outcome: evidence.Broken, Text: "disk full"}), nothing, verdict.Inconclusive},
		{"nothing seen, not run", evidence.View{}, nothing, verdict.Inconclusive},
		{"clients that cannot do what it takes", scenarioAt("refusals", evidence.Step{Outcome: evidence.Unable, Text: "the clients cannot mute one track"}), finding, verdict.NotApplicable},
		{"a check that panics", done, func(*Case) { panic("oops") }, verdict.Inconclusive},
	} {
		ch.Judge = c.judge
		v := Grade(facts.Sort(ledger(t), c.view), cl, []string{"s3"}, ch, Causes{})
		if v.Outcome != c.want {
			t.Errorf("%s: %s, want %s (%s)", c.name, v.Outcome, c.want, v.Reason)
		}
		if v.Outcome != verdict.Pass && v.Reason == "" && len(v.Findings) == 0 {
			t.Errorf("%s: no reason given", c.name)
		}
		for _, found := range v.Findings {
			if found.Clause != cl.ID || found.Expected == "" || found.Actual == "" {
				t.Errorf("%s: finding lacks its parts: %+v", c.name, found)
			}
		}
	}
}

// TestUnmetIsNotApplicable: a clause whose scenarios all need what the target file does not have is not applicable, and the reason
// says what to add. Evidence, and scenarios that were run, outweigh that.
func TestUnmetIsNotApplicable(t *testing.T) {
	cl := spec.Clause{ID: "ARC-START-01", Level: spec.Must, Verify: spec.Checks}
	unmet := evidence.Step{Outcome: evidence.Unmet, BlockedBy: "application foreign", Text: "add applications.foreign"}
	for name, c := range map[string]struct {
		shown []string
		judge func(*Case)
		want  verdict.Outcome
	}{
		"all of them":         {[]string{"isolation"}, func(*Case) {}, verdict.NotApplicable},
		"one was not run":     {[]string{"isolation", "refusals"}, func(*Case) {}, verdict.Inconclusive},
		"clients cannot":      {[]string{"isolation", "crowd"}, func(*Case) {}, verdict.NotApplicable},
		"another looks later": {[]string{"isolation", "cloud"}, func(*Case) {}, verdict.Pending},
		"another has ended":   {[]string{"isolation", "pair"}, func(*Case) {}, verdict.NotApplicable},
		"seen elsewhere":      {[]string{"isolation"}, func(c *Case) { c.Saw(evidence.Record{Seq: 7}) }, verdict.Pass},
		"contradicted anyway": {[]string{"isolation"}, func(c *Case) { c.Wrong("a", "b") }, verdict.Fail},
	} {
		ch := Check{Clause: cl.ID, Shown: c.shown, Judge: c.judge}
		done := evidence.Step{Outcome: evidence.Done}
		records := slices.Concat(scenarioAt("isolation", unmet).Records, scenarioAt("pair", done).Records, scenarioAt("crowd", evidence.Step{Outcome: evidence.Unable, Text: unmet.Text}).Records,
			[]evidence.Record{{Scenario: "cloud", Label: "after-expiry.unwaited", Step: &evidence.Step{Outcome: evidence.Unwaited, Text: "too long", Clauses: []string{cl.ID}}}}, scenarioAt("cloud", done).Records)
		v := Grade(facts.Sort(ledger(t), evidence.View{}.With(records)), cl, nil, ch, Causes{})
		if v.Outcome != c.want || v.Outcome == verdict.NotApplicable && v.Reason != unmet.Text {
			t.Errorf("%s: %s (%s), want %s", name, v.Outcome, v.Reason, c.want)
		}
	}
}

func TestCapabilitiesAndPending(t *testing.T) {
	f := facts.Sort(ledger(t), evidence.View{})
	cl := spec.Clause{ID: "ARC-START-01", Verify: spec.Checks, Capability: []spec.Capability{"s3", "control"}}
	if v := Grade(f, cl, []string{"s3"}, Check{}, Causes{}); v.Outcome != verdict.NotApplicable || !strings.HasPrefix(v.Reason, "the target does not declare control (") {
		t.Errorf("undeclared: %+v", v)
	}
	cl.Verify = spec.Pending
	if v := Grade(f, cl, nil, Check{}, Causes{}); v.Outcome != verdict.Pending {
		t.Errorf("pending: %+v", v)
	}
}

// TestWhatDidNotEnd: a clause that one scenario leaves unclear, because another one of its did not end, was not shown for that reason.
func TestWhatDidNotEnd(t *testing.T) {
	cl := spec.Clause{ID: "ARC-START-01", Level: spec.Must, Verify: spec.Checks}
	ch := Check{Clause: cl.ID, Shown: []string{"refusals", "composed-pair"}, Judge: func(c *Case) { c.Unclear("no proper call was tried") }}
	done := scenarioAt("refusals", evidence.Step{Outcome: evidence.Done}).Records
	for _, c := range []struct {
		last evidence.Step
		want string
	}{
		{evidence.Step{Outcome: evidence.Began}, "not shown: scenario composed-pair did not end"},
		{evidence.Step{Outcome: evidence.Broken, Text: evidence.Interrupted}, "not shown: scenario composed-pair did not end"},
		{evidence.Step{Outcome: evidence.Done}, "no proper call was tried"},
	} {
		v := Grade(facts.Sort(ledger(t), evidence.View{}.With(slices.Concat(done, scenarioAt("composed-pair", c.last).Records))), cl, nil, ch, Causes{})
		if v.Outcome != verdict.Inconclusive || v.Reason != c.want {
			t.Errorf("%s: %s, %q", c.last.Outcome, v.Outcome, v.Reason)
		}
	}
}

// TestEnvironmentIsNoFault: what nothing in the run shows is no fault of the target if the harness or the environment cut a scenario short.
func TestEnvironmentIsNoFault(t *testing.T) {
	cl := spec.Clause{ID: "ARC-DEL-06", Level: spec.Must, Verify: spec.Checks}
	unknown := evidence.Record{Scenario: "refusals", Label: "delete.unknown", Exchange: &evidence.Exchange{Operation: evidence.DeleteArchive,
		Request: evidence.Request{URL: "http://t/v2/project/p/archive/5dd07959-ec57-42b7-8a9f-4c2c02743f18"}, Response: &evidence.Response{Status: 404}}}
	for want, c := range map[verdict.Outcome]struct {
		last   evidence.Step
		reason string
	}{
		verdict.Fail:         {evidence.Step{Outcome: evidence.Done}, ""},
		verdict.Inconclusive: {evidence.Step{Outcome: evidence.Broken, Text: "S3 sink: no bucket"}, "not shown: scenario composed-pair broke: S3 sink: no bucket"},
	} {
		ch := Check{Clause: cl.ID, Shown: []string{"refusals"}, Judge: func(c *Case) {
			for _, r := range c.View.Exchanges(evidence.DeleteArchive).Records {
				c.succeedsAtAll(evidence.DeleteArchive, r)
			}
		}}
		v := Grade(facts.Sort(ledger(t), evidence.View{}.With(slices.Concat(scenarioAt("composed-pair", c.last).Records, scenarioAt("refusals", evidence.Step{Outcome: evidence.Done}).Records, []evidence.Record{unknown}))), cl, nil, ch, Causes{})
		if v.Outcome != want || v.Reason != c.reason {
			t.Errorf("%s: %s, %q", c.last.Outcome, v.Outcome, v.Reason)
		}
	}
}
