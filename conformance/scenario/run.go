package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/sink"
	"reelcheck/conformance/target"
)

// Env is what scenarios share.
type Env struct {
	Target    *target.Target
	Journal   *evidence.Journal
	Schema    *target.Schema // nil: exchanges are not validated
	Hooks     *sink.Webhooks
	Store     *sink.Store   // nil without the capability s3
	Azure     *sink.Azure   // nil without the capability azure
	Mail      *sink.Mailbox // nil: no mail is asked for
	Publisher publisher.Driver
	// Forensics describes a media file as JSON. An error means that it could not look, not that the file is bad.
	Forensics func(ctx context.Context, path string) (json.RawMessage, error)
	// RunID is part of the names of what is created.
	RunID string
	// Slots is how many media slots are open at a time; 0: two per processor.
	Slots int
	// Progress, if set, is told what happens; it must not block.
	Progress func(Progress)
}

// Progress is one line of what a run is doing.
type Progress struct {
	Scenario string
	Outcome  evidence.Outcome
	Text     string
}

// BlockedError ends a flow: what the target did, or did not do, leaves nothing to go on with.
type BlockedError struct {
	Label string // of the record that shows it
	Text  string
}

func (e *BlockedError) Error() string { return e.Label + ": " + e.Text }

// Run drives the scenarios side by side and returns when all have ended. Outcomes are evidence; an error
// means that evidence could not be written or ctx ended.
func Run(ctx context.Context, env Env, scenarios []Scenario) error {
	slots := env.Slots
	if slots == 0 {
		slots = 2 * runtime.NumCPU()
	}
	media := semaphore.NewWeighted(int64(slots))
	looking := make(chan struct{}, 1) // one file at a time, lest looking at files disturb the publishers
	errs := make([]error, len(scenarios))
	prepared := make(chan struct{}, 1) // one scenario at a time on applications prepared by hand
	var wg sync.WaitGroup
	for i, s := range scenarios {
		wg.Go(func() {
			if !env.Target.File.Has(target.Control) {
				prepared <- struct{}{}
				defer func() { <-prepared }()
			}
			if weight := int64(min(s.Media, slots)); weight > 0 {
				if err := media.Acquire(ctx, weight); err != nil {
					errs[i] = err
					return
				}
				defer media.Release(weight)
			}
			errs[i] = drive(ctx, env, s, looking)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// drive runs one scenario to its last word in the evidence.
func drive(ctx context.Context, env Env, s Scenario, looking chan struct{}) error {
	f := &Flow{Env: env, Scenario: s, looking: looking}
	if missing := s.Missing(env.Target.File); missing != "" {
		return f.end(evidence.Step{Outcome: evidence.Unmet, BlockedBy: string(missing), Text: "the target does not declare " + string(missing)})
	}
	if err := f.end(evidence.Step{Outcome: evidence.Began, Text: s.Title}); err != nil {
		return err
	}
	inner, cancel := context.WithTimeout(ctx, s.Within)
	err := f.open(inner)
	if err == nil {
		err = s.Run(inner, f)
	}
	expired := inner.Err()
	cancel()
	f.cleanUp(ctx)
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), f.end(evidence.Step{Outcome: evidence.Broken, Text: "interrupted"}))
	}
	if err != nil && expired != nil {
		err = fmt.Errorf("not done within %v: %w", s.Within, err)
	}
	return f.end(ending(err))
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

// end writes a step of the scenario itself and tells the progress.
func (f *Flow) end(s evidence.Step) error {
	if f.Progress != nil {
		f.Progress(Progress{Scenario: f.Scenario.Name, Outcome: s.Outcome, Text: s.Text})
	}
	return f.Append(evidence.Record{Label: "scenario", Step: &s})
}

// cleanUp undoes what the flow created, last first. What fails is harness evidence.
func (f *Flow) cleanUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	for i := len(f.undo) - 1; i >= 0; i-- {
		if err := f.undo[i](ctx); err != nil {
			_ = f.Append(evidence.Record{Label: "cleanup", Harness: &evidence.Harness{Kind: "cleanup", Message: err.Error()}}) // a journal that fails shows at the scenario's end
		}
	}
}
