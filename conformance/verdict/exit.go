package verdict

// Exit codes of the conform command. They suit gates: a run that is inconclusive or judged nothing never counts as a conformant one.
const (
	ExitConformant    = 0
	ExitNonConformant = 1
	ExitUsage         = 2 // usage or configuration, an empty selection too
	ExitUnreachable   = 3 // target or environment unreachable
	ExitInconclusive  = 4
	ExitHarness       = 5 // the suite itself misbehaved
	ExitPledges       = 6 // nothing wrong, but pledges are open
	ExitInterrupted   = 130
)

// Run holds what decides the exit code beside the verdicts.
type Run struct {
	Interrupted bool
	Harness     bool // a check panicked, a report could not be written, ...
	Unreachable bool // the target never answered
	Stopped     bool // a cap stopped it before everything was judged
	Adapter     bool // the adapter of the clients failed, so that there is no verdict
	BrokenOff   bool // the target let a scenario end early, and no clause failed that says why
	Strict      bool // recommendations count like demands
	// Excused names clauses whose failure the baseline expects.
	Excused map[string]bool
	// Stale means that the baseline itself is wrong: an entry passed, expired or matched nothing.
	Stale bool
}

// Exit returns the exit code of a run. level returns a clause's level: "must", "should" or "may".
func Exit(verdicts []Verdict, run Run, level func(clause string) string) int {
	if run.Interrupted {
		return ExitInterrupted
	}
	if run.Harness {
		return ExitHarness
	}
	failed, inconclusive, pledged := false, false, false
	for _, v := range verdicts {
		switch v.Outcome {
		case Fail:
			failed = failed || gates(v, run, level)
		case Inconclusive:
			inconclusive = inconclusive || !covered(v, run)
		case Pledged:
			pledged = true
		case Pass, NotApplicable, Pending:
		}
	}
	switch {
	case run.Unreachable:
		return ExitUnreachable
	case run.Adapter:
		return ExitInconclusive
	case failed || run.Stale:
		return ExitNonConformant
	case inconclusive || run.Stopped || run.BrokenOff || Count(verdicts).Unjudged():
		return ExitInconclusive
	case pledged:
		return ExitPledges
	}
	return ExitConformant
}

// covered reports whether the clause is blocked only by failures that the baseline expects.
func covered(v Verdict, run Run) bool {
	for _, id := range v.BlockedBy {
		if !run.Excused[id] {
			return false
		}
	}
	return len(v.BlockedBy) > 0
}

func gates(v Verdict, run Run, level func(string) string) bool {
	if run.Excused[v.Clause] {
		return false
	}
	return run.Strict || level(v.Clause) == "must"
}
