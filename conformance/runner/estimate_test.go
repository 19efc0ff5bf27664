package runner

import (
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/scenario"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/verdict"
)

// everything returns a target file with all capabilities but some.
func everything(mode config.TimeMode, without ...config.Capability) config.File {
	f := config.File{Time: mode}
	for _, c := range config.Capabilities {
		if !slices.Contains(without, c) {
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
	if got := p.Forecast(); len(got) != 1 || got["ARC-DUR-05"].Outcome != verdict.Pending || !strings.Contains(got["ARC-DUR-05"].Reason, "needs a wait of 12h0m7s; --longest-wait is 5m") {
		t.Errorf("forecast: %v", got)
	}
	f := everything(config.Real, config.Control)
	f.LongestWait = config.Duration(13 * time.Hour)
	if p, long := estimate(t, f, nobody); long.Longest < 12*time.Hour || len(long.Scenarios) != 2 || p.patience() < 12*time.Hour {
		t.Errorf("long: %+v, %v", long, p.patience())
	}
}

// TestEstimateKnowsTheKinds checks that a plan counts no kind of archive that the target file does not declare.
func TestEstimateKnowsTheKinds(t *testing.T) {
	f := everything(config.Virtual, config.FHD, config.Individual)
	_, e := estimate(t, f, Selection{})
	for kind := range e.Seconds {
		if strings.Contains(kind, "1920") || kind == "individual" {
			t.Errorf("%.0f s of kind %q", e.Seconds[kind], kind)
		}
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
