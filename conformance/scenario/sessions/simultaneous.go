package sessions

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/scenario/sheets"
	"reelcheck/conformance/target/config"
)

// Simultaneous records one session several times at once, and uses a tag again. Its client takes the large place in one archive. It lacks the
// class for the large place in another.
var Simultaneous = scenario.Scenario{
	Name: scenarios.Simultaneous, Title: "archives of one session at the same time, told apart by their tags",
	Needs: []config.Capability{config.VP8, config.Simultaneous}, Files: true, Media: 4, Within: 90 * time.Second,
	Run: runSimultaneous,
}

const (
	// partSheet is the example with which the second archive starts.
	partSheet = "one stream in a part of the picture"
	// The tags differ in the case of their last letter alone.
	firstTag  = "the session by camera a"
	secondTag = "the session by camera A"
)

func runSimultaneous(ctx context.Context, f *scenario.Flow) error {
	session, members, err := f.JoinAll(ctx, scenario.Client{Name: "alice", Video: "vp8-05", Audio: "tone-05", Token: []string{"focus"}})
	if err != nil {
		return err
	}
	sheet, err := sheets.ByName()
	if err != nil {
		return err
	}
	ids := map[string]string{}
	begin := func(label, tag string) error {
		a, err := f.Start(ctx, label+".start", session, optionsOf(f, label, tag, sheet[partSheet]))
		ids[label] = a.ID
		return err
	}
	if err := begin("first", firstTag); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, time.Second); err != nil {
		return err
	}
	if err := begin("second", secondTag); err != nil {
		return err
	}
	if err := late(ctx, f, session, ids["first"], ids["second"]); err != nil {
		return err
	}
	if _, err := f.As.Start(ctx, "start.same-tag", map[string]any{"sessionId": session, "multiArchiveTag": firstTag}); err != nil {
		return err
	}
	for _, label := range []string{"first", "second"} {
		if _, err := f.As.Get(ctx, label+".get.both", ids[label]); err != nil {
			return err
		}
	}
	if err := clock.Sleep(ctx, scenario.Settled); err != nil {
		return err
	}
	if err := rearrange(ctx, f, ids["second"]); err != nil {
		return err
	}
	if err := f.Stop(ctx, "first.stop", ids["first"]); err != nil {
		return err
	}
	if err := begin("again", firstTag); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, 3*time.Second); err != nil {
		return err
	}
	if err := stopEach(ctx, f, ids, "again", "second"); err != nil {
		return err
	}
	if err := members[0].Leave(ctx); err != nil {
		return err
	}
	return deliverEach(ctx, f, ids, "first", "second", "again")
}

// optionsOf returns the options of an archive's start. The third archive is in no way as the one beside it.
func optionsOf(f *scenario.Flow, label, tag, sheet string) map[string]any {
	options := map[string]any{"name": label, "multiArchiveTag": tag}
	layouts := map[string]any{"second": map[string]any{"type": "custom", "stylesheet": sheet}, "again": map[string]any{"type": "pip"}}
	if layout := layouts[label]; layout != nil && f.Target.File.Has(config.Layout) {
		options["layout"] = layout
	}
	if label == "again" {
		options["resolution"] = "1280x720"
		if f.Target.File.Has(config.QP) {
			options["quantizationParameter"] = 30
		}
	}
	return options
}

// late adds a client and waits until it has heard of each archive.
func late(ctx context.Context, f *scenario.Flow, session string, archives ...string) error {
	if !f.Target.File.Has(config.Events) {
		return nil
	}
	bob, err := f.Join(ctx, session, "bob")
	if err != nil {
		return err
	}
	for _, id := range archives {
		if err := f.AwaitEvent(ctx, "event.late", id, "archiveStarted", "bob"); err != nil {
			return err
		}
	}
	return bob.Leave(ctx)
}

// rearrange changes the layout of one of the archives, and goes on for long enough to see it in the others.
func rearrange(ctx context.Context, f *scenario.Flow, id string) error {
	if !f.Target.File.Has(config.Layout) {
		return nil
	}
	if _, err := f.As.Arrange(ctx, "second.layout", id, map[string]any{"type": "horizontalPresentation"}, false); err != nil {
		return err
	}
	return clock.Sleep(ctx, 1200*time.Millisecond)
}

func stopEach(ctx context.Context, f *scenario.Flow, ids map[string]string, labels ...string) error {
	for _, label := range labels {
		if err := f.Stop(ctx, label+".stop", ids[label]); err != nil {
			return err
		}
	}
	return nil
}

func deliverEach(ctx context.Context, f *scenario.Flow, ids map[string]string, labels ...string) error {
	for _, label := range labels {
		if err := f.DeliverAs(ctx, label+".", ids[label]); err != nil {
			return err
		}
	}
	return nil
}
