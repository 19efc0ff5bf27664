package scenario

import (
	"context"
	"fmt"
	"time"

	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

// retry has a receiver that refuses every callback for more than a day.
var retry = Scenario{
	Name: name.Retry, Title: "a receiver that refuses callbacks: growing intervals, and the end after a day",
	Needs: []target.Capability{target.Control, target.Callback}, Virtual: true, Media: 1, Within: 2 * time.Minute,
	app: appKind{signed: true}, run: runRetry,
}

const (
	// stepwise is how many deadlines are gone through one by one: as many as it takes to see the longest interval twice.
	stepwise = 12
	// refusedFor is when there can be no more attempts.
	refusedFor = 24 * time.Hour
	longest    = 15 * time.Minute
)

func runRetry(ctx context.Context, f *flow) error {
	session, err := f.session(ctx, "session")
	if err != nil {
		return err
	}
	if _, err := f.join(ctx, session, "alice"); err != nil {
		return err
	}
	if err := f.Hooks.Refuse(ctx, f.scenario.Name, "default", 500, forever); err != nil {
		return err
	}
	began, _, err := f.as.Policy(ctx, "clock.start")
	if err != nil {
		return err
	}
	a, err := f.start(ctx, "start", session, map[string]any{"name": "retry"})
	if err != nil {
		return err
	}
	if err := f.stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	if _, err := f.awaitHooks(ctx, "hooks.refused", a.ID, soon, "started"); err != nil {
		return err
	}
	if err := steps(ctx, f, "clock.step", stepwise, nil); err != nil {
		return err
	}
	if _, err := f.as.AdvanceTo(ctx, "clock.day", began.Add(refusedFor-2*longest)); err != nil {
		return err
	}
	if err := steps(ctx, f, "clock.last", 4, nil); err != nil {
		return err
	}
	if _, err := f.as.AdvanceTo(ctx, "clock.over", began.Add(refusedFor+longest)); err != nil {
		return err
	}
	if _, err := f.as.Advance(ctx, "clock.long-over", 4*longest); err != nil {
		return err
	}
	return f.watch(ctx, "quiet", "webhooks", a.ID, quiet)
}

// steps goes from one deadline of the application to the next, at most n of them, until enough says so.
func steps(ctx context.Context, f *flow, label string, n int, enough func() (bool, error)) error {
	for i := range n {
		if enough != nil {
			if done, err := enough(); done || err != nil {
				return err
			}
		}
		move, err := f.as.AdvanceToNext(ctx, fmt.Sprintf("%s.%d", label, i+1))
		if err != nil || !move.After.After(move.Before) && len(move.Fired) == 0 {
			return err // nothing is due
		}
	}
	return nil
}
