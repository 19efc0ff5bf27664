package lifecycle

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// Broken has no room on the disk for the media of an archive, so that some are lost.
var Broken = scenario.Scenario{
	Name: scenarios.Broken, Title: "a recording that fails, for the disk is full, and its deletion",
	Needs: []config.Capability{config.Control, config.Faults}, Why: "a recorder has to fail when the suite says so", Media: 2, Within: 60 * time.Second, Run: runBroken,
}

func runBroken(ctx context.Context, f *scenario.Flow) error {
	session, alice, err := f.Alone(ctx, "", "tone-30")
	if err != nil {
		return err
	}
	a, err := f.Start(ctx, "start", session, map[string]any{"name": "broken"})
	if err != nil {
		return err
	}
	if err := clock.Sleep(ctx, time.Second); err != nil { // the disk must have had room for the stream's arrival, or there is nothing to lose
		return err
	}
	if err := f.As.Arm(ctx, "fault", "journal", 1); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, time.Second); err != nil {
		return err
	}
	if _, err := f.As.Stop(ctx, "stop", a.ID, nil); err != nil { // it may have failed already
		return err
	}
	if err := f.AwaitEvent(ctx, "event.failed", a.ID, "archiveStopped", "alice"); err != nil {
		return err
	}
	if err := alice.Leave(ctx); err != nil {
		return err
	}
	status, err := f.Must(ctx, "wait.failed", a.ID, scenario.Delivery, "failed", "uploaded", "available")
	if err != nil {
		return err
	}
	if err := f.AwaitHooks(ctx, "hooks.failed", a.ID, scenario.Soon, status); err != nil {
		return err
	}
	if _, err := f.As.Get(ctx, "get.failed", a.ID); err != nil {
		return err
	}
	if _, err := f.As.Delete(ctx, "delete.failed", a.ID); err != nil {
		return err
	}
	_, err = f.As.Get(ctx, "get.undeleted", a.ID)
	return err
}
