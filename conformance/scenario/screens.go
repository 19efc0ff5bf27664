package scenario

import (
	"context"
	"time"

	"reelcheck/conformance/scenario/name"
)

// screens has a client share a screen while layouts for that change.
var screens = Scenario{
	Name: name.Screens, Title: "a screen beside cameras: who comes first, and the layouts for that time",
	Needs: layoutNeeds, Media: 1, Within: 90 * time.Second,
	run: runScreens,
}

func runScreens(ctx context.Context, f *flow) error {
	session, members, err := f.cast(ctx,
		part{name: "alice", video: "small-05", audio: "tone-15"},
		part{name: "bob", video: "small-06", audio: "tone-16"},
		part{name: "carol", video: "small-07", audio: "tone-17", kind: kind{classes: "full focus"}})
	if err != nil {
		return err
	}
	a, err := arrange(ctx, f, session, map[string]any{"name": "screens", "layout": screened("pip")})
	if err != nil {
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
		if err := a.to(ctx, l.label, screened(l.screens)); err != nil {
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

// screened is the best fit, with a layout for when somebody shares a screen; "" for none.
func screened(layout string) map[string]any {
	l := map[string]any{"type": "bestFit"}
	if layout != "" {
		l["screenshareType"] = layout
	}
	return l
}
