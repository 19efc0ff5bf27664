package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/scenario/queue"
	"reelcheck/conformance/scenario/slots"
	"reelcheck/conformance/sink"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
	"reelcheck/conformance/target/schema"
)

// Env is what all scenarios of a run share.
type Env struct {
	Target    *launch.Target
	Journal   *evidence.Journal
	Schema    *schema.Document // nil: exchanges are not validated
	Hooks     *sink.Webhooks
	Store     *sink.Store   // nil without the capability s3
	Azure     *sink.Azure   // nil without the capability azure
	Mail      *sink.Mailbox // nil: mail is not used
	Publisher publisher.Driver
	// Forensics describes a media file as JSON. An error means that the tool failed, not that the file is bad.
	Forensics func(ctx context.Context, path string) (json.RawMessage, error)
	// RunID is part of the names of the things that scenarios create.
	RunID string
	// Slots is the number of media slots in use at a time, on a machine that just keeps up; 0 means five per processor.
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
		env.Slots = Slots()
	}
	media := slots.New(env.Slots)
	watched, ended := context.WithCancel(ctx)
	var watch, wg sync.WaitGroup
	watch.Go(func() { media.Watch(watched) })
	defer watch.Wait()
	defer ended()
	looking := queue.NewTurns(runtime.NumCPU())
	errs := make(chan error, len(scenarios)+1)
	for _, s := range Ordered(env.Target.File, scenarios) {
		weight := Weight(env.Target.File, s, media.Most())
		if err := media.Take(ctx, weight); err != nil {
			errs <- err
			break
		}
		wg.Go(func() { errs <- through(ctx, env, s, looking, func() { media.Give(weight) }) })
	}
	_ = media.Take(context.WithoutCancel(ctx), media.Most()) // waits until all have given theirs back
	looking.All()
	wg.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// Slots returns the number of media slots that are used by default.
func Slots() int { return 5 * runtime.NumCPU() }

// Ordered returns the order in which scenarios begin: those that need no slots first, those that run alone later, and those
// that wait on a prepared application last.
func Ordered(f config.File, scenarios []Scenario) []Scenario {
	out := slices.Clone(scenarios)
	rank := func(s Scenario) int {
		switch {
		case waits(f, s):
			return 3
		case alone(f, s):
			return 2
		}
		return Weight(f, s, 1)
	}
	slices.SortStableFunc(out, func(a, b Scenario) int { return rank(a) - rank(b) })
	return out
}

// alone reports whether no other scenario may run beside s: it has to share a prepared application, and cannot.
func alone(f config.File, s Scenario) bool { return s.Alone && !f.Has(config.Control) }

// waits reports whether s lets real time pass. It uses sessions of its own and does not count archives, so that others may
// run beside it on the same application.
func waits(f config.File, s Scenario) bool { return s.Wait > 0 && !f.Has(config.Control) }

// Weight returns how many of the slots a scenario takes. One that must have a prepared application for itself takes all of them.
func Weight(f config.File, s Scenario, slots int) int {
	switch {
	case alone(f, s):
		return slots
	case waits(f, s):
		return min(max(s.Media, 1), slots)
	}
	return min(s.Media, slots)
}

// through runs a scenario until its last step is in the evidence. It calls release when the flow has ended or is silent;
// files may still be analysed after that.
func through(ctx context.Context, env Env, s Scenario, looking queue.Turns, release func()) error {
	f := &Flow{Env: env, Scenario: s, release: sync.OnceFunc(release)}
	f.looks = queue.Start(ctx, looking)
	last, err := f.drive(ctx)
	f.release()
	if err != nil {
		return errors.Join(err, f.looks.Finish())
	}
	if err := f.looks.Finish(); err != nil {
		last = f.outcome(ctx, err)
	}
	return errors.Join(ctx.Err(), f.end(last))
}

// drive runs the flow and cleans up after it. It returns the last step of the scenario, and an error when evidence could
// not be written.
func (f *Flow) drive(ctx context.Context) (evidence.Step, error) {
	s := f.Scenario
	for _, r := range s.Unmade(f.Target.File) {
		if err := f.Append(r); err != nil {
			return evidence.Step{}, err
		}
	}
	if step, unmet := s.Unmet(f.Target.File); unmet {
		return step, nil
	}
	if f.Publisher != nil {
		if a := s.Unable(f.Publisher.Can()); a != "" {
			return evidence.Step{Outcome: evidence.Unable, BlockedBy: string(a), Text: "the clients cannot " + a.Says()}, nil
		}
	}
	if err := f.end(evidence.Step{Outcome: evidence.Began, Text: s.Title}); err != nil {
		return evidence.Step{}, err
	}
	inner, cancel := context.WithTimeout(ctx, s.within(f.Target.File))
	err := f.open(inner)
	if err == nil {
		err = f.run(inner)
	}
	if err == nil {
		err = f.settle(ctx) // a callback that never comes is the target's fault, and Within is not for it
	}
	expired := inner.Err()
	cancel()
	f.cleanUp(ctx)
	if err != nil && expired != nil {
		err = fmt.Errorf("not done within %v: %w", s.within(f.Target.File), err)
	}
	return f.outcome(ctx, err), nil
}

// run runs the flow itself. A panic, as by an answer that nobody thought of, is a fault of the suite and ends this scenario alone.
func (f *Flow) run(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(fmt.Errorf("fault of the suite: panic: %v", p),
				f.Append(evidence.Record{Label: "panic", Harness: &evidence.Harness{Kind: "panic", Message: fmt.Sprintf("%v\n%s", p, debug.Stack())}}))
		}
	}()
	return f.Scenario.Run(ctx, f)
}

// outcome turns the error of a flow into its last step, and notes when the flow was interrupted.
func (f *Flow) outcome(ctx context.Context, err error) evidence.Step {
	if ctx.Err() != nil {
		return evidence.Step{Outcome: evidence.Broken, Text: evidence.Interrupted}
	}
	return ending(err)
}

// ending turns the error of a flow into its last step.
func ending(err error) evidence.Step {
	var blocked *BlockedError
	var refused *target.RefusedError
	var unanswered *target.NotAnsweredError
	var long *clock.TooLongError
	switch {
	case err == nil:
		return evidence.Step{Outcome: evidence.Done}
	case errors.As(err, &long):
		return evidence.Step{Outcome: evidence.Unwaited, BlockedBy: "time", Text: err.Error()}
	case errors.As(err, &blocked):
		return evidence.Step{Outcome: evidence.Blocked, BlockedBy: blocked.Label, Text: blocked.Text}
	case errors.As(err, &refused):
		return evidence.Step{Outcome: evidence.Blocked, BlockedBy: refused.Label, Text: err.Error()}
	case errors.As(err, &unanswered):
		return evidence.Step{Outcome: evidence.Blocked, BlockedBy: unanswered.Label, Text: err.Error()}
	}
	return evidence.Step{Outcome: evidence.Broken, Text: err.Error()}
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
