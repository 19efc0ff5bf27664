package composed

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
)

// Screens has a client share a screen while layouts for that change.
var Screens = scenario.Scenario{
	Name: scenarios.Screens, Title: "a screen beside cameras: who comes first, and the layouts for that time",
	Needs: layoutNeeds, Media: 2, Within: 90 * time.Second,
	Run: runScreens,
}

func runScreens(ctx context.Context, f *scenario.Flow) error {
	session, members, err := f.JoinAll(ctx,
		scenario.Client{Name: "alice", Video: "small-05", Audio: "tone-15"},
		scenario.Client{Name: "bob", Video: "small-06", Audio: "tone-16"},
		scenario.Client{Name: "carol", Video: "small-07", Audio: "tone-17", Kind: scenario.Kind{Classes: "full focus"}})
	if err != nil {
		return err
	}
	a, err := arrange(ctx, f, session, map[string]any{"name": "screens", "layout": screened("pip")})
	if err != nil {
		return err
	}
	screen := members[1].Another("bob-screen")
	if err := screen.PublishAs(ctx, scenario.Kind{VideoType: "screen"}, "small-08", ""); err != nil {
		return err
	}
	if err := scenario.Sleep(ctx, changed+a.long-still); err != nil {
		return err
	}
	for _, l := range []struct{ label, screens string }{
		{"vertical", "verticalPresentation"}, {"horizontal", "horizontalPresentation"}, {"none", ""}, {"only-screens", "bestFit"},
	} {
		if err := a.to(ctx, l.label, screened(l.screens)); err != nil {
			return err
		}
	}
	if err := screen.Unpublish(ctx); err != nil {
		return err
	}
	if err := scenario.Sleep(ctx, changed+a.long-still); err != nil {
		return err
	}
	if err := f.Stop(ctx, "stop", a.archive); err != nil {
		return err
	}
	return f.Deliver(ctx, a.archive)
}

// screened is the best fit, with a layout for when somebody shares a screen; "" for none.
func screened(layout string) map[string]any {
	l := map[string]any{"type": "bestFit"}
	if layout != "" {
		l["screenshareType"] = layout
	}
	return l
}
