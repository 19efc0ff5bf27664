package lifecycle

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// Pause stops and resumes publishing while recording, and stops the archive in a pause.
var Pause = scenario.Scenario{
	Name: scenarios.Pause, Title: "a pause while nobody publishes: what is asked for and who comes meanwhile, and a stop while paused",
	Needs: []config.Capability{config.VP8}, Files: true, Media: 2, Within: 2 * time.Minute,
	Run: runPause,
}

func runPause(ctx context.Context, f *scenario.Flow) error {
	session, members, err := f.JoinAll(ctx, scenario.Client{Name: "alice", Video: "small-03", Audio: "tone-03", Token: []string{"focus"}})
	if err != nil {
		return err
	}
	alice := members[0]
	a, err := f.Start(ctx, "start", session, map[string]any{"name": "pause", "outputMode": "composed", "streamMode": "auto"})
	if err != nil {
		return err
	}
	if err := clock.Sleep(ctx, 2500*time.Millisecond); err != nil {
		return err
	}
	if err := pauseOnce(ctx, f, alice, a.ID, ""); err != nil {
		return err
	}
	if _, err := f.As.Delete(ctx, "delete.paused", a.ID); err != nil {
		return err
	}
	bob, err := whilePaused(ctx, f, a)
	if err != nil {
		return err
	}
	if err := f.Watch(ctx, "pause", "webhooks", a.ID, scenario.Settled); err != nil {
		return err
	}
	if _, err := f.As.Get(ctx, "get.paused", a.ID); err != nil {
		return err
	}
	if err := alice.Publish(ctx, "small-04", "tone-04"); err != nil {
		return err
	}
	if _, _, err := f.Await(ctx, "wait.resumed", a.ID, scenario.Soon, "started"); err != nil {
		return err
	}
	if err := f.AwaitEvent(ctx, "event.late", a.ID, "archiveStarted", "bob"); err != nil { // at the latest now, since he is recorded from here on
		return err
	}
	if err := clock.Sleep(ctx, scenario.Settled+400*time.Millisecond); err != nil { // long enough to see the layout
		return err
	}
	if _, err := f.As.Get(ctx, "get.resumed", a.ID); err != nil {
		return err
	}
	last, err := soundAlone(ctx, f, alice, bob, a.ID)
	if err != nil {
		return err
	}
	if err := pauseOnce(ctx, f, last, a.ID, ".2"); err != nil {
		return err
	}
	if err := f.Stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	return f.Deliver(ctx, a.ID)
}

// whilePaused starts the session's recording again, which must fail, changes the layout, and lets another client join.
func whilePaused(ctx context.Context, f *scenario.Flow, a scenario.Started) (*scenario.Member, error) {
	if _, err := f.As.Start(ctx, "start.paused", map[string]any{"sessionId": a.Session}); err != nil {
		return nil, err
	}
	if f.Target.File.Has(config.Layout) {
		if _, err := f.As.Arrange(ctx, "layout.paused", a.ID, map[string]any{"type": "verticalPresentation"}, false); err != nil {
			return nil, err
		}
	}
	return f.Join(ctx, a.Session, "bob")
}

// soundAlone lets another client publish sound, and the first one stop: a stream without video is published, too. It returns
// who still publishes.
func soundAlone(ctx context.Context, f *scenario.Flow, first, other *scenario.Member, id string) (*scenario.Member, error) {
	if err := other.Publish(ctx, "", "tone-05"); err != nil {
		return nil, err
	}
	if err := clock.Sleep(ctx, scenario.Noticed); err != nil { // before nobody else publishes
		return nil, err
	}
	if err := first.Unpublish(ctx); err != nil {
		return nil, err
	}
	if err := clock.Sleep(ctx, scenario.Settled); err != nil {
		return nil, err
	}
	_, err := f.As.Get(ctx, "get.heard", id)
	return other, err
}

// pauseOnce stops publishing and waits for the pause. It is evidence whether the pause comes or not.
func pauseOnce(ctx context.Context, f *scenario.Flow, m *scenario.Member, id, nth string) error {
	if err := m.Unpublish(ctx); err != nil {
		return err
	}
	if _, _, err := f.Await(ctx, "wait.paused"+nth, id, scenario.Soon, "paused"); err != nil {
		return err
	}
	return f.AwaitHooks(ctx, "hooks.paused"+nth, id, scenario.Soon, "paused")
}
