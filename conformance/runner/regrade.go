package runner

import (
	"fmt"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/report"
	"reelcheck/conformance/runner/intact"
	"reelcheck/conformance/runner/liveness"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Regrade judges the clauses that a run had selected, by its recorded bundle and by the ledger and the checks of this
// program. A run that was interrupted or killed is judged by the scenarios that had ended. old is the report of the run,
// if there is one; its baseline holds as of the end of the run.
func Regrade(bundle, version string, old *report.Report) (Outcome, error) {
	e, err := readEvidence(bundle, old)
	if err != nil {
		return Outcome{}, err
	}
	how := ""
	if old == nil {
		how = intact.End(bundle, e.View)
	}
	var baseline []report.Excuse
	if old != nil {
		baseline = old.Baseline
	}
	finished := e.head.Started
	if last, ok := e.Last(); ok {
		finished = last.Time
	}
	out, err := e.grade(grading{baseline: baseline, asOf: finished, version: version, facts: verdict.Run{Strict: e.head.Strict}})
	if err != nil {
		return out, err
	}
	r := out.Report
	if r.Run.Interrupted && how != "" {
		out.Notes = append([]string{how}, out.Notes...)
	}
	r.Run.ID, r.Run.StartedAt, r.Run.FinishedAt, r.Run.Selection = e.head.Run, e.head.Started, finished, e.head.Selection
	r.Run.Regraded, r.Run.Evidence = true, bundle
	return out, nil
}

// recorded is the evidence of an earlier run.
type recorded struct {
	evidence.View
	head  evidence.About
	about report.Target
}

// readEvidence reads a bundle. Evidence of which a part is missing, also by the report of its run if there is one, is a
// *UsageError, because what is missing would count against the target.
func readEvidence(bundle string, old *report.Report) (e recorded, err error) {
	if e.View, e.head, err = evidence.Open(bundle); err != nil {
		return e, &UsageError{err}
	}
	err = intact.Check(e.View)
	if err == nil && old != nil && old.Run.ID == e.head.Run {
		err = intact.Complete(e.View, old.Run)
	}
	if err != nil {
		return e, &UsageError{fmt.Errorf("%s: %w", bundle, err)}
	}
	if e.about, err = report.TargetOf(e.head); err != nil {
		return e, &UsageError{err}
	}
	return e, nil
}

// grade judges the clauses that the run had selected, by the scenarios that had ended. It fills in the rest of g.
func (e recorded) grade(g grading) (out Outcome, err error) {
	if g.ledger, err = spec.Load(); err != nil {
		return out, err
	}
	torn := e.Torn()
	g.view, g.verdicts = e.View, judge.Grade(g.ledger, liveness.Alive(e.View).Whole(torn), e.about.Capabilities, e.head.Clauses...)
	g.facts.Interrupted = len(torn) > 0 && !cutOff(e.View)
	out = g.outcome()
	if g.facts.Interrupted {
		out.Notes = append(out.Notes, "these scenarios had not ended, and are not judged: "+strings.Join(torn, ", "))
	}
	out.Report.Target = e.about
	return out, nil
}
