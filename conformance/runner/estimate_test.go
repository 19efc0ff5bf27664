package runner

import (
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/cost"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/target/config"
)

// everything returns a target file with all capabilities.
func everything(mode config.TimeMode, without ...config.Capability) config.File {
	f := config.File{Time: mode}
	for _, c := range config.Capabilities {
		if len(without) == 0 || c != without[0] {
			f.Capabilities = append(f.Capabilities, c)
		}
	}
	return f
}

func estimate(t *testing.T, f config.File, s Selection) (Plan, Estimate) {
	t.Helper()
	p, err := NewPlan(load(t), s, f)
	if err != nil {
		t.Fatal(err)
	}
	e, err := p.Estimate()
	if err != nil {
		t.Fatal(err)
	}
	return p, e
}

// TestSmokeIsQuick checks that the smoke profile takes a few seconds of recording, at most one media flow at a time.
func TestSmokeIsQuick(t *testing.T) {
	_, e := estimate(t, everything(config.Virtual), Selection{Profile: "smoke"})
	if e.Takes == 0 || e.Takes > 12*time.Second || len(e.Scenarios) > 3 {
		t.Errorf("takes %v in %d scenarios", e.Takes, len(e.Scenarios))
	}
}

// TestEstimateOfWaits checks that waits cost time and archived minutes only where policy time passes by waiting, and that each
// scenario runs only if it may wait for so long.
func TestEstimateOfWaits(t *testing.T) {
	nobody := Selection{Clauses: []string{"ARC-DUR-01", "ARC-DUR-05"}}
	_, virtual := estimate(t, everything(config.Virtual), nobody)
	if virtual.Longest != 0 || virtual.Minutes() > 2 {
		t.Errorf("virtual: %+v", virtual)
	}
	p, real := estimate(t, everything(config.Real, config.Control), nobody)
	if real.Longest != 67*time.Second || real.Takes < real.Longest || real.Minutes() < 2 || len(real.Scenarios) != 1 {
		t.Errorf("real: %+v", real)
	}
	if got := p.Unjudged(); len(got) != 1 || !strings.Contains(got["ARC-DUR-05"], "needs a wait of 12h0m7s; --longest-wait is 5m") {
		t.Errorf("unjudged: %v", got)
	}
	f := everything(config.Real, config.Control)
	f.LongestWait = config.Duration(13 * time.Hour)
	if p, long := estimate(t, f, nobody); long.Longest < 12*time.Hour || len(long.Scenarios) != 2 || p.patience() < 12*time.Hour {
		t.Errorf("long: %+v, %v", long, p.patience())
	}
}

func TestModes(t *testing.T) {
	p, _ := estimate(t, everything(config.Virtual), Selection{Clauses: []string{"ARC-STAT-11", "ARC-CB-34", "ARC-DUR-03", "ARC-CB-29"}})
	for _, m := range p.Modes() {
		want := map[string]Mode{
			"ARC-STAT-11": {Real: true, Wait: 72*time.Hour + 80*time.Second, Deferred: true},
			"ARC-CB-34":   {Real: true, Wait: 72*time.Hour + 80*time.Second},
			"ARC-DUR-03":  {Real: true, Wait: 4*time.Hour + 30*time.Minute + 7*time.Second},
			"ARC-CB-29":   {Real: true, Wait: 25*time.Hour + 15*time.Minute},
		}[m.Clause.ID]
		if m.Real != want.Real || m.Wait != want.Wait || m.Deferred != want.Deferred {
			t.Errorf("%s: real %t, wait %v, deferred %t; want %+v", m.Clause.ID, m.Real, m.Wait, m.Deferred, want)
		}
	}
}

// TestGuardStopsTheRun starts one archive more than the run may.
func TestGuardStopsTheRun(t *testing.T) {
	j, err := evidence.Create(t.TempDir(), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	g := watch(t.Context(), j, cost.Caps{Archives: 1}, func() { close(stopped) })
	for _, id := range []string{"a", "b"} {
		body := `{"id":"` + id + `","sessionId":"one","status":"started"}`
		r := evidence.Record{Scenario: "s", IDs: map[string]string{evidence.Session: "one"}, Exchange: &evidence.Exchange{
			Operation: evidence.StartArchive, Response: &evidence.Response{Status: 200, Body: evidence.Body{Text: body}}}}
		if _, err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	<-stopped
	<-g.done
	if g.exceeded == nil || !strings.Contains(g.exceeded.Error(), "--max-archives 1") {
		t.Errorf("stopped for %v", g.exceeded)
	}
}

// TestWaitingScenariosRunBesideEachOther checks the order on a prepared application.
func TestWaitingScenariosRunBesideEachOther(t *testing.T) {
	p, _ := estimate(t, everything(config.Real, config.Control), Selection{Chapters: []string{"DUR", "AUTH"}})
	waits, slots := false, scenario.Slots()
	for _, s := range scenario.Ordered(p.File, p.Scenarios) {
		weight := scenario.Weight(p.File, s, slots)
		switch waits = waits || s.Wait > 0; {
		case waits && s.Wait == 0:
			t.Errorf("%s begins after scenarios that wait", s.Name)
		case waits && (weight == 0 || weight == slots), !waits && s.Alone != (weight == slots):
			t.Errorf("%s takes %d slots of %d", s.Name, weight, slots)
		}
	}
}
