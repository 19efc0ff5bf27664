package composed

import (
	"context"
	"time"

	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
)

// arranging is an archive with a changing layout.
type arranging struct {
	*scenario.Flow
	session string
	archive string
	long    time.Duration // recording time of each layout
}

// arrange starts an archive and records its first layout for a while.
func arrange(ctx context.Context, f *scenario.Flow, session string, options map[string]any) (*arranging, error) {
	s, err := f.Start(ctx, "start", session, options)
	if err != nil {
		return nil, err
	}
	a := &arranging{Flow: f, session: session, archive: s.ID, long: still + s.Took}
	return a, clock.Sleep(ctx, a.long+time.Second)
}

// to changes the layout and records it for a while.
func (a *arranging) to(ctx context.Context, label string, layout map[string]any) error {
	if _, err := a.As.Arrange(ctx, "layout."+label, a.archive, layout, false); err != nil {
		return err
	}
	return clock.Sleep(ctx, a.long)
}

// classify replaces classes, reads them and records the change for a while.
func (a *arranging) classify(ctx context.Context, label string, classes map[string][]string) error {
	if _, err := a.As.Classify(ctx, "classes."+label, a.session, classes); err != nil {
		return err
	}
	if _, err := a.As.Streams(ctx, "classes."+label+".read", a.session); err != nil {
		return err
	}
	return clock.Sleep(ctx, a.long)
}
