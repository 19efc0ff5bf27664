// Package callbacks has the scenario about a receiver that refuses callbacks.
package callbacks

import (
	"context"
	"errors"
	"net/http"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
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
	// stepwise is the number of deadlines that the clock visits one by one. With five callbacks that do not wait for each
	// other, that is enough to see the longest interval twice.
	stepwise = 60
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
	notice, err := refuseNotice(ctx, f)
	if err != nil {
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
	if notice != "" {
		if err := f.Watch(ctx, "notice.quiet", "webhooks", notice, 0); err != nil {
			return err
		}
		if _, err := f.As.Get(ctx, "notice.get", notice); err != nil { // createdAt
			return err
		}
	}
	return f.Watch(ctx, "quiet", "webhooks", a.ID, scenario.Quiet)
}

// refuseNotice refuses the callback about the first stream that an archive chooses, and returns the archive, or "" if the target cannot
// choose. The callback of the start is taken, so that none has to wait for it.
func refuseNotice(ctx context.Context, f *scenario.Flow) (archive string, err error) {
	if !f.Target.File.Has(config.Manual) {
		return "", nil
	}
	session, err := f.Session(ctx, "notice.session")
	if err != nil {
		return "", err
	}
	bob, err := f.Join(ctx, session, "bob")
	if err != nil {
		return "", err
	}
	a, err := f.Start(ctx, "notice.start", session, map[string]any{"name": "notice", "streamMode": "manual"})
	if err != nil {
		return "", err
	}
	return a.ID, scenario.InTurn(ctx,
		func(ctx context.Context) error {
			return f.AwaitHooks(ctx, "notice.started", a.ID, scenario.Soon, "started")
		},
		func(ctx context.Context) error { return f.Clock.Pass(ctx, "notice.clock", clock.Margin) }, // createdAt tells the call from the first stream
		func(ctx context.Context) error {
			if bob.Pub != nil { // he publishes already, because he has to be there
				return nil
			}
			return bob.Publish(ctx, "", "tone-12")
		},
		func(ctx context.Context) error { return clock.Sleep(ctx, scenario.Noticed) }, // a busy target knows of the stream only now
		func(ctx context.Context) error { return f.Hooks.RefuseAbout(ctx, session, 500, scenario.Forever) },
		func(ctx context.Context) error {
			_, err := f.As.Select(ctx, "notice.add", a.ID, map[string]any{"addStream": bob.Pub.StreamID(), "hasVideo": false})
			return err
		},
		func(ctx context.Context) error {
			return f.AwaitHooks(ctx, "notice.refused", a.ID, scenario.Soon, "streamAdded")
		},
		func(ctx context.Context) error { return f.Stop(ctx, "notice.stop", a.ID) },
		bob.Leave)
}

// walkDay moves the clock from attempt to attempt at first and at the end of the day, and beyond it.
func walkDay(ctx context.Context, f *scenario.Flow, session string, began time.Time) error {
	refusals := []int{http.StatusNotFound, http.StatusFound, http.StatusGone, http.StatusInternalServerError} // whatever is no 2xx
	if err := f.Clock.Steps(ctx, "clock.step", stepwise, func() (bool, error) {
		refusals = append(refusals[1:], refusals[0])
		return false, f.Hooks.RefuseAbout(ctx, session, refusals[0], scenario.Forever)
	}); err != nil {
		return err
	}
	if err := f.Clock.Reach(ctx, "clock.day", began.Add(refusedFor-2*longest)); err != nil {
		return err
	}
	if err := f.Clock.Steps(ctx, "clock.last", 4, nil); err != nil {
		return err
	}
	if err := f.Clock.Reach(ctx, "clock.over", began.Add(refusedFor+longest)); err != nil {
		return err
	}
	_, err := f.As.Advance(ctx, "clock.long-over", 4*longest)
	return err
}
