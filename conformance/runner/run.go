package runner

import (
	"context"
	"errors"
	"slices"
	"time"

	"reelcheck/conformance/cost"
	"reelcheck/conformance/pledge"
	"reelcheck/conformance/report"
	"reelcheck/conformance/runner/progress"
	"reelcheck/conformance/target/launch"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// EvidenceDir is the name of the bundle inside the report folder.
const EvidenceDir = "evidence"

// Options configures a run.
type Options struct {
	Out      string // report folder, emptied before the run
	RunID    string
	Version  string
	Strict   bool // failed recommendations fail the run too
	Baseline []report.Excuse
	Target   string    // path of the target file, for pledges
	Caps     cost.Caps // the run stops when it exceeds them
	Progress *progress.Display
	Now      func() time.Time
}

// Outcome is the result of a run.
type Outcome struct {
	Report *report.Report
	Code   int
	Notes  []string // what to print beside the verdicts: baseline, harness, interruption
}

// Run drives the target and judges it. The error says why there was no run: a *UsageError or a *target.UnreachableError.
// An interrupted run has a partial report.
func Run(ctx context.Context, p Plan, s Selection, o Options) (Outcome, error) {
	r, err := begin(ctx, p, s, o)
	if err != nil {
		return Outcome{}, err
	}
	return r.end(ctx, host(r.suite)), nil
}

// run is a run in progress.
type run struct {
	suite     *suite
	selection Selection
	options   Options
	began     time.Time
	stop      context.CancelFunc // ends the scenarios and the guard
	guard     *cost.Guard
}

// begin opens the environment and starts the scenarios, which stop when ctx ends. The caller must call end.
func begin(ctx context.Context, p Plan, s Selection, o Options) (*run, error) {
	began := o.Now()
	environment, err := openEnvironment(ctx, o, p, s)
	if err != nil {
		return nil, err
	}
	o.Progress.Expect(len(p.Clauses))
	driving, stop := context.WithCancel(ctx)
	if err := environment.drive(driving, o, p); err != nil {
		stop()
		return nil, errors.Join(err, environment.close())
	}
	c := &suite{plan: p, environment: environment, progress: o.Progress, verdicts: map[string]verdict.Verdict{}}
	return &run{suite: c, selection: s, options: o, began: began, stop: stop, guard: cost.Watch(driving, environment.journal, o.Caps, stop)}, nil
}

// end judges all clauses by all evidence and closes the environment. passed says whether every spec passed. If ctx has
// ended, the run counts as interrupted.
func (r *run) end(ctx context.Context, passed bool) Outcome {
	c, st, p, o := r.suite, r.suite.environment, r.suite.plan, r.options
	r.stop() // no scenario is needed any more; without an interruption all have ended by now
	<-st.done
	<-r.guard.Done
	verdicts := c.final(st.whole())
	out := Outcome{Report: &report.Report{}, Notes: c.changed}
	facts := verdict.Run{Interrupted: ctx.Err() != nil, Strict: o.Strict}
	if report.Stopped(st.journal.View()) != "" { // it broke off the scenarios
		st.err = nil
	}
	if err := errors.Join(st.err, r.guard.Err); err != nil && ctx.Err() == nil {
		facts.Harness = true
		out.Notes = append(out.Notes, "harness: "+err.Error())
	}
	if passed != p.allWell(verdicts) && !facts.Interrupted && !cutOff(st.journal.View()) {
		facts.Harness = facts.Harness || passed
		out.Notes = append(out.Notes, "specs and verdicts disagree; the verdicts count")
	}
	out.conclude(p, r.selection, o, verdicts, facts, st, r.began)
	if err := st.close(); err != nil {
		out.Notes = append(out.Notes, "closing down: "+err.Error())
	}
	return out
}

func (p Plan) allWell(verdicts []verdict.Verdict) bool {
	for _, v := range verdicts {
		if (v.Outcome == verdict.Fail || v.Outcome == verdict.Inconclusive) && !p.told(v) {
			return false
		}
	}
	return true
}

// conclude adds the outcome of the run, and writes what it pledges.
func (out *Outcome) conclude(p Plan, s Selection, o Options, verdicts []verdict.Verdict, facts verdict.Run, st *environment, began time.Time) {
	got := grading{p.Ledger, verdicts, st.journal.View(), o.Baseline, o.Now(), o.Version, facts}.outcome()
	r := got.Report
	r.Target = o.about(p, st.target)
	r.Run.ID, r.Run.StartedAt, r.Run.FinishedAt, r.Run.Selection, r.Run.Evidence = o.RunID, began.UTC(), o.Now().UTC(), s.List(), EvidenceDir
	out.Report, out.Code, out.Notes = r, got.Code, append(out.Notes, got.Notes...)
	if err := (pledge.File{Run: o.RunID, Target: o.Target, Pledges: pledge.Of(st.journal.View())}).Write(o.Out); err != nil {
		out.Notes, out.Code = append(out.Notes, err.Error()), verdict.ExitHarness
	}
}

// Unreachable reports whether the error means that the target or a part of the environment is missing.
func Unreachable(err error) bool {
	var u *launch.UnreachableError
	return errors.As(err, &u)
}

// told reports whether the plan has a broken clause that blocks the one of the verdict, so that its failure tells of both.
func (p Plan) told(v verdict.Verdict) bool {
	return slices.ContainsFunc(p.Clauses, func(cl spec.Clause) bool { return slices.Contains(v.BlockedBy, cl.ID) })
}
