package scenario

import (
	"context"
	"time"

	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

// pause stops and resumes publishing while recording, and stops the archive in a pause.
var pause = Scenario{
	Name: name.Pause, Title: "a pause while nobody publishes, and a stop while paused",
	Needs: []target.Capability{target.VP8, target.S3}, Media: 1, Within: 2 * time.Minute,
	run: runPause,
}

func runPause(ctx context.Context, f *flow) error {
	session, alice, err := f.alone(ctx, "vp8-03", "tone-03")
	if err != nil {
		return err
	}
	a, err := f.start(ctx, "start", session, map[string]any{"name": "pause", "outputMode": "composed", "streamMode": "auto"})
	if err != nil {
		return err
	}
	if err := sleep(ctx, 2500*time.Millisecond); err != nil {
		return err
	}
	if err := pauseOnce(ctx, f, alice, a.ID, ""); err != nil {
		return err
	}
	if _, err := f.as.Delete(ctx, "delete.paused", a.ID); err != nil {
		return err
	}
	if err := f.watch(ctx, "pause", "webhooks", a.ID, settled); err != nil {
		return err
	}
	if _, err := f.as.Get(ctx, "get.paused", a.ID); err != nil {
		return err
	}
	if err := alice.publish(ctx, "vp8-04", "tone-04"); err != nil {
		return err
	}
	if _, _, err := f.await(ctx, "wait.resumed", a.ID, soon, "started"); err != nil {
		return err
	}
	if err := sleep(ctx, settled); err != nil {
		return err
	}
	if _, err := f.as.Get(ctx, "get.resumed", a.ID); err != nil {
		return err
	}
	if err := pauseOnce(ctx, f, alice, a.ID, ".2"); err != nil {
		return err
	}
	if err := f.stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	return f.deliver(ctx, a.ID)
}

// pauseOnce unpublishes and waits for the pause, which is evidence whether it comes or not.
func pauseOnce(ctx context.Context, f *flow, m *member, id, nth string) error {
	if err := m.unpublish(ctx); err != nil {
		return err
	}
	if _, _, err := f.await(ctx, "wait.paused"+nth, id, soon, "paused"); err != nil {
		return err
	}
	_, err := f.awaitHooks(ctx, "hooks.paused"+nth, id, soon, "paused")
	return err
}
