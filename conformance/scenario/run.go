package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/sink"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
)

// Env is what all scenarios of a run share.
type Env struct {
	Target    *launch.Target
	Journal   *evidence.Journal
	Schema    *target.Schema // nil: exchanges are not validated
	Hooks     *sink.Webhooks
	Store     *sink.Store   // nil without the capability s3
	Azure     *sink.Azure   // nil without the capability azure
	Mail      *sink.Mailbox // nil: mail is not used
	Publisher publisher.Driver
	// Forensics describes a media file as JSON. An error means that the tool failed, not that the file is bad.
	Forensics func(ctx context.Context, path string) (json.RawMessage, error)
	// RunID is part of the names of the things that scenarios create.
	RunID string
	// Slots is the number of media slots in use at a time; 0 means five per processor.
	Slots int
	// Progress, if set, receives what happens. It must not block.
	Progress func(Progress)
}

// Progress is one line about the progress of a run.
type Progress struct {
	Scenario string
	Outcome  evidence.Outcome
	Text     string
}

// BlockedError ends a flow that cannot go on because of what the target did, or did not do.
type BlockedError struct {
	Label string // of the record that shows the cause
	Text  string
}

func (e *BlockedError) Error() string { return e.Label + ": " + e.Text }

// Run drives the scenarios side by side and returns when all have ended. They begin in the order of the list, each as
// soon as enough media slots are free; those that need none begin first. How they end is written to the evidence; an
// error means that the evidence could not be written or ctx ended. It does not matter when ctx ends after the last step of
// the last scenario, as it does once all evidence is judged.
func Run(ctx context.Context, env Env, scenarios []Scenario) error {
	if env.Slots == 0 {
		env.Slots = 5 * runtime.NumCPU()
	}
	looking := newTurns(runtime.NumCPU())
	freed := make(chan int, len(scenarios)) // slots that scenarios give back
	errs := make(chan error, len(scenarios)+1)
	free := env.Slots
	var wg sync.WaitGroup
	for _, s := range env.ordered(scenarios) {
		weight := env.weight(s)
		for free < weight {
			free += <-freed
		}
		if err := ctx.Err(); err != nil {
			errs <- err
			break
		}
		free -= weight
		wg.Go(func() { errs <- through(ctx, env, s, looking, func() { freed <- weight }) })
	}
	for free < env.Slots {
		free += <-freed
	}
	looking.all()
	wg.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// turns limits how many files are analysed at a time: one while anything publishes, so as not to disturb the publishers,
// and one per processor afterwards.
type turns chan struct{}

func newTurns(n int) turns {
	t := make(turns, n)
	for range n - 1 {
		t <- struct{}{}
	}
	return t
}

func (t turns) all() {
	for range cap(t) - 1 {
		<-t
	}
}

// ordered puts the scenarios that need no slots first.
func (e Env) ordered(scenarios []Scenario) []Scenario {
	out := slices.Clone(scenarios)
	slices.SortStableFunc(out, func(a, b Scenario) int { return min(e.weight(a), 1) - min(e.weight(b), 1) })
	return out
}

// weight returns how many slots a scenario takes. Without the control API it takes all of them, since only one scenario
// at a time can use a prepared application.
func (e Env) weight(s Scenario) int {
	if !e.Target.File.Has(config.Control) {
		return e.Slots
	}
	return min(s.Media, e.Slots)
}

// through runs a scenario until its last step is in the evidence. It calls release when the flow has ended or is silent;
// files may still be analysed after that.
func through(ctx context.Context, env Env, s Scenario, looking turns, release func()) error {
	f := &Flow{Env: env, Scenario: s, release: sync.OnceFunc(release)}
	f.looks.start(ctx, f, looking)
	last, err := f.drive(ctx)
	f.release()
	if err != nil {
		return errors.Join(err, f.looks.finish())
	}
	if err := f.looks.finish(); err != nil {
		last = f.outcome(ctx, err)
	}
	return errors.Join(ctx.Err(), f.end(last))
}

// drive runs the flow and cleans up after it. It returns the last step of the scenario, and an error when evidence could
// not be written.
func (f *Flow) drive(ctx context.Context) (evidence.Step, error) {
	s := f.Scenario
	if missing := s.Missing(f.Target.File); missing != "" {
		return evidence.Step{Outcome: evidence.Unmet, BlockedBy: string(missing), Text: "the target does not declare " + string(missing)}, nil
	}
	if err := f.end(evidence.Step{Outcome: evidence.Began, Text: s.Title}); err != nil {
		return evidence.Step{}, err
	}
	inner, cancel := context.WithTimeout(ctx, s.Within)
	err := f.open(inner)
	if err == nil {
		err = s.Run(inner, f)
	}
	if err == nil {
		err = f.settle(ctx) // a callback that never comes is the target's fault, and Within is not for it
	}
	expired := inner.Err()
	cancel()
	f.cleanUp(ctx)
	if err != nil && expired != nil {
		err = fmt.Errorf("not done within %v: %w", s.Within, err)
	}
	return f.outcome(ctx, err), nil
}

// outcome turns the error of a flow into its last step, and notes when the flow was interrupted.
func (f *Flow) outcome(ctx context.Context, err error) evidence.Step {
	if ctx.Err() != nil {
		return evidence.Step{Outcome: evidence.Broken, Text: "interrupted"}
	}
	return ending(err)
}

// ending turns the error of a flow into its last step.
func ending(err error) evidence.Step {
	var blocked *BlockedError
	var refused *target.RefusedError
	var unanswered *target.NotAnsweredError
	switch {
	case err == nil:
		return evidence.Step{Outcome: evidence.Done}
	case errors.As(err, &blocked):
		return evidence.Step{Outcome: evidence.Blocked, BlockedBy: blocked.Label, Text: blocked.Text}
	case errors.As(err, &refused):
		return evidence.Step{Outcome: evidence.Blocked, BlockedBy: refused.Label, Text: err.Error()}
	case errors.As(err, &unanswered):
		return evidence.Step{Outcome: evidence.Blocked, BlockedBy: unanswered.Label, Text: err.Error()}
	default:
		return evidence.Step{Outcome: evidence.Broken, Text: err.Error()}
	}
}

// end writes a step of the scenario itself and reports it as progress.
func (f *Flow) end(s evidence.Step) error {
	if f.Progress != nil {
		f.Progress(Progress{Scenario: f.Scenario.Name, Outcome: s.Outcome, Text: s.Text})
	}
	return f.Append(evidence.Record{Label: "scenario", Step: &s})
}

// cleanUp removes what the flow created, last first. It records failures as trouble of the harness.
func (f *Flow) cleanUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	for i := len(f.undo) - 1; i >= 0; i-- {
		if err := f.undo[i](ctx); err != nil {
			_ = f.Append(evidence.Record{Label: "cleanup", Harness: &evidence.Harness{Kind: "cleanup", Message: err.Error()}}) // if the journal fails, the end of the scenario shows it
		}
	}
}
