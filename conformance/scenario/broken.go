package scenario

import (
	"context"
	"time"

	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

// broken has no room on the disk for the file of an archive.
var broken = Scenario{
	Name: name.Broken, Title: "a recording that fails, for the disk is full",
	Needs: []target.Capability{target.Control, target.Faults}, Media: 1, Within: 60 * time.Second, run: runBroken,
}

func runBroken(ctx context.Context, f *flow) error {
	session, alice, err := f.alone(ctx, "", "tone-30")
	if err != nil {
		return err
	}
	if err := f.as.Arm(ctx, "fault", "disk", forever); err != nil {
		return err
	}
	a, err := f.start(ctx, "start", session, map[string]any{"name": "broken"})
	if err != nil {
		return err
	}
	if err := sleep(ctx, time.Second); err != nil {
		return err
	}
	if _, err := f.as.Stop(ctx, "stop", a.ID, nil); err != nil { // it may have failed by now
		return err
	}
	if err := alice.leave(); err != nil {
		return err
	}
	s, err := f.must(ctx, "wait.failed", a.ID, delivery, "failed", "uploaded", "available")
	if err != nil {
		return err
	}
	if _, err := f.awaitHooks(ctx, "hooks.failed", a.ID, soon, s.Status); err != nil {
		return err
	}
	_, err = f.as.Get(ctx, "get.failed", a.ID)
	return err
}
