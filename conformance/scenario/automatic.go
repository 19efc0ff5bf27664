package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

const (
	day = 24 * time.Hour
	// chain is how many archives of four hours it takes to fill more than a day.
	chain = 7
)

// autoFlow is a flow in a session that is archived automatically.
type autoFlow struct {
	*flow
	session string
	alice   *member
	first   string // its first archive
}

func automatically(name, title string, media int, needs []target.Capability, run func(context.Context, *autoFlow) error) Scenario {
	return Scenario{
		Name: name, Title: title, Virtual: true, Needs: append([]target.Capability{target.Control, target.Auto}, needs...),
		Media: media, Within: 2 * time.Minute,
		run: func(ctx context.Context, f *flow) error {
			a := &autoFlow{flow: f}
			if err := a.enter(ctx); err != nil {
				return err
			}
			return run(ctx, a)
		},
	}
}

var (
	automatic = automatically(name.Automatic, "an automatic archive of two publishers: a stop call, a second archive beside it, the last client leaves", 3,
		[]target.Capability{target.VP8, target.S3}, runAutomatic)
	autoDay    = automatically(name.AutoDay, "automatic archives of four hours follow each other for a day, until nobody publishes", 0, []target.Capability{target.VP8}, runAutoDay)
	autoSilent = automatically(name.AutoSilent, "an automatic archive that nobody publishes to", 0, nil, runAutoSilent)
)

// enter creates the session, connects its first client and waits for the archive that this sets off.
func (a *autoFlow) enter(ctx context.Context) (err error) {
	a.session, err = a.sessionOf(ctx, "session", url.Values{"p2p.preference": {"disabled"}, "archiveMode": {"always"},
		"archiveName": {"automatic " + a.scenario.Name}, "archiveResolution": {"480x640"}})
	if err != nil {
		return err
	}
	if a.alice, err = a.join(ctx, a.session, "alice"); err != nil {
		return err
	}
	ids, err := a.archives(ctx, "list.first", 1)
	if err != nil {
		return err
	}
	a.first = ids[len(ids)-1]
	_, err = a.as.Get(ctx, "get.first", a.first)
	return err
}

// archives lists the session until it has that many archives; they come newest first.
func (a *autoFlow) archives(ctx context.Context, label string, least int) ([]string, error) {
	for until := time.Now().Add(soon); ; {
		got, err := a.as.List(ctx, label, url.Values{"sessionId": {a.session}}, false)
		if err != nil {
			return nil, err
		}
		var list struct{ Items []status }
		_ = json.Unmarshal(got.Body, &list) // whatever it is, it is recorded
		if len(list.Items) >= least {
			ids := make([]string, len(list.Items))
			for i, item := range list.Items {
				ids[i] = item.ID
			}
			return ids, nil
		}
		if time.Now().After(until) {
			return nil, blocked(label, "%d archives of the session after %v, want %d", len(list.Items), soon, least)
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return nil, err
		}
	}
}

// reach moves the clock to at. An advance may stop where two archives begin to overlap.
func (a *autoFlow) reach(ctx context.Context, label string, at time.Time) error {
	for n := 1; ; n++ {
		moved, err := a.as.AdvanceTo(ctx, fmt.Sprintf("%s.%d", label, n), at)
		if err != nil || !moved.After.Before(at) {
			return err
		}
		if n > 4*chain {
			return blocked(label, "the clock stays at %v, want %v", moved.After, at)
		}
	}
}

// leave lets clients go and looks at the archive shortly before and after its last minute.
func (a *autoFlow) leave(ctx context.Context, id string, members ...*member) error {
	at, _, err := a.as.Policy(ctx, "clock.left")
	if err != nil {
		return err
	}
	for _, m := range members {
		if err := m.leave(); err != nil {
			return err
		}
	}
	if err := sleep(ctx, settled); err != nil {
		return err
	}
	return a.around(ctx, id, at.Add(lastMinute))
}

// around looks at an archive shortly before and after it is to stop, and waits for its stop.
func (a *autoFlow) around(ctx context.Context, id string, end time.Time) error {
	if err := a.reach(ctx, "clock.before", end.Add(-margin)); err != nil {
		return err
	}
	if _, err := a.as.Get(ctx, "get.before", id); err != nil {
		return err
	}
	if err := a.reach(ctx, "clock.after", end.Add(2*margin)); err != nil {
		return err
	}
	if _, err := a.as.Get(ctx, "get.after", id); err != nil {
		return err
	}
	_, err := a.must(ctx, "wait.stopped", id, soon, "stopped", "uploaded", "available")
	return err
}

func runAutomatic(ctx context.Context, a *autoFlow) error {
	bob, err := a.join(ctx, a.session, "bob")
	if err != nil {
		return err
	}
	if err := a.alice.publish(ctx, "vp8-06", "tone-06"); err != nil {
		return err
	}
	if err := bob.publish(ctx, "vp8-07", "tone-07"); err != nil {
		return err
	}
	if err := sleep(ctx, 1500*time.Millisecond); err != nil {
		return err
	}
	if _, err := a.as.Stop(ctx, "stop", a.first, nil); err != nil {
		return err
	}
	if _, err := a.as.Get(ctx, "get.stop", a.first); err != nil {
		return err
	}
	beside, err := a.beside(ctx)
	if err != nil {
		return err
	}
	if err := a.leave(ctx, a.first, a.alice, bob); err != nil {
		return err
	}
	if err := a.deliver(ctx, a.first); err != nil || beside == "" {
		return err
	}
	return a.deliverAs(ctx, "beside.", beside)
}

// beside records the session a second time for a while, where the target can do that.
func (a *autoFlow) beside(ctx context.Context) (id string, err error) {
	const long = 1500 * time.Millisecond
	if !a.Target.File.Has(target.Simultaneous) {
		return "", sleep(ctx, long)
	}
	if _, err := a.as.Start(ctx, "start.untagged", map[string]any{"sessionId": a.session}); err != nil {
		return "", err
	}
	started, err := a.start(ctx, "beside.start", a.session, map[string]any{"name": "beside", "multiArchiveTag": "beside"})
	if err != nil {
		return "", err
	}
	if _, err := a.as.Get(ctx, "get.both", a.first); err != nil {
		return "", err
	}
	if err := sleep(ctx, long); err != nil {
		return "", err
	}
	if err := a.stop(ctx, "beside.stop", started.ID); err != nil {
		return "", err
	}
	_, err = a.as.Get(ctx, "get.beside", a.first)
	return started.ID, err
}

// runAutoDay has somebody publish for more than a day, and then nobody for an hour.
func runAutoDay(ctx context.Context, a *autoFlow) error {
	began, _, err := a.as.Policy(ctx, "clock.start")
	if err != nil {
		return err
	}
	if err := a.alice.publish(ctx, "small-10", "tone-31"); err != nil {
		return err
	}
	if err := sleep(ctx, time.Second); err != nil {
		return err
	}
	if err := a.reach(ctx, "clock.day", began.Add(day+15*time.Minute)); err != nil {
		return err
	}
	ids, err := a.archives(ctx, "list.day", chain)
	if err != nil {
		return err
	}
	if _, err := a.as.Get(ctx, "get.day", ids[0]); err != nil {
		return err
	}
	since, _, err := a.as.Policy(ctx, "clock.idle")
	if err != nil {
		return err
	}
	if err := a.alice.unpublish(ctx); err != nil {
		return err
	}
	if _, err := a.must(ctx, "wait.paused", ids[0], soon, "paused"); err != nil {
		return err
	}
	if err := a.around(ctx, ids[0], since.Add(idleHour)); err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := a.must(ctx, "wait.delivered", id, delivery, "uploaded", "available"); err != nil {
			return err
		}
	}
	if _, err := a.archives(ctx, "list.end", chain); err != nil {
		return err
	}
	for _, id := range ids[1:3] { // two that overlap
		if err := a.fetch(ctx, "consecutive.object", id); err != nil {
			return err
		}
	}
	return nil
}

func runAutoSilent(ctx context.Context, a *autoFlow) error {
	if _, err := a.as.Advance(ctx, "clock.first-minute", firstMinute+2*margin); err != nil {
		return err
	}
	if _, err := a.as.Get(ctx, "get.first-minute", a.first); err != nil {
		return err
	}
	if err := a.leave(ctx, a.first, a.alice); err != nil {
		return err
	}
	if err := a.deliver(ctx, a.first); err != nil {
		return err
	}
	_, err := a.as.Get(ctx, "get.delivered", a.first)
	return err
}
