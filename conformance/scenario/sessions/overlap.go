package sessions

import (
	"context"
	"errors"
	"net/url"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// AutoOverlap follows automatic archives through a border of four hours, a rotation, an end by the idle hour, and use
// after that.
var AutoOverlap = automatically(scenarios.AutoOverlap, "automatic archives that overlap, that a rotation ends, and a session used after their end", 2, clock.RecordedTime+clock.IdleHour+3*clock.Margin,
	[]config.Capability{config.VP8}, runAutoOverlap)

func runAutoOverlap(ctx context.Context, a *autoFlow) error {
	began, err := a.Clock.Now(ctx, "clock.start")
	if err != nil {
		return err
	}
	if err := a.alice.Publish(ctx, "vp8-16", "tone-16"); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, time.Second); err != nil {
		return err
	}
	if err := a.reach(ctx, "clock.border", began.Add(clock.RecordedTime+clock.Margin)); err != nil {
		return err
	}
	ids, err := a.archives(ctx, "list.border", 2)
	if err != nil {
		return err
	}
	if err := clock.Sleep(ctx, time.Second); err != nil {
		return err
	}
	if a.Target.File.Has(config.Rotation) {
		if _, err := a.As.Migrate(ctx, "migrate", a.session); err != nil {
			return err
		}
		if ids, err = a.moved(ctx, "list.moved", ids); err != nil {
			return err
		}
		if err := clock.Sleep(ctx, 1500*time.Millisecond); err != nil {
			return err
		}
	}
	if ids, err = a.timeOut(ctx, ids); err != nil {
		return err
	}
	for i, id := range ids {
		if err := a.DeliverAs(ctx, []string{"last.", "newest.", "middle.", "oldest."}[i+4-len(ids)], id); err != nil {
			return err
		}
	}
	return a.useAgain(ctx, ids[0])
}

// moved lists the session's archives after its move. There is a new one, or the last one goes on.
func (a *autoFlow) moved(ctx context.Context, label string, ids []string) ([]string, error) {
	after, err := a.archives(ctx, label, len(ids)+1)
	var blocked *scenario.BlockedError
	if errors.As(err, &blocked) {
		return ids, nil // the check judges it
	}
	return after, err
}

// timeOut lets nobody publish for the idle hour. The session moves in the middle of it. It returns the archives after that.
func (a *autoFlow) timeOut(ctx context.Context, ids []string) ([]string, error) {
	since, err := a.Clock.Now(ctx, "clock.idle")
	if err != nil {
		return nil, err
	}
	if err := a.alice.Unpublish(ctx); err != nil {
		return nil, err
	}
	if _, err := a.Must(ctx, "wait.paused", ids[0], scenario.Soon, "paused"); err != nil {
		return nil, err
	}
	if a.Target.File.Has(config.Rotation) {
		if err := a.reach(ctx, "clock.half-idle", since.Add(clock.IdleHour/2)); err != nil {
			return nil, err
		}
		if _, err := a.As.Migrate(ctx, "migrate.paused", a.session); err != nil {
			return nil, err
		}
		if ids, err = a.moved(ctx, "list.moved.paused", ids); err != nil {
			return nil, err
		}
	}
	return ids, a.around(ctx, ids[0], since.Add(clock.IdleHour))
}

// useAgain publishes in a session whose automatic archive has timed out, and joins it again after everybody has left.
func (a *autoFlow) useAgain(ctx context.Context, id string) error {
	if err := a.alice.Publish(ctx, "", "tone-17"); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, scenario.Settled); err != nil {
		return err
	}
	if _, err := a.As.Get(ctx, "again.get.published", id); err != nil {
		return err
	}
	if err := a.alice.Leave(ctx); err != nil {
		return err
	}
	if _, err := a.Join(ctx, a.session, "carol"); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, time.Second); err != nil {
		return err
	}
	if _, err := a.As.Get(ctx, "again.get.entered", id); err != nil {
		return err
	}
	_, err := a.As.List(ctx, "again.list", url.Values{"sessionId": {a.session}}, false)
	return err
}
