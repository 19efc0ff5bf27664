package scenario

import (
	"context"
	"time"

	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

// undelivered has an upload target that nobody listens at: the archive stays stopped.
var undelivered = Scenario{
	Name: name.Undelivered, Title: "an upload target that cannot be reached: stopped, without a file, not to be deleted",
	Needs: []target.Capability{target.S3, target.Control}, Media: 1, Within: 60 * time.Second,
	app: appKind{name: "unreachable", storage: unreachable()}, run: runUndelivered,
}

// unreachable is an upload target on a port where nobody listens (RFC 6335: reserved).
func unreachable() *target.Storage {
	return &target.Storage{Type: "s3", Fallback: "none", Config: target.S3Config{
		AccessKey: "reelcheck", SecretKey: "nobody-is-there", Bucket: "nowhere", Endpoint: "http://127.0.0.1:1", Region: "us-east-1"}}
}

func runUndelivered(ctx context.Context, f *flow) error {
	session, _, err := f.alone(ctx, "", "tone-21")
	if err != nil {
		return err
	}
	a, err := f.record(ctx, "", session, nil, time.Second)
	if err != nil {
		return err
	}
	if _, err := f.awaitHooks(ctx, "hooks.stopped", a.ID, soon, "stopped"); err != nil {
		return err
	}
	if _, err := f.as.Get(ctx, "get.stopped", a.ID); err != nil {
		return err
	}
	if _, err := f.as.Delete(ctx, "delete.stopped", a.ID); err != nil {
		return err
	}
	if err := f.watch(ctx, "quiet", "webhooks", a.ID, quiet); err != nil {
		return err
	}
	_, err = f.as.Get(ctx, "get.after", a.ID)
	return err
}
