package mutants

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/evidencetest"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/mutants/tape"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/all"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

var update = flag.Bool("update", false, "rewrite testdata/matrix.txt")

func loadLedger() (spec.Ledger, error) { return spec.Load() }

func ledger(t testing.TB) spec.Ledger {
	t.Helper()
	l, err := loadLedger()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// recorded returns the evidence of a run in which everything went well.
func recorded(t testing.TB) []evidence.Record {
	t.Helper()
	return evidencetest.Read(t, "testdata/journal.jsonl.gz")
}

// everything returns all capabilities, so that every clause is applicable.
func everything(l spec.Ledger) []string {
	var all []string
	for c := range l.Capabilities {
		all = append(all, string(c))
	}
	return all
}

func TestTheRecordedRunIsGood(t *testing.T) {
	l := ledger(t)
	prepared := judge.Prepare(l, evidence.View{}.With(recorded(t)), everything(l))
	for id := range judge.Checks {
		cl, ok := l.Clause(id)
		if !ok {
			continue // TestRegistry reports it
		}
		cl.Verify = spec.Checks
		if v := prepared.Judge(cl); v.Outcome != verdict.Pass {
			t.Errorf("%s: %s: %s %v", id, v.Outcome, v.Reason, v.Findings)
		}
	}
}

// TestEveryClauseStandsAlone checks that selecting one clause drives only the scenarios that its check names, and that
// these show everything it needs.
func TestEveryClauseStandsAlone(t *testing.T) {
	l, whole := ledger(t), evidence.View{}.With(recorded(t))
	for id, ch := range judge.Checks {
		cl, ok := l.Clause(id)
		if !ok {
			continue // TestRegistry reports it
		}
		alone := whole.Where(func(r *evidence.Record) bool { return r.Scenario == "" || slices.Contains(ch.Needs(), r.Scenario) })
		if v := judge.Prepare(l, alone, everything(l)).Judge(cl); v.Outcome != verdict.Pass {
			t.Errorf("%s, shown by %v: %s: %s %v", id, ch.Shown, v.Outcome, v.Reason, v.Findings)
		}
	}
}

// TestEveryNamedScenarioIsOfUse checks that each scenario that a check names shows something of the clause, by itself or with the others.
func TestEveryNamedScenarioIsOfUse(t *testing.T) {
	l, whole := ledger(t), evidence.View{}.With(recorded(t))
	for _, s := range all.Scenarios {
		one := judge.Prepare(l, whole.Where(func(r *evidence.Record) bool { return r.Scenario == "" || r.Scenario == s.Name }), everything(l))
		for id, ch := range judge.Checks {
			cl, ok := l.Clause(id)
			if !ok || !slices.Contains(ch.Needs(), s.Name) {
				continue
			}
			if len(one.Judge(cl).Proof) > 0 || slices.ContainsFunc(s.Later, func(l scenario.Later) bool {
				return slices.Contains(l.Clauses, id) && len(whole.Scenario(s.Name).Label("clock."+l.Name).Records) == 0
			}) {
				continue // the recorded run did not take the look that shows it: only waiting does
			}
			others := whole.Where(func(r *evidence.Record) bool {
				return r.Scenario == "" || r.Scenario != s.Name && slices.Contains(ch.Needs(), r.Scenario)
			})
			if v := judge.Prepare(l, others, everything(l)).Judge(cl); v.Outcome == verdict.Pass {
				t.Errorf("%s names %s, which shows nothing of it", id, s.Name)
			}
		}
	}
}

// TestVerdictsAreTheSameEachTime checks that a check notes the same in the same order each time.
func TestVerdictsAreTheSameEachTime(t *testing.T) {
	l, v := ledger(t), evidence.View{}.With(recorded(t))
	first := judge.Grade(l, v, everything(l))
	for i, again := range judge.Grade(l, v, everything(l)) {
		if !reflect.DeepEqual(again, first[i]) {
			t.Errorf("%s: first %+v, then %+v", again.Clause, first[i], again)
		}
	}
}

// TestEveryMutationIsCaught checks that every check fails on a mutation of its own, for the named reason. The matrix
// records what else fails. Under the race detector, which finds nothing in pure functions but slows them down, each
// mutation is judged by its own check alone.
func TestEveryMutationIsCaught(t *testing.T) {
	l := ledger(t)
	good := recorded(t)
	free := make(chan *bench, runtime.GOMAXPROCS(0)) // each serves one mutation at a time
	for range cap(free) {
		free <- newBench(l, good)
	}
	rows := make([]string, len(Mutations))
	t.Run("mutation", func(t *testing.T) {
		for i, m := range Mutations {
			t.Run(m.Clause+" "+m.Fault, func(t *testing.T) {
				t.Parallel()
				b := <-free
				defer func() { free <- b }()
				rows[i] = b.caught(t, m)
			})
		}
	})
	if !reflect.DeepEqual(good, recorded(t)) {
		t.Error("a mutation altered the recorded run itself")
	}
	killed := map[string]bool{}
	for i, m := range Mutations {
		killed[m.Clause] = killed[m.Clause] || rows[i] != ""
	}
	for id := range judge.Checks {
		if !killed[id] {
			t.Errorf("%s: no mutation makes its check fail", id)
		}
	}
	matrix := strings.Join(rows, "")
	if !raceDetector {
		compareMatrix(t, matrix)
	}
	t.Logf("%d checks killed\n%s", len(killed), matrix)
}

// mostAlso is the number of clauses that may fail beside the one that a mutation violates. Most have none; a few clauses
// state the same in two places, such as the size that a read answers and the size of the object.
const mostAlso = 2

// caught spoils the records, checks that the mutation's clause fails for the named reason, and returns the line of the
// matrix about it.
func (b *bench) caught(t *testing.T, m Mutation) string {
	t.Helper()
	cl, ok := b.ledger.Clause(m.Clause)
	if !ok {
		t.Fatalf("mutation of %s, which is not a clause", m.Clause)
	}
	cl.Verify = spec.Checks // some checks exist before the ledger asks for them
	tape := &tape.Tape{Records: slices.Clone(b.good)}
	m.Spoil(tape)
	if len(tape.Missed) > 0 {
		t.Fatalf("nothing to spoil at %v", tape.Missed)
	}
	spoiled := b.whole.With(evidence.View{}.With(tape.Records))
	v := spoiled.Judge(cl)
	if v.Outcome != verdict.Fail || len(v.Findings) == 0 || v.Findings[0].Clause != m.Clause {
		t.Fatalf("not caught: %s %s %v", v.Outcome, v.Reason, v.Findings)
	}
	also := "alone"
	if !raceDetector {
		noticed := b.others(spoiled, tape.Records, m.Clause)
		if len(noticed) > 0 {
			also = "also " + strings.Join(noticed, " ")
		}
		if len(noticed) > mostAlso {
			t.Errorf("%d more clauses fail: %v; what follows from %s has to be blocked by it", len(noticed), noticed, m.Clause)
		}
	}
	return fmt.Sprintf("%-13s %-52s %s\n", m.Clause, m.Fault, also)
}

// compareMatrix fails if other clauses than before notice a fault, so that somebody reviews the change.
func compareMatrix(t *testing.T, got string) {
	t.Helper()
	const name = "testdata/matrix.txt"
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("kill matrix differs from %s; look at the difference and run go test -update", name)
	}
}
