package sessions

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/target/config"
)

// Simultaneous records one session several times at once, and uses a tag again.
var Simultaneous = scenario.Scenario{
	Name: scenarios.Simultaneous, Title: "archives of one session at the same time, told apart by their tags",
	Needs: []config.Capability{config.VP8, config.S3, config.Simultaneous}, Media: 4, Within: 90 * time.Second,
	Run: runSimultaneous,
}

func runSimultaneous(ctx context.Context, f *scenario.Flow) error {
	session, alice, err := f.Alone(ctx, "vp8-05", "tone-05")
	if err != nil {
		return err
	}
	ids := map[string]string{}
	begin := func(label, tag string) error {
		options := map[string]any{"name": label, "multiArchiveTag": tag}
		if label == "second" && f.Target.File.Has(config.Layout) {
			options["layout"] = map[string]any{"type": "pip"}
		}
		a, err := f.Start(ctx, label+".start", session, options)
		ids[label] = a.ID
		return err
	}
	if err := begin("first", "a"); err != nil {
		return err
	}
	if err := scenario.Sleep(ctx, time.Second); err != nil {
		return err
	}
	if err := begin("second", "b"); err != nil {
		return err
	}
	if _, err := f.As.Start(ctx, "start.same-tag", map[string]any{"sessionId": session, "multiArchiveTag": "a"}); err != nil {
		return err
	}
	for _, label := range []string{"first", "second"} {
		if _, err := f.As.Get(ctx, label+".get.both", ids[label]); err != nil {
			return err
		}
	}
	if err := scenario.Sleep(ctx, 1500*time.Millisecond); err != nil {
		return err
	}
	if err := f.Stop(ctx, "first.stop", ids["first"]); err != nil {
		return err
	}
	if err := begin("again", "a"); err != nil {
		return err
	}
	if err := scenario.Sleep(ctx, 1500*time.Millisecond); err != nil {
		return err
	}
	if f.Target.File.Has(config.Layout) {
		if _, err := f.As.Arrange(ctx, "again.layout", ids["again"], map[string]any{"type": "horizontalPresentation"}, false); err != nil {
			return err
		}
		if err := scenario.Sleep(ctx, scenario.Settled); err != nil { // longer than a change may take to show
			return err
		}
	}
	for _, label := range []string{"again", "second"} {
		if err := f.Stop(ctx, label+".stop", ids[label]); err != nil {
			return err
		}
	}
	if err := alice.Leave(ctx); err != nil {
		return err
	}
	return deliverEach(ctx, f, ids, "first", "second", "again")
}

func deliverEach(ctx context.Context, f *scenario.Flow, ids map[string]string, labels ...string) error {
	for _, label := range labels {
		if err := f.DeliverAs(ctx, label+".", ids[label]); err != nil {
			return err
		}
	}
	return nil
}
