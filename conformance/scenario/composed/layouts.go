package composed

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/sheets"
	"reelcheck/conformance/target/config"
)

// still is how long a layout is recorded. It can be short because a call takes effect at once.
const still = 2500 * time.Millisecond

var layoutNeeds = []config.Capability{config.VP8, config.Layout}

// Layouts changes the layout of an archive while it records, and then the classes of its streams.
var Layouts = scenario.Scenario{
	Name: scenarios.Layouts, Title: "an archive whose layout and whose streams' classes are changed by calls",
	Needs: layoutNeeds, Files: true, Media: 2, Within: 90 * time.Second,
	Run: runLayouts,
}

// Names of the examples that the scenario uses.
const (
	absoluteSheet = "absolute places by class, of two rules the more specific one, of two alike the later one, and nothing without"
	rowSheet      = "rows by clear, one above a margin, one moved to the right, one counted from the last, one in a corner"
	floatSheet    = "floats, the first cut off, one after a class with a margin of two values, the last with one of three, all of the width"
)

func runLayouts(ctx context.Context, f *scenario.Flow) error {
	sheet, err := sheets.ByName()
	if err != nil {
		return err
	}
	session, members, err := f.JoinAll(ctx,
		scenario.Client{Name: "alice", Video: "small-01", Audio: "tone-11"},
		scenario.Client{Name: "bob", Video: "small-02", Audio: "tone-12", Kind: scenario.Kind{Classes: "focus full"}},
		scenario.Client{Name: "carol", Video: "small-03", Audio: "tone-13", Token: []string{"side"}},
		scenario.Client{Name: "dave", Video: "small-04", Audio: "tone-14"})
	if err != nil {
		return err
	}
	side := members[2].Pub.StreamID() // a second one of the class for the large place
	if _, err := f.As.Classify(ctx, "classes.before", session, map[string][]string{side: {"side", "full"}}); err != nil {
		return err
	}
	a, err := arrange(ctx, f, session, map[string]any{"name": "layouts", "layout": map[string]any{"type": "pip"}})
	if err != nil {
		return err
	}
	if _, err := f.As.Streams(ctx, "classes.first.read", session); err != nil { // by now all of them are known
		return err
	}
	if err := a.refusals(ctx); err != nil {
		return err
	}
	alice, bob := members[0].Pub.StreamID(), members[1].Pub.StreamID()
	for _, step := range []func() error{
		func() error { return a.to(ctx, "vertical", map[string]any{"type": "verticalPresentation"}) },
		func() error { return a.to(ctx, "horizontal", map[string]any{"type": "horizontalPresentation"}) },
		func() error { return a.classify(ctx, "changed", map[string][]string{alice: {"focus"}, bob: {}}) },
		func() error { return a.to(ctx, "absolute", custom(sheet[absoluteSheet])) },
		func() error { return a.to(ctx, "floats", custom(sheet[floatSheet])) },
		func() error { return a.to(ctx, "rows", custom(sheet[rowSheet])) },
		func() error { return a.to(ctx, "best-fit", map[string]any{"type": "bestFit"}) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := f.Stop(ctx, "stop", a.archive); err != nil {
		return err
	}
	if _, err := f.As.Arrange(ctx, "late.layout", a.archive, map[string]any{"type": "pip"}, false); err != nil {
		return err
	}
	return f.Deliver(ctx, a.archive)
}

func custom(stylesheet string) map[string]any {
	return map[string]any{"type": "custom", "stylesheet": stylesheet}
}

// refusals requests layouts that a start would refuse, and style sheets beyond the subset.
func (a *arranging) refusals(ctx context.Context) error {
	for _, r := range []struct {
		label  string
		layout map[string]any
	}{
		{"type", map[string]any{"type": "diagonal"}},
		{"no-type", map[string]any{}},
		{"sheet-of-preset", map[string]any{"type": "pip", "stylesheet": "stream { width: 10px }"}},
		{"sheet-of-vertical", map[string]any{"type": "verticalPresentation", "stylesheet": "stream { width: 10px }"}},
		{"sheet-of-horizontal", map[string]any{"type": "horizontalPresentation", "stylesheet": "stream { width: 10px }"}},
		{"no-sheet", map[string]any{"type": "custom"}},
		{"screenshare-of-pip", map[string]any{"type": "pip", "screenshareType": "pip"}},
		{"screenshare-of-vertical", map[string]any{"type": "verticalPresentation", "screenshareType": "pip"}},
		{"screenshare-of-horizontal", map[string]any{"type": "horizontalPresentation", "screenshareType": "pip"}},
		{"sheet.selector", custom("#id { width: 10px }")},
		{"sheet.property", custom("stream { color: red }")},
		{"sheet.value", custom("stream { position: sticky }")},
	} {
		if _, err := a.As.Arrange(ctx, "bad."+r.label, a.archive, r.layout, true); err != nil {
			return err
		}
	}
	return nil
}
