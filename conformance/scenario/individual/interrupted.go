package individual

import (
	"context"
	"time"

	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

const (
	// empty is how long nobody publishes after the start, where the clock can be moved: the effective start is later then.
	empty = 20 * time.Second
	// away is how long a client has no network: shorter than any target takes to give it up.
	away = 800 * time.Millisecond
)

// Interrupted starts when nobody publishes yet; then a client loses its network and reconnects, and another ends its stream and
// publishes a new one.
var Interrupted = scenario.Scenario{
	Name: name.Interrupted, Title: "an individual archive of a stream that is interrupted and reconnects",
	Needs: needs, Media: 1, Within: 90 * time.Second, Run: runInterrupted,
}

func runInterrupted(ctx context.Context, f *scenario.Flow) error {
	session, err := f.Session(ctx, "session")
	if err != nil {
		return err
	}
	alice, err := f.Join(ctx, session, "alice")
	if err != nil {
		return err
	}
	bob, err := f.Join(ctx, session, "bob")
	if err != nil {
		return err
	}
	a, err := f.Start(ctx, "start", session, options("interrupted", nil))
	if err != nil {
		return err
	}
	if f.Target.File.Has(target.Control) {
		if _, err := f.As.Advance(ctx, "clock.empty", empty); err != nil {
			return err
		}
	}
	for _, step := range []struct {
		do   func() error
		long time.Duration
	}{
		{func() error { return alice.Publish(ctx, "small-11", "tone-44") }, 200 * time.Millisecond},
		{func() error { return bob.Publish(ctx, "small-12", "tone-45") }, seen},
		{alice.Disconnect, away},
		{func() error { return alice.Reconnect(ctx) }, 200 * time.Millisecond},
		{func() error { return bob.Unpublish(ctx) }, 200 * time.Millisecond},
		{func() error { return bob.Publish(ctx, "small-12", "tone-45") }, seen},
	} {
		if err := step.do(); err != nil {
			return err
		}
		if err := scenario.Sleep(ctx, step.long); err != nil {
			return err
		}
	}
	if err := f.Stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	for _, m := range []*scenario.Member{alice, bob} {
		if err := m.Leave(); err != nil {
			return err
		}
	}
	return f.Deliver(ctx, a.ID)
}
