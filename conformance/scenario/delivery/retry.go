package delivery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Retry has a receiver that refuses every callback for more than a day.
var Retry = scenario.Scenario{
	Name: scenarios.Retry, Title: "a receiver that refuses callbacks: growing intervals, and the end after a day",
	Needs: []config.Capability{config.Callback}, Made: []string{"ARC-CB-30"}, Why: "the suite has to set the secret that signs callbacks",
	Wait: refusedFor + 5*longest, Within: 2 * time.Minute,
	App: scenario.App{Signed: true}, Run: runRetry,
}

const (
	// stepwise is the number of deadlines that the clock visits one by one. With three callbacks that do not wait for each
	// other, that is enough to see the longest interval twice.
	stepwise = 36
	// refusedFor is the time after which there can be no more attempts.
	refusedFor = 24 * time.Hour
	longest    = 15 * time.Minute
)

func runRetry(ctx context.Context, f *scenario.Flow) error {
	session, err := f.Session(ctx, "session")
	if err != nil {
		return err
	}
	alice, err := f.Present(ctx, session, "alice", "tone-11")
	if err != nil {
		return err
	}
	if err := f.Hooks.RefuseAbout(ctx, session, 500, scenario.Forever); err != nil {
		return err
	}
	began, err := f.Clock.Now(ctx, "clock.start")
	if err != nil {
		return err
	}
	a, err := f.Start(ctx, "start", session, map[string]any{"name": "retry"})
	if err != nil {
		return err
	}
	if err := f.Stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	if err := f.AwaitHooks(ctx, "hooks.refused", a.ID, scenario.Soon, "started"); err != nil {
		return err
	}
	if f.Clock.Steered() {
		err = walkDay(ctx, f, session, began)
	} else {
		f.Idle()
		err = errors.Join(alice.Leave(ctx), f.Clock.Pass(ctx, "clock.day", refusedFor+5*longest))
	}
	if err != nil {
		return err
	}
	return f.Watch(ctx, "quiet", "webhooks", a.ID, scenario.Quiet)
}

// walkDay moves the clock from attempt to attempt at first and at the end of the day, and beyond it.
func walkDay(ctx context.Context, f *scenario.Flow, session string, began time.Time) error {
	refusals := []int{http.StatusNotFound, http.StatusFound, http.StatusGone, http.StatusInternalServerError} // whatever is no 2xx
	if err := steps(ctx, f, "clock.step", stepwise, func() (bool, error) {
		refusals = append(refusals[1:], refusals[0])
		return false, f.Hooks.RefuseAbout(ctx, session, refusals[0], scenario.Forever)
	}); err != nil {
		return err
	}
	if err := reach(ctx, f, "clock.day", began.Add(refusedFor-2*longest)); err != nil {
		return err
	}
	if err := steps(ctx, f, "clock.last", 4, nil); err != nil {
		return err
	}
	if err := reach(ctx, f, "clock.over", began.Add(refusedFor+longest)); err != nil {
		return err
	}
	_, err := f.As.Advance(ctx, "clock.long-over", 4*longest)
	return err
}

// reach moves the clock to a moment, if the target's own deadlines have not taken it further.
func reach(ctx context.Context, f *scenario.Flow, label string, at time.Time) error {
	now, _, err := f.As.Policy(ctx, label+".now")
	if err != nil || !now.Before(at) {
		return err
	}
	_, err = f.As.AdvanceTo(ctx, label, at)
	return err
}

// steps advances to the next deadline of the application, at most n times, until enough returns true.
func steps(ctx context.Context, f *scenario.Flow, label string, n int, enough func() (bool, error)) error {
	for i := range n {
		if enough != nil {
			if done, err := enough(); done || err != nil {
				return err
			}
		}
		move, err := f.As.AdvanceToNext(ctx, fmt.Sprintf("%s.%d", label, i+1))
		var refused *target.NotAnsweredError
		if errors.As(err, &refused) && refused.Status == http.StatusConflict {
			return nil // there is no deadline
		}
		if err != nil || !move.After.After(move.Before) && len(move.Fired) == 0 {
			return err // nothing is due
		}
	}
	return nil
}
