package scenario

import (
	"context"
	"time"

	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

// rotation moves a session by a plan of the server and then by a call of the application, each time while it is recorded.
var rotation = Scenario{
	Name: name.Rotation, Title: "a server that is rotated, with notice, and a session that its application moves",
	Needs: []target.Capability{target.Control, target.Rotation}, Virtual: true, Media: 1, Within: 90 * time.Second,
	app: appKind{monitored: true}, run: runRotation,
}

const (
	// planned is how long before a rotation it is known: longer than the first notice.
	planned     = 5 * time.Hour
	firstNotice = 4 * time.Hour
	lastNotice  = time.Hour
	// moveAgain is longer than any time in which a session must not move again.
	moveAgain = 10 * time.Minute
)

func runRotation(ctx context.Context, f *flow) error {
	session, err := f.session(ctx, "session")
	if err != nil {
		return err
	}
	alice, err := f.join(ctx, session, "alice")
	if err != nil {
		return err
	}
	if _, err := f.join(ctx, session, "bob"); err != nil {
		return err
	}
	at, _, err := f.as.Policy(ctx, "clock.start")
	if err != nil {
		return err
	}
	move := at.Add(planned)
	if _, err := f.as.Rotate(ctx, "rotate", session, planned); err != nil {
		return err
	}
	for _, stop := range []struct {
		label string
		at    time.Time
	}{
		{"before-first", move.Add(-firstNotice - margin)}, {"first", move.Add(-firstNotice + margin)},
		{"before-last", move.Add(-lastNotice - margin)}, {"last", move.Add(-lastNotice + margin)},
	} {
		if _, err := f.as.AdvanceTo(ctx, "clock."+stop.label, stop.at); err != nil {
			return err
		}
		if err := f.watch(ctx, "notice."+stop.label, "events", "", 500*time.Millisecond); err != nil {
			return err
		}
	}
	if err := alice.publish(ctx, "", "tone-17"); err != nil {
		return err
	}
	if err := moved(ctx, f, "planned", session, func() error {
		_, err := f.as.AdvanceTo(ctx, "clock.move", move.Add(margin))
		return err
	}); err != nil {
		return err
	}
	if _, err := f.as.Advance(ctx, "clock.again", moveAgain); err != nil {
		return err
	}
	return moved(ctx, f, "asked", session, func() error {
		_, err := f.as.Migrate(ctx, "migrate", session)
		return err
	})
}

// moved records a session while it moves.
func moved(ctx context.Context, f *flow, prefix, session string, move func() error) error {
	a, err := f.start(ctx, prefix+".start", session, map[string]any{"name": prefix})
	if err != nil {
		return err
	}
	if err := sleep(ctx, time.Second); err != nil {
		return err
	}
	if _, err := f.as.Get(ctx, prefix+".get.before", a.ID); err != nil {
		return err
	}
	if err := move(); err != nil {
		return err
	}
	if _, err := f.must(ctx, prefix+".wait.stopped", a.ID, soon, "stopped", "uploaded", "available"); err != nil {
		return err
	}
	if _, err := f.awaitEvent(ctx, prefix+".event.stopped", a.ID, "archiveStopped", "alice", "bob"); err != nil {
		return err
	}
	return f.deliverAs(ctx, prefix+".", a.ID)
}
