package delivery

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Undelivered has an upload target that nobody listens at: the archive stays stopped.
var Undelivered = scenario.Scenario{
	Name: scenarios.Undelivered, Title: "an upload target that cannot be reached: stopped, without a file, not to be deleted",
	Needs: []config.Capability{config.S3, config.Control}, Media: 1, Within: 60 * time.Second,
	App: scenario.App{Name: "unreachable", Storage: unreachable()}, Run: runUndelivered,
}

// unreachable is an upload target on a port where nobody listens (RFC 6335: reserved).
func unreachable() *target.Storage {
	return &target.Storage{Type: "s3", Fallback: "none", Config: target.S3Config{
		AccessKey: "reelcheck", SecretKey: "nobody-is-there", Bucket: "nowhere", Endpoint: "http://127.0.0.1:1", Region: "us-east-1"}}
}

func runUndelivered(ctx context.Context, f *scenario.Flow) error {
	session, _, err := f.Alone(ctx, "", "tone-21")
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
	_, err = f.As.Get(ctx, "get.after", a.ID)
	return err
}
