package runner

import (
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/report"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Regrade judges a recorded bundle by the ledger and the checks of this program.
func Regrade(bundle, version string) (*report.Report, error) {
	ledger, err := spec.Load()
	if err != nil {
		return nil, err
	}
	view, head, err := evidence.Open(bundle)
	if err != nil {
		return nil, &UsageError{err}
	}
	about, err := report.TargetOf(head)
	if err != nil {
		return nil, &UsageError{err}
	}
	verdicts := judge.Grade(ledger, view, about.Capabilities)
	level := func(id string) string { cl, _ := ledger.Clause(id); return string(cl.Level) }
	r := report.Build(ledger, verdicts, view, nil)
	r.Suite = report.Suite{Name: "conform", Version: version, LedgerSHA256: report.Fingerprint(ledger)}
	r.Target = about
	finished := head.Started
	if last, ok := view.Last(); ok {
		finished = last.Time
	}
	r.Run = report.Run{ID: head.Run, StartedAt: head.Started, FinishedAt: finished, Regraded: true, Evidence: bundle,
		ExitCode: verdict.Exit(verdicts, verdict.Run{}, level)}
	return r, nil
}
