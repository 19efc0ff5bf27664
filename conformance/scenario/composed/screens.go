package composed

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
)

// Screens shares screens while the layouts for screens change. Its streams have all ranks: streams with and without a class,
// screens, cameras of clients that share a screen, and other cameras. Among these, clients that have a stream with a class
// come first.
var Screens = scenario.Scenario{
	Name: scenarios.Screens, Title: "screens beside cameras: who comes first, and the layouts for that time",
	Needs: layoutNeeds, Files: true, Media: 2, Within: 90 * time.Second,
	Run: runScreens,
}

func runScreens(ctx context.Context, f *scenario.Flow) error {
	session, members, err := f.JoinAll(ctx,
		scenario.Client{Name: "alice", Video: "small-05", Audio: "tone-15"},
		scenario.Client{Name: "bob", Video: "small-06", Audio: "tone-16"},
		scenario.Client{Name: "dave", Video: "small-10", Kind: scenario.Kind{Classes: "side"}},
		scenario.Client{Name: "carol", Video: "small-07", Audio: "tone-17", Kind: scenario.Kind{Classes: "full focus"}})
	if err != nil {
		return err
	}
	bob, dave, carol := members[1], members[2], members[3]
	if err := dave.Another("dave-second").Publish(ctx, "small-11", ""); err != nil {
		return err
	}
	a, err := arrange(ctx, f, session, map[string]any{"name": "screens", "layout": screened("pip")})
	if err != nil {
		return err
	}
	screens := []*scenario.Member{bob.Another("bob-screen"), carol.Another("carol-screen")}
	for i, kind := range []scenario.Kind{{VideoType: "screen"}, {VideoType: "screen", Classes: "side"}} {
		if err := screens[i].PublishAs(ctx, kind, []string{"small-08", "small-12"}[i], ""); err != nil {
			return err
		}
	}
	if err := clock.Sleep(ctx, changed+a.long-still); err != nil {
		return err
	}
	for _, l := range []struct{ label, screens string }{
		{"vertical", "verticalPresentation"}, {"horizontal", "horizontalPresentation"}, {"none", ""}, {"only-screens", "bestFit"},
	} {
		if err := a.to(ctx, l.label, screened(l.screens)); err != nil {
			return err
		}
	}
	for _, screen := range screens {
		if err := screen.Unpublish(ctx); err != nil {
			return err
		}
	}
	if err := clock.Sleep(ctx, changed+a.long-still); err != nil {
		return err
	}
	if err := f.Stop(ctx, "stop", a.archive); err != nil {
		return err
	}
	return f.Deliver(ctx, a.archive)
}

// screened returns the layout bestFit with a screenshare layout; "" means none.
func screened(layout string) map[string]any {
	l := map[string]any{"type": "bestFit"}
	if layout != "" {
		l["screenshareType"] = layout
	}
	return l
}
