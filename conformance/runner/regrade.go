package runner

import (
	"fmt"
	"slices"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/report"
	"reelcheck/conformance/runner/intact"
	"reelcheck/conformance/runner/liveness"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Regrade judges the clauses that a run had selected, by its recorded bundle and by the ledger and the checks of this
// program. A run that was interrupted or killed is judged by the scenarios that had ended. The baseline is the one of
// the run; it holds as of the end of the run. Evidence of which a part is missing is a *UsageError, because what is missing would
// count against the target.
func Regrade(bundle, version string, baseline []report.Excuse) (Outcome, error) {
	ledger, err := spec.Load()
	if err != nil {
		return Outcome{}, err
	}
	view, head, err := evidence.Open(bundle)
	if err != nil {
		return Outcome{}, &UsageError{err}
	}
	if err := intact.Check(view); err != nil {
		return Outcome{}, &UsageError{fmt.Errorf("%s: %w", bundle, err)}
	}
	about, err := report.TargetOf(head)
	if err != nil {
		return Outcome{}, &UsageError{err}
	}
	torn := view.Torn()
	verdicts := selected(judge.Grade(ledger, liveness.Alive(view).Whole(torn), about.Capabilities), head)
	finished := head.Started
	if last, ok := view.Last(); ok {
		finished = last.Time
	}
	interrupted := len(torn) > 0 && report.Died(view) == nil
	out := grading{ledger, verdicts, view, baseline, finished, version, verdict.Run{Interrupted: interrupted, Strict: head.Strict}}.outcome()
	r := out.Report
	r.Target = about
	r.Run.ID, r.Run.StartedAt, r.Run.FinishedAt, r.Run.Selection = head.Run, head.Started, finished, head.Selection
	r.Run.Regraded, r.Run.Evidence = true, bundle
	return out, nil
}

// selected keeps the verdicts on the clauses that the run had selected.
func selected(verdicts []verdict.Verdict, head evidence.About) []verdict.Verdict {
	if len(head.Clauses) == 0 {
		return verdicts
	}
	return slices.DeleteFunc(verdicts, func(v verdict.Verdict) bool { return !slices.Contains(head.Clauses, v.Clause) })
}
