package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/pledge"
	"reelcheck/conformance/report"
	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/runner/liveness"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/all"
	"reelcheck/conformance/target/launch"
	"reelcheck/conformance/target/schema"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Collection redeems the pledges in a report folder.
type Collection struct {
	Dir     string
	Target  string // target file; "" is the one of the run
	Version string
	Now     func() time.Time
	Strict  bool
}

// Collect takes the looks that are due, adds what it sees to the evidence, and judges the clauses of the run again. Pledges
// that are not due stay. The error says why it could not: a *UsageError or a *launch.UnreachableError.
func (c Collection) Collect(ctx context.Context) (Outcome, error) {
	pledges, old, err := c.read()
	if err != nil {
		return Outcome{}, &UsageError{err}
	}
	if _, err := readEvidence(c.evidence(), old); err != nil { // what is added to damaged evidence would be lost with it
		return Outcome{}, err
	}
	if c.Target != "" {
		pledges.Target = c.Target
	}
	f, err := launch.ReadFile(pledges.Target)
	if err != nil {
		return Outcome{}, &UsageError{err}
	}
	t, err := launch.Start(ctx, f, "", c.Dir)
	if err == nil {
		err = liveness.Answers(ctx, t.Credentials.URL, liveness.Patience(f))
	}
	if err != nil {
		return Outcome{}, err
	}
	taken, err := c.take(ctx, t)
	if err != nil {
		return Outcome{}, errors.Join(err, t.Close())
	}
	out, err := c.conclude(old, pledges)
	out.Notes = append(taken, out.Notes...)
	return out, errors.Join(err, t.Close())
}

func (c Collection) read() (pledge.File, *report.Report, error) {
	if _, err := os.Stat(c.Dir); errors.Is(err, os.ErrNotExist) {
		return pledge.File{}, nil, fmt.Errorf("there is no folder %s", c.Dir)
	}
	pledges, err := pledge.Read(c.Dir)
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("%s has no open pledges", c.Dir)
	}
	if err != nil {
		return pledges, nil, err
	}
	old, err := folder.Read(c.Dir)
	return pledges, old, err
}

// take takes the looks that are due. It returns a line about each of the others.
func (c Collection) take(ctx context.Context, t *launch.Target) (lines []string, err error) {
	j, _, err := evidence.Resume(c.evidence(), nil)
	if err != nil {
		return nil, &UsageError{err}
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	schema, err := schema.New(spec.OpenAPI)
	if err != nil {
		return nil, err
	}
	env := scenario.Env{Target: t, Journal: j, Schema: schema}
	for _, p := range j.View().Pledges().Records {
		i := slices.IndexFunc(all.Scenarios, func(s scenario.Scenario) bool { return s.Name == p.Scenario })
		switch {
		case p.Pledge.From.After(c.Now()):
			lines = append(lines, fmt.Sprintf("%s of %s can be looked at from %s", p.Label, p.Scenario, p.Pledge.From.Format(time.RFC3339)))
		case i < 0:
			return lines, &UsageError{fmt.Errorf("this suite has no scenario %q", p.Scenario)}
		default:
			if err := scenario.Redeem(ctx, env, all.Scenarios[i], p); err != nil {
				return lines, err
			}
			lines = append(lines, fmt.Sprintf("%s of %s was looked at", p.Label, p.Scenario))
		}
	}
	return lines, nil
}

// conclude judges the clauses of the run by all evidence, and keeps what is still open.
func (c Collection) conclude(old *report.Report, pledges pledge.File) (Outcome, error) {
	e, err := readEvidence(c.evidence(), old)
	if err != nil {
		return Outcome{}, err
	}
	out, err := e.grade(grading{baseline: old.Baseline, asOf: c.Now(), version: c.Version, facts: verdict.Run{Strict: c.Strict || old.Run.Strict}})
	if err != nil {
		return out, err
	}
	r := out.Report
	r.Target = old.Target
	r.Run.ID, r.Run.StartedAt, r.Run.FinishedAt, r.Run.Selection = old.Run.ID, old.Run.StartedAt, c.Now().UTC(), old.Run.Selection
	r.Run.Regraded, r.Run.Evidence = old.Run.Regraded, old.Run.Evidence
	pledges.Pledges = pledge.Of(e.View)
	return out, pledges.Write(c.Dir)
}

func (c Collection) evidence() string { return filepath.Join(c.Dir, EvidenceDir) }
