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
	// other is in another codec than what is published at first.
	other = "vp9"
)

// Interrupted starts when nobody publishes yet; then a client loses its network and reconnects, another ends its stream and
// publishes a new one, and a third goes on in another codec.
var Interrupted = scenario.Scenario{
	Name: name.Interrupted, Title: "an individual archive of streams that reconnect, end and come again, or change their codec",
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
	carol, err := f.Join(ctx, session, "carol")
	if err != nil {
		return err
	}
	recodes := f.Target.File.Has(target.VP9)
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
		{func() error { return bob.Publish(ctx, "small-12", "tone-45") }, 0},
		{func() error {
			if !recodes {
				return nil
			}
			return carol.PublishAs(ctx, scenario.Kind{Switches: []string{other}}, "small-13", "tone-46")
		}, seen},
		{alice.Disconnect, away},
		{func() error {
			if !recodes {
				return nil
			}
			return carol.Pub.Switch(other)
		}, 0},
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
	for _, m := range []*scenario.Member{alice, bob, carol} {
		if err := m.Leave(); err != nil {
			return err
		}
	}
	return f.Deliver(ctx, a.ID)
}
