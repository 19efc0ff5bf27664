package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"reelcheck/conformance/report"
	"reelcheck/conformance/target/launch"
	"reelcheck/conformance/verdict"
)

// EvidenceDir is the bundle's name inside the report folder.
const EvidenceDir = "evidence"

// Options of a run.
type Options struct {
	Out      string // report folder; made empty before
	RunID    string
	Version  string
	Strict   bool // recommendations fail the run too
	Baseline []report.Excuse
	Progress *Progress
	Now      func() time.Time
}

// Outcome is what a run came to.
type Outcome struct {
	Report *report.Report
	Code   int
	Notes  []string // what to tell beside the verdicts: baseline, harness, interruption
}

// Run drives the target and judges it. The error is for what kept the run from
// happening: a *UsageError or a *target.UnreachableError. A run that was
// interrupted has a partial report.
func Run(ctx context.Context, p Plan, s Selection, o Options) (Outcome, error) {
	began := o.Now()
	st, err := openEnvironment(ctx, o, p)
	if err != nil {
		return Outcome{}, err
	}
	o.Progress.expect(len(p.Clauses))
	driving, stop := context.WithCancel(ctx)
	defer stop()
	if err := st.drive(driving, o, p); err != nil {
		return Outcome{}, errors.Join(err, st.close())
	}
	c := &suite{plan: p, environment: st, progress: o.Progress, verdicts: map[string]verdict.Verdict{}}
	passed := host(c)
	stop() // nothing more is judged; a run that went its way has ended by now
	<-st.done
	verdicts := c.final(st.whole(ctx.Err() != nil))
	out := Outcome{Report: &report.Report{}}
	facts := verdict.Run{Interrupted: ctx.Err() != nil, Strict: o.Strict}
	if st.err != nil && ctx.Err() == nil {
		facts.Harness = true
		out.Notes = append(out.Notes, "harness: "+st.err.Error())
	}
	if passed != allWell(verdicts) && !facts.Interrupted {
		facts.Harness = facts.Harness || passed
		out.Notes = append(out.Notes, "specs and verdicts disagree; the verdicts count")
	}
	out.conclude(p, s, o, verdicts, facts, st, began)
	if err := st.close(); err != nil {
		out.Notes = append(out.Notes, "closing down: "+err.Error())
	}
	return out, nil
}

func allWell(verdicts []verdict.Verdict) bool {
	for _, v := range verdicts {
		if v.Outcome == verdict.Fail || v.Outcome == verdict.Inconclusive {
			return false
		}
	}
	return true
}

// conclude applies the baseline, decides the exit code and builds the report.
func (out *Outcome) conclude(p Plan, s Selection, o Options, verdicts []verdict.Verdict, facts verdict.Run, st *environment, began time.Time) {
	known := func(id string) bool { _, ok := p.Ledger.Clause(id); return ok }
	excused, wrong := report.Apply(o.Baseline, verdicts, known, o.Now())
	facts.Excused, facts.Stale = excused, len(wrong) > 0
	for _, v := range verdicts {
		facts.Harness = facts.Harness || v.Fault
	}
	out.Notes = append(out.Notes, wrong...)
	out.Code = verdict.Exit(verdicts, facts, p.level)
	r := report.Build(p.Ledger, verdicts, st.journal.View(), excused)
	r.Suite = report.Suite{Name: "conform", Version: o.Version, LedgerSHA256: report.Fingerprint(p.Ledger)}
	r.Target = o.about(p, st.target)
	r.Run = report.Run{ID: o.RunID, StartedAt: began.UTC(), FinishedAt: o.Now().UTC(), Selection: s.List(),
		Interrupted: facts.Interrupted, Evidence: EvidenceDir, ExitCode: out.Code}
	r.Baseline = o.Baseline
	out.Report = r
}

// Unreachable tells whether an error means that the target or the environment is not there.
func Unreachable(err error) bool {
	var u *launch.UnreachableError
	return errors.As(err, &u)
}

// Advice says what counts of failing recommendations, which do not fail a run unless it is strict.
func Advice(verdicts []report.Clause, strict bool) string {
	n := 0
	for _, c := range verdicts {
		if c.Outcome == verdict.Fail && c.Level != "must" {
			n++
		}
	}
	if n == 0 || strict {
		return ""
	}
	return fmt.Sprintf("%d of the failures are of recommendations and do not fail the run; --strict makes them", n)
}
