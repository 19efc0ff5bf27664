package lifecycle

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/target/config"
)

// Pause stops and resumes publishing while recording, and stops the archive in a pause.
var Pause = scenario.Scenario{
	Name: scenarios.Pause, Title: "a pause while nobody publishes, and a stop while paused",
	Needs: []config.Capability{config.VP8, config.S3}, Media: 2, Within: 2 * time.Minute,
	Run: runPause,
}

func runPause(ctx context.Context, f *scenario.Flow) error {
	session, alice, err := f.Alone(ctx, "vp8-03", "tone-03")
	if err != nil {
		return err
	}
	a, err := f.Start(ctx, "start", session, map[string]any{"name": "pause", "outputMode": "composed", "streamMode": "auto"})
	if err != nil {
		return err
	}
	if err := scenario.Sleep(ctx, 2500*time.Millisecond); err != nil {
		return err
	}
	if err := pauseOnce(ctx, f, alice, a.ID, ""); err != nil {
		return err
	}
	if _, err := f.As.Delete(ctx, "delete.paused", a.ID); err != nil {
		return err
	}
	if err := f.Watch(ctx, "pause", "webhooks", a.ID, scenario.Settled); err != nil {
		return err
	}
	if _, err := f.As.Get(ctx, "get.paused", a.ID); err != nil {
		return err
	}
	if err := alice.Publish(ctx, "vp8-04", "tone-04"); err != nil {
		return err
	}
	if _, _, err := f.Await(ctx, "wait.resumed", a.ID, scenario.Soon, "started"); err != nil {
		return err
	}
	if err := scenario.Sleep(ctx, scenario.Settled); err != nil {
		return err
	}
	if _, err := f.As.Get(ctx, "get.resumed", a.ID); err != nil {
		return err
	}
	if err := pauseOnce(ctx, f, alice, a.ID, ".2"); err != nil {
		return err
	}
	if err := f.Stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	return f.Deliver(ctx, a.ID)
}

// pauseOnce unpublishes and waits for the pause, which is evidence whether it comes or not.
func pauseOnce(ctx context.Context, f *scenario.Flow, m *scenario.Member, id, nth string) error {
	if err := m.Unpublish(ctx); err != nil {
		return err
	}
	if _, _, err := f.Await(ctx, "wait.paused"+nth, id, scenario.Soon, "paused"); err != nil {
		return err
	}
	return f.AwaitHooks(ctx, "hooks.paused"+nth, id, scenario.Soon, "paused")
}
