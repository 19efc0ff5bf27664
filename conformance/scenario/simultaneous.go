package scenario

import (
	"context"
	"time"

	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

// simultaneous records one session several times at once, and uses a tag again.
var simultaneous = Scenario{
	Name: name.Simultaneous, Title: "archives of one session at the same time, told apart by their tags",
	Needs: []target.Capability{target.VP8, target.S3, target.Simultaneous}, Media: 2, Within: 90 * time.Second,
	run: runSimultaneous,
}

func runSimultaneous(ctx context.Context, f *flow) error {
	session, alice, err := f.alone(ctx, "vp8-05", "tone-05")
	if err != nil {
		return err
	}
	ids := map[string]string{}
	begin := func(label, tag string) error {
		options := map[string]any{"name": label, "multiArchiveTag": tag}
		if label == "second" && f.Target.File.Has(target.Layout) {
			options["layout"] = map[string]any{"type": "pip"}
		}
		a, err := f.start(ctx, label+".start", session, options)
		ids[label] = a.ID
		return err
	}
	if err := begin("first", "a"); err != nil {
		return err
	}
	if err := sleep(ctx, time.Second); err != nil {
		return err
	}
	if err := begin("second", "b"); err != nil {
		return err
	}
	if _, err := f.as.Start(ctx, "start.same-tag", map[string]any{"sessionId": session, "multiArchiveTag": "a"}); err != nil {
		return err
	}
	for _, label := range []string{"first", "second"} {
		if _, err := f.as.Get(ctx, label+".get.both", ids[label]); err != nil {
			return err
		}
	}
	if err := sleep(ctx, 1500*time.Millisecond); err != nil {
		return err
	}
	if err := f.stop(ctx, "first.stop", ids["first"]); err != nil {
		return err
	}
	if err := begin("again", "a"); err != nil {
		return err
	}
	if err := sleep(ctx, 1500*time.Millisecond); err != nil {
		return err
	}
	for _, label := range []string{"again", "second"} {
		if err := f.stop(ctx, label+".stop", ids[label]); err != nil {
			return err
		}
	}
	if err := alice.leave(); err != nil {
		return err
	}
	return deliverEach(ctx, f, ids, "first", "second", "again")
}

func deliverEach(ctx context.Context, f *flow, ids map[string]string, labels ...string) error {
	for _, label := range labels {
		if err := f.deliverAs(ctx, label+".", ids[label]); err != nil {
			return err
		}
	}
	return nil
}
