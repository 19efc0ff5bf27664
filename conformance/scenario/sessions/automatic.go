// Package sessions has the scenarios about what sessions do: automatic and simultaneous archives, selected streams,
// presence, rotation.
package sessions

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

const (
	day = 24 * time.Hour
	// chain is the number of archives of four hours that fill more than a day.
	chain = 7
	// lastMinute is how long a flow follows an archive after the last client left.
	lastMinute = clock.LastMinute + 2*clock.Margin
	// waitDay is how much policy time passes in more than a day and the hour after it.
	waitDay = day + 15*time.Minute + clock.IdleHour + 2*clock.Margin
)

// autoFlow is a flow in a session that is archived automatically.
type autoFlow struct {
	*scenario.Flow
	session string
	alice   *scenario.Member
	begun   time.Time // policy time just before its first client came
	first   string    // id of its first archive
}

func automatically(name, title string, media int, wait time.Duration, needs []config.Capability, run func(context.Context, *autoFlow) error) scenario.Scenario {
	return scenario.Scenario{
		Name: name, Title: title, Wait: wait, Needs: append([]config.Capability{config.Auto, config.Events}, needs...),
		Files: true, Media: media, Within: 5 * time.Minute, // archives may overlap by half a minute of media, seven times in a day
		Run: func(ctx context.Context, f *scenario.Flow) error {
			a := &autoFlow{Flow: f}
			if err := a.enter(ctx); err != nil {
				return err
			}
			return run(ctx, a)
		},
	}
}

var (
	Automatic = automatically(scenarios.Automatic, "an automatic archive of two publishers: a stop call, a second archive beside it, the last client leaves", 4, clock.Margin+lastMinute,
		[]config.Capability{config.VP8}, runAutomatic)
	AutoDay    = automatically(scenarios.AutoDay, "automatic archives of four hours follow each other for a day, until nobody publishes", 0, waitDay, []config.Capability{config.VP8}, runAutoDay)
	AutoSilent = automatically(scenarios.AutoSilent, "an automatic archive that nobody publishes to", 0, clock.FirstMinute+2*clock.Margin+lastMinute, nil, runAutoSilent)
)

// enter creates the session, connects its first client and waits for the archive that this starts.
func (a *autoFlow) enter(ctx context.Context) (err error) {
	name := "automatic " + a.Scenario.Name
	if a.Scenario.Name == scenarios.AutoSilent { // ARC-AUTO-17: as long as it may be, in characters
		name += strings.Repeat("é", 80-len(name))
	}
	a.session, err = a.SessionOf(ctx, "session", url.Values{"p2p.preference": {"disabled"}, "archiveMode": {"always"},
		"archiveName": {name}, "archiveResolution": {"480x640"}})
	if err != nil {
		return err
	}
	if a.begun, err = a.Clock.Now(ctx, "clock.begin"); err != nil {
		return err
	}
	if a.alice, err = a.Join(ctx, a.session, "alice"); err != nil {
		return err
	}
	ids, err := a.archives(ctx, "list.first", 1)
	if err != nil {
		return err
	}
	a.first = ids[len(ids)-1]
	_, err = a.As.Get(ctx, "get.first", a.first)
	return err
}

// archives lists the session until it has at least that many archives. They come newest first.
func (a *autoFlow) archives(ctx context.Context, label string, least int) ([]string, error) {
	for until := time.Now().Add(scenario.Soon); ; {
		got, err := a.As.List(ctx, label, url.Values{"sessionId": {a.session}}, false)
		if err != nil {
			return nil, err
		}
		var list struct{ Items []struct{ ID string } }
		_ = json.Unmarshal(got.Body, &list) // an unreadable body is recorded as it is
		if len(list.Items) >= least {
			ids := make([]string, len(list.Items))
			for i, item := range list.Items {
				ids[i] = item.ID
			}
			return ids, nil
		}
		if time.Now().After(until) {
			return nil, scenario.Blocked(label, "%d archives of the session after %v, want %d", len(list.Items), scenario.Soon, least)
		}
		if err := clock.Sleep(ctx, scenario.PollEvery); err != nil {
			return nil, err
		}
	}
}

// reach lets policy time pass until at. It may take several advances, since one may stop where two archives begin to overlap.
func (a *autoFlow) reach(ctx context.Context, label string, at time.Time) error {
	for n := 1; ; n++ {
		now, err := a.Clock.PassTo(ctx, fmt.Sprintf("%s.%d", label, n), at)
		if err != nil || !now.Before(at) {
			return err
		}
		if n > 4*chain {
			return scenario.Blocked(label, "the clock stays at %v, want %v", now, at)
		}
	}
}

// leave lets clients leave and looks at the archive shortly before and after its last minute.
func (a *autoFlow) leave(ctx context.Context, id string, members ...*scenario.Member) error {
	at, err := a.Clock.Now(ctx, "clock.left")
	if err != nil {
		return err
	}
	for _, m := range members {
		if err := m.Leave(ctx); err != nil {
			return err
		}
	}
	if err := clock.Sleep(ctx, scenario.Settled); err != nil {
		return err
	}
	return a.around(ctx, id, at.Add(clock.LastMinute))
}

// around looks at an archive shortly before and after its end, and waits for its stop.
func (a *autoFlow) around(ctx context.Context, id string, end time.Time) error {
	if err := a.reach(ctx, "clock.before", end.Add(-clock.Margin)); err != nil {
		return err
	}
	if _, err := a.As.Get(ctx, "get.before", id); err != nil {
		return err
	}
	if err := a.reach(ctx, "clock.after", end.Add(2*clock.Margin)); err != nil {
		return err
	}
	if _, err := a.As.Get(ctx, "get.after", id); err != nil {
		return err
	}
	_, err := a.Must(ctx, "wait.stopped", id, scenario.Soon, "stopped", "uploaded", "available")
	return err
}

func runAutomatic(ctx context.Context, a *autoFlow) error {
	bob, err := a.Join(ctx, a.session, "bob")
	if err != nil {
		return err
	}
	if err := a.AwaitEvent(ctx, "event.late", a.first, "archiveStarted", "bob"); err != nil {
		return err
	}
	if err := a.Clock.Pass(ctx, "clock.nobody", clock.Margin); err != nil { // ARC-CB-08 and ARC-GET-04 tell the moments apart
		return err
	}
	if err := a.alice.Publish(ctx, "vp8-06", "tone-06"); err != nil {
		return err
	}
	if err := bob.Publish(ctx, "vp8-07", "tone-07"); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, 1500*time.Millisecond); err != nil {
		return err
	}
	if _, err := a.As.Stop(ctx, "stop", a.first, nil); err != nil {
		return err
	}
	if _, err := a.As.Get(ctx, "get.stop", a.first); err != nil {
		return err
	}
	beside, err := a.beside(ctx)
	if err != nil {
		return err
	}
	if err := a.leave(ctx, a.first, a.alice, bob); err != nil {
		return err
	}
	if err := a.Deliver(ctx, a.first); err != nil || beside == "" {
		return err
	}
	return a.DeliverAs(ctx, "beside.", beside)
}

// beside records the session a second time for a while, if the target supports that.
func (a *autoFlow) beside(ctx context.Context) (id string, err error) {
	const long = 1500 * time.Millisecond
	if !a.Target.File.Has(config.Simultaneous) {
		return "", clock.Sleep(ctx, long)
	}
	if _, err := a.As.Start(ctx, "start.untagged", map[string]any{"sessionId": a.session}); err != nil {
		return "", err
	}
	started, err := a.Start(ctx, "beside.start", a.session, map[string]any{"name": "beside", "multiArchiveTag": "beside"})
	if err != nil {
		return "", err
	}
	if _, err := a.As.Get(ctx, "get.both", a.first); err != nil {
		return "", err
	}
	if err := clock.Sleep(ctx, long); err != nil {
		return "", err
	}
	if err := a.Stop(ctx, "beside.stop", started.ID); err != nil {
		return "", err
	}
	_, err = a.As.Get(ctx, "get.beside", a.first)
	return started.ID, err
}

// runAutoDay has somebody publish for more than a day, and then nobody for an hour.
func runAutoDay(ctx context.Context, a *autoFlow) error {
	began, err := a.Clock.Now(ctx, "clock.start")
	if err != nil {
		return err
	}
	if err := a.alice.Publish(ctx, "small-10", "tone-31"); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, time.Second); err != nil {
		return err
	}
	if err := a.reach(ctx, "clock.day", began.Add(day+15*time.Minute)); err != nil {
		return err
	}
	ids, err := a.archives(ctx, "list.day", chain)
	if err != nil {
		return err
	}
	if _, err := a.As.Get(ctx, "get.day", ids[0]); err != nil {
		return err
	}
	since, err := a.Clock.Now(ctx, "clock.idle")
	if err != nil {
		return err
	}
	if err := a.alice.Unpublish(ctx); err != nil {
		return err
	}
	if _, err := a.Must(ctx, "wait.paused", ids[0], scenario.Soon, "paused"); err != nil {
		return err
	}
	if err := a.around(ctx, ids[0], since.Add(clock.IdleHour)); err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := a.Must(ctx, "wait.delivered", id, scenario.Delivery, "uploaded", "available"); err != nil {
			return err
		}
	}
	if _, err := a.archives(ctx, "list.end", chain); err != nil {
		return err
	}
	for _, id := range ids[1:3] { // two that overlap
		if err := a.Fetch(ctx, "consecutive.object", id); err != nil {
			return err
		}
	}
	return nil
}

func runAutoSilent(ctx context.Context, a *autoFlow) error {
	if err := a.Clock.Pass(ctx, "clock.first-minute", clock.FirstMinute+2*clock.Margin); err != nil {
		return err
	}
	if _, err := a.As.Get(ctx, "get.first-minute", a.first); err != nil {
		return err
	}
	if err := a.leave(ctx, a.first, a.alice); err != nil {
		return err
	}
	if err := a.Deliver(ctx, a.first); err != nil {
		return err
	}
	_, err := a.As.Get(ctx, "get.delivered", a.first)
	return err
}
