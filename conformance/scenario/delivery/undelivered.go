package delivery

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/scenario/role"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Undelivered has an upload target at an address where nobody listens. The archive stays stopped.
var Undelivered = scenario.Scenario{
	Name: scenarios.Undelivered, Title: "an upload target that cannot be reached: stopped, without a file, not to be deleted",
	Needs: []config.Capability{config.S3}, Media: 1, Within: 60 * time.Second,
	App: scenario.App{Name: role.Unreachable, Storage: unreachable()}, Run: runUndelivered,
}

// unreachable returns an upload target on a port where nobody listens (RFC 6335: reserved).
func unreachable() *target.Storage {
	return &target.Storage{Type: "s3", Fallback: "none", Config: target.S3Config{
		AccessKey: "reelcheck", SecretKey: "nobody-is-there", Bucket: "nowhere", Endpoint: "http://127.0.0.1:1", Region: "us-east-1"}}
}

func runUndelivered(ctx context.Context, f *scenario.Flow) error {
	session, alice, err := f.Alone(ctx, "", "tone-21")
	if err != nil {
		return err
	}
	a, err := f.Record(ctx, "", session, nil, time.Second)
	if err != nil {
		return err
	}
	if err := f.AwaitHooks(ctx, "hooks.stopped", a.ID, scenario.Soon, "stopped"); err != nil {
		return err
	}
	if _, err := f.As.Get(ctx, "get.stopped", a.ID); err != nil {
		return err
	}
	if _, err := f.As.Delete(ctx, "delete.stopped", a.ID); err != nil {
		return err
	}
	if err := f.Watch(ctx, "quiet", "webhooks", a.ID, scenario.Quiet); err != nil {
		return err
	}
	if _, err = f.As.Get(ctx, "get.after", a.ID); err != nil || f.Target.File.Time != config.Virtual {
		return err
	}
	if err := discardLate(ctx, f, a.ID); err != nil {
		return err
	}
	return stopLate(ctx, f, session, alice)
}

// discardLate deletes the archive when some of its uploads have failed.
func discardLate(ctx context.Context, f *scenario.Flow, id string) error {
	if _, err := f.As.Advance(ctx, "clock.retried", time.Minute); err != nil {
		return err
	}
	if _, err := f.As.Get(ctx, "get.retried", id); err != nil {
		return err
	}
	if _, err := f.As.Delete(ctx, "delete.retried", id); err != nil {
		return err
	}
	_, err := f.As.Get(ctx, "get.kept", id)
	return err
}

// stopLate stops an archive that has ended by itself, before it is delivered.
func stopLate(ctx context.Context, f *scenario.Flow, session string, alice *scenario.Member) error {
	a, err := f.Start(ctx, "left.start", session, nil)
	if err != nil {
		return err
	}
	if err := clock.Sleep(ctx, time.Second); err != nil {
		return err
	}
	if err := alice.Leave(ctx); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, scenario.Settled); err != nil {
		return err
	}
	if _, err := f.As.Advance(ctx, "left.clock", clock.LastMinute+2*clock.Margin); err != nil {
		return err
	}
	if err := f.AwaitHooks(ctx, "left.hooks.stopped", a.ID, scenario.Soon, "stopped"); err != nil {
		return err
	}
	if _, err := f.As.Get(ctx, "left.get.stopped", a.ID); err != nil {
		return err
	}
	if _, err := f.As.Stop(ctx, "left.stop", a.ID, nil); err != nil {
		return err
	}
	_, err = f.As.Get(ctx, "left.get.after", a.ID)
	return err
}
