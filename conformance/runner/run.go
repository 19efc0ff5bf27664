package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/report"
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
	Progress *Progress
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
	stop      context.CancelFunc // ends the scenarios
}

// begin opens the environment and starts the scenarios, which stop when ctx ends. The caller must call end.
func begin(ctx context.Context, p Plan, s Selection, o Options) (*run, error) {
	began := o.Now()
	environment, err := openEnvironment(ctx, o, p)
	if err != nil {
		return nil, err
	}
	o.Progress.expect(len(p.Clauses))
	driving, stop := context.WithCancel(ctx)
	if err := environment.drive(driving, o, p); err != nil {
		stop()
		return nil, errors.Join(err, environment.close())
	}
	c := &suite{plan: p, environment: environment, progress: o.Progress, verdicts: map[string]verdict.Verdict{}}
	return &run{suite: c, selection: s, options: o, began: began, stop: stop}, nil
}

// end judges all clauses by all evidence and closes the environment. passed says whether every spec passed. If ctx has
// ended, the run counts as interrupted.
func (r *run) end(ctx context.Context, passed bool) Outcome {
	c, st, p, o := r.suite, r.suite.environment, r.suite.plan, r.options
	r.stop() // no scenario is needed any more; without an interruption all have ended by now
	<-st.done
	verdicts := c.final(st.whole(ctx.Err() != nil))
	out := Outcome{Report: &report.Report{}}
	facts := verdict.Run{Interrupted: ctx.Err() != nil, Strict: o.Strict}
	if st.err != nil && ctx.Err() == nil {
		facts.Harness = true
		out.Notes = append(out.Notes, "harness: "+st.err.Error())
	}
	if passed != p.allWell(verdicts) && !facts.Interrupted {
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

// Unreachable reports whether the error means that the target or a part of the environment is missing.
func Unreachable(err error) bool {
	var u *launch.UnreachableError
	return errors.As(err, &u)
}

// told reports whether the plan has a broken clause that blocks the one of the verdict, so that its failure tells of both.
func (p Plan) told(v verdict.Verdict) bool {
	return slices.ContainsFunc(p.Clauses, func(cl spec.Clause) bool { return slices.Contains(v.BlockedBy, cl.ID) })
}

// Blocked returns a line for each failed clause that blocks others.
func Blocked(clauses []report.Clause) []string {
	var out []string
	for _, c := range clauses {
		if len(c.Blocks) > 0 {
			out = append(out, fmt.Sprintf("%s blocks %d: %s", c.ID, len(c.Blocks), strings.Join(c.Blocks, " ")))
		}
	}
	return out
}

// Advice says how many recommendations failed. They fail a run only if it is strict.
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
