package runner

import (
	"fmt"
	"time"

	"reelcheck/conformance/cost"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/report"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// grading is what an outcome is made of, whether the evidence comes from a run, from an earlier one, or from both.
type grading struct {
	ledger   spec.Ledger
	verdicts []verdict.Verdict
	view     evidence.View
	baseline []report.Excuse
	asOf     time.Time // an excuse that expires before is stale
	version  string    // of the suite
	facts    verdict.Run
}

// outcome applies the baseline, decides the exit code and builds the report. The caller adds the target and the run.
func (g grading) outcome() Outcome {
	known := func(id string) bool { _, ok := g.ledger.Clause(id); return ok }
	level := func(id string) string { cl, _ := g.ledger.Clause(id); return string(cl.Level) }
	excused, wrong := report.Apply(g.baseline, g.verdicts, known, g.asOf)
	r := report.Build(g.ledger, g.verdicts, g.view, excused)
	r.Run.NoArchive, r.Run.Stale, r.Run.Records = noArchive(g.view), wrong, len(g.view.Records)
	facts := g.facts
	facts.Excused, facts.Stale, facts.Unreachable = excused, len(wrong) > 0, r.Run.Died != ""
	if r.Counts.Failed == 0 {
		r.Run.BrokenOff = brokenOff(g.view)
	}
	facts.Adapter, facts.Stopped, facts.BrokenOff = r.Run.Adapter != "", r.Run.Stopped != "", r.Run.BrokenOff != ""
	for _, v := range g.verdicts {
		facts.Harness = facts.Harness || v.Fault
	}
	r.Suite = report.Suite{Name: "conform", Version: g.version, LedgerSHA256: report.Fingerprint(g.ledger)}
	r.Baseline, r.Counts.Excused = g.baseline, len(excused)
	r.Run.Interrupted, r.Run.Strict, r.Run.ExitCode = facts.Interrupted, facts.Strict, verdict.Exit(g.verdicts, facts, level)
	return Outcome{Report: r, Code: r.Run.ExitCode}
}

// noArchive says what kept the first scenario from recording anything, if there is no archive at all. Of a run that was cut off
// it says nothing.
func noArchive(v evidence.View) string {
	var made cost.Counter
	made.Add(v.Records...)
	if made.Total().Archives > 0 || cutOff(v) {
		return ""
	}
	why := brokenOff(v)
	if refused := report.Refused(v); why != "" && refused != "" {
		return why + ". " + refused
	}
	return why
}

// brokenOff says which scenario the target let end early, or returns "".
func brokenOff(v evidence.View) string {
	for _, name := range v.Scenarios() {
		if step, _ := v.Outcome(name); step.Outcome == evidence.Blocked {
			return fmt.Sprintf("scenario %s: %s", name, step.Text)
		}
	}
	return ""
}
