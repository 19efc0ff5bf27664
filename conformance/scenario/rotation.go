package scenario

import (
	"context"
	"net/url"
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
	if err := f.moved(ctx, "planned", session, func() error {
		_, err := f.as.AdvanceTo(ctx, "clock.move", move.Add(margin))
		return err
	}); err != nil {
		return err
	}
	if _, err := f.as.Advance(ctx, "clock.again", moveAgain); err != nil {
		return err
	}
	return f.moved(ctx, "asked", session, func() error {
		_, err := f.as.Migrate(ctx, "migrate", session)
		return err
	})
}

// moved records a session while it moves.
func (f *flow) moved(ctx context.Context, prefix, session string, move func() error) error {
	a, err := f.start(ctx, prefix+".start", session, map[string]any{"name": prefix})
	if err != nil {
		return err
	}
	if err := sleep(ctx, time.Second); err != nil {
		return err
	}
	if _, err := f.get(ctx, prefix+".get.before", a.ID); err != nil {
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

// autoOverlap follows automatic archives through a border of four hours, a rotation, an end by the idle hour, and use after that.
var autoOverlap = automatically(name.AutoOverlap, "automatic archives that overlap, that a rotation ends, and a session used after their end", 2,
	[]target.Capability{target.VP8, target.S3}, runAutoOverlap)

func runAutoOverlap(ctx context.Context, a *autoFlow) error {
	began, _, err := a.as.Policy(ctx, "clock.start")
	if err != nil {
		return err
	}
	if err := a.alice.publish(ctx, "vp8-16", "tone-16"); err != nil {
		return err
	}
	if err := sleep(ctx, time.Second); err != nil {
		return err
	}
	if err := a.reach(ctx, "clock.border", began.Add(recordedTime+margin)); err != nil {
		return err
	}
	ids, err := a.archives(ctx, "list.border", 2)
	if err != nil {
		return err
	}
	if err := sleep(ctx, time.Second); err != nil {
		return err
	}
	if a.Target.File.Has(target.Rotation) {
		if _, err := a.as.Migrate(ctx, "migrate", a.session); err != nil {
			return err
		}
		if ids, err = a.archives(ctx, "list.moved", 3); err != nil {
			return err
		}
		if err := sleep(ctx, 1500*time.Millisecond); err != nil {
			return err
		}
	}
	if err := a.timeOut(ctx, ids[0]); err != nil {
		return err
	}
	for i, id := range ids {
		if err := a.deliverAs(ctx, []string{"newest.", "middle.", "oldest."}[i+3-len(ids)], id); err != nil {
			return err
		}
	}
	return a.useAgain(ctx, ids[0])
}

// timeOut has nobody publish for the idle hour.
func (a *autoFlow) timeOut(ctx context.Context, id string) error {
	since, _, err := a.as.Policy(ctx, "clock.idle")
	if err != nil {
		return err
	}
	if err := a.alice.unpublish(ctx); err != nil {
		return err
	}
	if _, err := a.must(ctx, "wait.paused", id, soon, "paused"); err != nil {
		return err
	}
	return a.around(ctx, id, since.Add(idleHour))
}

// useAgain publishes in a session whose automatic archive has timed out, and enters it again after everybody has left.
func (a *autoFlow) useAgain(ctx context.Context, id string) error {
	if err := a.alice.publish(ctx, "", "tone-17"); err != nil {
		return err
	}
	if err := sleep(ctx, settled); err != nil {
		return err
	}
	if _, err := a.get(ctx, "again.get.published", id); err != nil {
		return err
	}
	if err := a.alice.leave(); err != nil {
		return err
	}
	if _, err := a.join(ctx, a.session, "carol"); err != nil {
		return err
	}
	if err := sleep(ctx, time.Second); err != nil {
		return err
	}
	if _, err := a.get(ctx, "again.get.entered", id); err != nil {
		return err
	}
	_, err := a.as.List(ctx, "again.list", url.Values{"sessionId": {a.session}}, false)
	return err
}
