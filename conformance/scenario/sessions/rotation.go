package sessions

import (
	"context"
	"maps"
	"slices"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// Rotation moves a session by a plan of the server while it is recorded, and then by a call of the application in a pause.
var Rotation = scenario.Scenario{
	Name: scenarios.Rotation, Title: "a server that is rotated, with notice, and a session that its application moves",
	Needs: []config.Capability{config.Control, config.Rotation, config.Events}, Virtual: true, Why: "a server has to go out of service when the suite says so", Media: 2, Within: 90 * time.Second,
	App: scenario.App{Monitored: true}, Run: runRotation,
}

const (
	// planned is the time from the plan to the rotation: longer than that of the first notice.
	planned     = 5 * time.Hour
	soon        = 2 * time.Hour // between the two notices
	firstNotice = 4 * time.Hour
	lastNotice  = time.Hour
	// moveAgain is longer than the time in which a session must not move again.
	moveAgain = 10 * time.Minute
)

func runRotation(ctx context.Context, f *scenario.Flow) error {
	session, err := f.Session(ctx, "session")
	if err != nil {
		return err
	}
	alice, err := f.Join(ctx, session, "alice")
	if err != nil {
		return err
	}
	if _, err := f.Join(ctx, session, "bob"); err != nil {
		return err
	}
	at, _, err := f.As.Policy(ctx, "clock.start")
	if err != nil {
		return err
	}
	move := at.Add(planned)
	if _, err := f.As.Rotate(ctx, "rotate", session, planned); err != nil {
		return err
	}
	for _, stop := range []struct {
		label string
		at    time.Time
	}{
		{"before-first", move.Add(-firstNotice - clock.Margin)}, {"first", move.Add(-firstNotice + clock.Margin)},
		{"before-last", move.Add(-lastNotice - clock.Margin)}, {"last", move.Add(-lastNotice + clock.Margin)},
	} {
		if _, err := f.As.AdvanceTo(ctx, "clock."+stop.label, stop.at); err != nil {
			return err
		}
		if err := f.Watch(ctx, "notice."+stop.label, "events", "", 500*time.Millisecond); err != nil {
			return err
		}
	}
	if err := alice.Publish(ctx, "", "tone-17"); err != nil {
		return err
	}
	if err := moved(ctx, f, "planned", session, func(map[string]string) error {
		_, err := f.As.AdvanceTo(ctx, "clock.move", move.Add(clock.Margin))
		return err
	}); err != nil {
		return err
	}
	if err := near(ctx, f, session); err != nil {
		return err
	}
	if _, err := f.As.Advance(ctx, "clock.again", moveAgain); err != nil {
		return err
	}
	return moved(ctx, f, "asked", session, func(archives map[string]string) error {
		if err := alice.Unpublish(ctx); err != nil {
			return err
		}
		for label, id := range archives {
			if _, err := f.Must(ctx, label+".wait.paused", id, scenario.Soon, "paused"); err != nil {
				return err
			}
		}
		_, err := f.As.Migrate(ctx, "migrate", session)
		return err
	})
}

// near plans a move for which there is only the last notice.
func near(ctx context.Context, f *scenario.Flow, session string) error {
	at, _, err := f.As.Policy(ctx, "clock.near")
	if err != nil {
		return err
	}
	move := at.Add(soon)
	if _, err := f.As.Rotate(ctx, "rotate.near", session, soon); err != nil {
		return err
	}
	if err := f.Watch(ctx, "notice.planned", "events", "", 500*time.Millisecond); err != nil { // what is told now must not pass for the notice
		return err
	}
	if _, err := f.As.AdvanceTo(ctx, "clock.near.last", move.Add(-lastNotice+clock.Margin)); err != nil {
		return err
	}
	if err := f.Watch(ctx, "notice.near", "events", "", 500*time.Millisecond); err != nil {
		return err
	}
	_, err = f.As.AdvanceTo(ctx, "clock.near.move", move.Add(clock.Margin))
	return err
}

// moved records a session while it moves. move is given the ids of the archives, by label.
func moved(ctx context.Context, f *scenario.Flow, prefix, session string, move func(archives map[string]string) error) error {
	a, err := f.Start(ctx, prefix+".start", session, map[string]any{"name": prefix})
	if err != nil {
		return err
	}
	ids := map[string]string{prefix: a.ID}
	if has := f.Target.File.Has; has(config.Individual) && has(config.Simultaneous) {
		a, err := f.Start(ctx, prefix+".beside.start", session, map[string]any{"outputMode": "individual", "multiArchiveTag": prefix})
		if err != nil {
			return err
		}
		ids[prefix+".beside"] = a.ID
	}
	if err := clock.Sleep(ctx, time.Second); err != nil {
		return err
	}
	for _, label := range slices.Sorted(maps.Keys(ids)) {
		if _, err := f.As.Get(ctx, label+".get.before", ids[label]); err != nil {
			return err
		}
	}
	if err := move(ids); err != nil {
		return err
	}
	for _, label := range slices.Sorted(maps.Keys(ids)) {
		if err := over(ctx, f, label, ids[label]); err != nil {
			return err
		}
	}
	return nil
}

// over waits until the move has ended an archive, and downloads it.
func over(ctx context.Context, f *scenario.Flow, label, id string) error {
	if _, err := f.Must(ctx, label+".wait.stopped", id, scenario.Soon, "stopped", "uploaded", "available"); err != nil {
		return err
	}
	if err := f.AwaitEvent(ctx, label+".event.stopped", id, "archiveStopped", "alice", "bob"); err != nil {
		return err
	}
	return f.DeliverAs(ctx, label+".", id)
}
