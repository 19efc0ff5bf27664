package verdict

import "testing"

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
		{"pending and not applicable do not matter", []Verdict{one("A", Pending), one("B", NotApplicable), one("C", Pass)}, Run{}, ExitConformant},
		{"nothing is judged", []Verdict{one("A", Pending), one("B", NotApplicable)}, Run{}, ExitInconclusive},
		{"a demand fails", []Verdict{one("A", Pass), one("B", Fail)}, Run{}, ExitNonConformant},
		{"a recommendation fails", []Verdict{one("S", Fail)}, Run{}, ExitConformant},
		{"a recommendation fails a strict run", []Verdict{one("S", Fail)}, Run{Strict: true}, ExitNonConformant},
		{"a known failure", []Verdict{one("A", Fail)}, Run{Excused: map[string]bool{"A": true}}, ExitConformant},
		{"a known failure beside another", []Verdict{one("A", Fail), one("B", Fail)}, Run{Excused: map[string]bool{"A": true}}, ExitNonConformant},
		{"blocked by a clause that is not selected", []Verdict{{Clause: "B", Outcome: Inconclusive, BlockedBy: []string{"A"}}}, Run{}, ExitInconclusive},
		{"blocked by a known failure", []Verdict{one("A", Fail), {Clause: "B", Outcome: Inconclusive, BlockedBy: []string{"A"}}}, Run{Excused: map[string]bool{"A": true}}, ExitConformant},
		{"blocked by another failure too", []Verdict{one("A", Fail), {Clause: "B", Outcome: Inconclusive, BlockedBy: []string{"A", "C"}}}, Run{Excused: map[string]bool{"A": true}}, ExitInconclusive},
		{"a stale baseline", []Verdict{one("A", Pass)}, Run{Stale: true}, ExitNonConformant},
		{"inconclusive", []Verdict{one("A", Pass), one("B", Inconclusive)}, Run{}, ExitInconclusive},
		{"failure outweighs inconclusive", []Verdict{one("A", Fail), one("B", Inconclusive)}, Run{}, ExitNonConformant},
		{"inconclusive outweighs pledges", []Verdict{one("A", Pledged), one("B", Inconclusive)}, Run{}, ExitInconclusive},
		{"pledges", []Verdict{one("A", Pass), one("B", Pledged)}, Run{}, ExitPledges},
		{"harness fault outweighs failure", []Verdict{one("A", Fail)}, Run{Harness: true}, ExitHarness},
		{"an adapter that failed outweighs failure", []Verdict{one("A", Fail)}, Run{Adapter: true}, ExitInconclusive},
		{"stopped by a cap", []Verdict{one("A", Pass)}, Run{Stopped: true}, ExitInconclusive},
		{"failed before a cap stopped it", []Verdict{one("A", Fail)}, Run{Stopped: true}, ExitNonConformant},
		{"a scenario that broke off, and every clause passes", []Verdict{one("A", Pass)}, Run{BrokenOff: true}, ExitInconclusive},
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
	got.Excused = 2
	if want := "conform: 1 passed, 2 failed, 3 inconclusive, 4 not applicable, 5 pledged, 6 pending, 2 excused"; got.String() != want || got.Total() != len(verdicts) {
		t.Errorf("line %q of %d, want %q", got, got.Total(), want)
	}
}
