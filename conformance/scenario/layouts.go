package scenario

import (
	"context"
	"time"

	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
	"reelcheck/spec"
)

// still is how long a layout is recorded: a call takes effect at once.
const still = 2500 * time.Millisecond

var layoutNeeds = []target.Capability{target.VP8, target.S3, target.Layout}

// layouts goes through the layouts of one archive while it records, and through the classes of its streams.
var layouts = Scenario{
	Name: name.Layouts, Title: "an archive whose layout and whose streams' classes are changed by calls",
	Needs: layoutNeeds, Media: 1, Within: 90 * time.Second,
	run: runLayouts,
}

// screens has a client share a screen while layouts for that change.
var screens = Scenario{
	Name: name.Screens, Title: "a screen beside cameras: who comes first, and the layouts for that time",
	Needs: layoutNeeds, Media: 1, Within: 90 * time.Second,
	run: runScreens,
}

// sheets are the style sheets of the specification's examples, by the names of these.
func sheets() (map[string]string, error) {
	l, err := spec.Load()
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, e := range l.Examples {
		out[e.Name] = e.Layout.Stylesheet
	}
	return out, nil
}

// The examples that the scenario asks for.
const (
	absoluteSheet = "absolute places by class, and nothing without"
	floatSheet    = "floats, the first cut off, one after a class, the last with a margin"
)

// arranging is an archive whose layout changes.
type arranging struct {
	*flow
	session string
	archive string
}

// to changes the layout and records it for a while.
func (a *arranging) to(ctx context.Context, label string, layout map[string]any) error {
	if _, err := a.as.Arrange(ctx, "layout."+label, a.archive, layout, false); err != nil {
		return err
	}
	return sleep(ctx, still)
}

// classify replaces classes, reads them and records the change for a while.
func (a *arranging) classify(ctx context.Context, label string, classes map[string][]string) error {
	if _, err := a.as.Classify(ctx, "classes."+label, a.session, classes); err != nil {
		return err
	}
	if _, err := a.as.Streams(ctx, "classes."+label+".read", a.session); err != nil {
		return err
	}
	return sleep(ctx, still)
}

func runLayouts(ctx context.Context, f *flow) error {
	sheet, err := sheets()
	if err != nil {
		return err
	}
	a := &arranging{flow: f}
	if a.session, err = f.session(ctx, "session"); err != nil {
		return err
	}
	var ids [4]string
	for i, c := range []struct {
		name, video, audio string
		token              []string
		kind               kind
	}{
		{"alice", "small-01", "tone-11", nil, kind{}},
		{"bob", "small-02", "tone-12", nil, kind{classes: "focus full"}},
		{"carol", "small-03", "tone-13", []string{"side"}, kind{}},
		{"dave", "small-04", "tone-14", nil, kind{}},
	} {
		m, err := f.joinWith(ctx, a.session, c.name, target.ClientToken{Kind: f.tokens(), Classes: c.token})
		if err != nil {
			return err
		}
		if err := m.publishAs(ctx, c.kind, c.video, c.audio); err != nil {
			return err
		}
		ids[i] = m.pub.StreamID()
	}
	if _, err := f.as.Streams(ctx, "classes.first.read", a.session); err != nil {
		return err
	}
	s, err := f.start(ctx, "start", a.session, map[string]any{"name": "layouts", "layout": map[string]any{"type": "pip"}})
	if err != nil {
		return err
	}
	a.archive = s.ID
	if err := sleep(ctx, still+time.Second); err != nil {
		return err
	}
	if err := a.refusals(ctx, "bad."); err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return a.to(ctx, "vertical", map[string]any{"type": "verticalPresentation"}) },
		func() error { return a.to(ctx, "horizontal", map[string]any{"type": "horizontalPresentation"}) },
		func() error {
			return a.classify(ctx, "changed", map[string][]string{ids[0]: {"focus"}, ids[1]: {}})
		},
		func() error {
			return a.to(ctx, "absolute", map[string]any{"type": "custom", "stylesheet": sheet[absoluteSheet]})
		},
		func() error {
			return a.to(ctx, "floats", map[string]any{"type": "custom", "stylesheet": sheet[floatSheet]})
		},
		func() error { return a.to(ctx, "best-fit", map[string]any{"type": "bestFit"}) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := f.stop(ctx, "stop", a.archive); err != nil {
		return err
	}
	if _, err := f.as.Arrange(ctx, "late.layout", a.archive, map[string]any{"type": "pip"}, false); err != nil {
		return err
	}
	return f.deliver(ctx, a.archive)
}

// refusals asks for layouts that a start would refuse, and for style sheets beyond the subset.
func (a *arranging) refusals(ctx context.Context, prefix string) error {
	for _, r := range []struct {
		label  string
		layout map[string]any
	}{
		{"type", map[string]any{"type": "diagonal"}},
		{"no-type", map[string]any{}},
		{"sheet-of-preset", map[string]any{"type": "pip", "stylesheet": "stream { width: 10px }"}},
		{"no-sheet", map[string]any{"type": "custom"}},
		{"screenshare-of-pip", map[string]any{"type": "pip", "screenshareType": "pip"}},
		{"sheet.selector", map[string]any{"type": "custom", "stylesheet": "#id { width: 10px }"}},
		{"sheet.property", map[string]any{"type": "custom", "stylesheet": "stream { color: red }"}},
		{"sheet.value", map[string]any{"type": "custom", "stylesheet": "stream { position: sticky }"}},
	} {
		if _, err := a.as.Arrange(ctx, prefix+r.label, a.archive, r.layout, true); err != nil {
			return err
		}
	}
	return nil
}

func runScreens(ctx context.Context, f *flow) (err error) {
	a := &arranging{flow: f}
	if a.session, err = f.session(ctx, "session"); err != nil {
		return err
	}
	var members [3]*member
	for i, c := range []struct {
		name, video, audio string
		kind               kind
	}{
		{"alice", "small-05", "tone-15", kind{}},
		{"bob", "small-06", "tone-16", kind{}},
		{"carol", "small-07", "tone-17", kind{classes: "full focus"}},
	} {
		m, err := f.join(ctx, a.session, c.name)
		if err != nil {
			return err
		}
		if err := m.publishAs(ctx, c.kind, c.video, c.audio); err != nil {
			return err
		}
		members[i] = m
	}
	bestFit := func(screens string) map[string]any {
		layout := map[string]any{"type": "bestFit"}
		if screens != "" {
			layout["screenshareType"] = screens
		}
		return layout
	}
	s, err := f.start(ctx, "start", a.session, map[string]any{"name": "screens", "layout": bestFit("pip")})
	if err != nil {
		return err
	}
	a.archive = s.ID
	if err := sleep(ctx, still+time.Second); err != nil {
		return err
	}
	screen := members[1].another("bob-screen")
	if err := screen.publishAs(ctx, kind{videoType: "screen"}, "small-08", ""); err != nil {
		return err
	}
	if err := sleep(ctx, changed); err != nil {
		return err
	}
	for _, l := range []struct{ label, screens string }{
		{"vertical", "verticalPresentation"}, {"horizontal", "horizontalPresentation"}, {"none", ""}, {"only-screens", "bestFit"},
	} {
		if err := a.to(ctx, l.label, bestFit(l.screens)); err != nil {
			return err
		}
	}
	if err := screen.unpublish(ctx); err != nil {
		return err
	}
	if err := sleep(ctx, changed); err != nil {
		return err
	}
	if err := f.stop(ctx, "stop", a.archive); err != nil {
		return err
	}
	return f.deliver(ctx, a.archive)
}
