package delivery

import (
	"context"
	"net/url"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/scenario/role"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Undelivered has an upload target at an address where nobody listens. The archive stays stopped, for as long as uploads are tried.
var Undelivered = scenario.Scenario{
	Name: scenarios.Undelivered, Title: "an upload target that cannot be reached: stopped, without a file, not to be deleted",
	Needs: []config.Capability{config.S3}, Media: 1, Within: 60 * time.Second,
	App: scenario.App{Name: role.Unreachable, Storage: unreachable()}, Run: runUndelivered,
	Later: []scenario.Later{{Name: "given-up", After: givenUp, Clauses: []string{"ARC-STO-13", "ARC-STO-19", "ARC-SEC-01"}, Run: lookGivenUp}},
}

// givenUp is the age of an archive at which no upload of it is tried any more.
const givenUp = uploadPeriod + uploadGrace + 2*clock.Margin

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
	began, err := f.Clock.Now(ctx, "clock.start")
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
	if _, err = f.As.Get(ctx, "get.after", a.ID); err != nil {
		return err
	}
	if !f.Clock.Steered() {
		f.Idle()
		about := f.ArchiveIDs(a.ID)
		about[evidence.Session] = session
		return f.Take(ctx, "given-up", began.Add(givenUp), about)
	}
	if err := discardLate(ctx, f, a.ID); err != nil {
		return err
	}
	return stopLate(ctx, f, session, alice)
}

// lookGivenUp reads the archive when its uploads were tried for long enough (ARC-STO-15).
func lookGivenUp(ctx context.Context, f *scenario.Flow) error {
	id, _ := seen(f, "get.after")
	if _, _, err := f.Await(ctx, "wait.given-up", id, scenario.Soon, "failed", "uploaded", "available"); err != nil {
		return err
	}
	a, err := f.As.Get(ctx, "get.given-up", id)
	if err != nil {
		return err
	}
	_, err = f.As.List(ctx, "list.given-up", url.Values{"sessionId": {a.String("sessionId")}}, false)
	return err
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
