package sessions

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Presence has clients and streams that come and go, and one client that is disconnected. The last ones are recorded, so that
// the target has a reason to remember the session while nobody is there.
var Presence = scenario.Scenario{
	Name: scenarios.Presence, Title: "connections and streams: listed, read, told to who monitors them, disconnected",
	Needs: []config.Capability{config.VP8, config.Events}, Clients: []config.Ability{config.CanVanish}, Media: 2, Within: 60 * time.Second,
	App: scenario.App{Monitored: true, Signed: true}, Run: runPresence,
}

func runPresence(ctx context.Context, f *scenario.Flow) error {
	session, members, err := f.JoinAll(ctx,
		scenario.Client{Name: "alice", Video: "vp8-15", Audio: "tone-15", Token: []string{"focus", "wide"}, Kind: scenario.Kind{VideoType: "screen"}},
		scenario.Client{Name: "bob", Audio: "tone-16"})
	if err != nil {
		return err
	}
	alice, bob := members[0], members[1]
	second := bob.Another("bob-second") // it ends with its client, like the first
	if err := second.PublishAs(ctx, scenario.Kind{VideoType: "custom"}, "small-07", ""); err != nil {
		return err
	}
	if f.Clock.Steered() { // tells when he comes from when the session was created
		if err := f.Clock.Pass(ctx, "clock.dave", clock.Margin); err != nil {
			return err
		}
	}
	dave, err := f.JoinSaying(ctx, session, "dave", "")
	if err != nil {
		return err
	}
	if err := lookAround(ctx, f, session, alice, bob, second); err != nil {
		return err
	}
	if err := dave.Leave(ctx); err != nil {
		return err
	}
	if _, err := f.As.Disconnect(ctx, "disconnect.bob", session, bob.Conn.ID); err != nil {
		return err
	}
	if err := errors.Join(gone(ctx, f, bob), second.Leave(ctx)); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, scenario.Noticed); err != nil { // lists may be behind
		return err
	}
	if _, err := f.As.Connections(ctx, "connections.after", session); err != nil {
		return err
	}
	a, err := f.Start(ctx, "start", session, map[string]any{"name": "presence"})
	if err != nil {
		return err
	}
	if err := alice.Unpublish(ctx); err != nil {
		return err
	}
	if err := alice.Leave(ctx); err != nil {
		return err
	}
	if err := awaitSession(ctx, f, "hooks.end", session, "sessionDestroyed"); err != nil {
		return err
	}
	if err := lose(ctx, f, session); err != nil {
		return err
	}
	return f.Stop(ctx, "stop", a.ID)
}

// lose has a client come when all have left, publish twice, and lose its network.
func lose(ctx context.Context, f *scenario.Flow, session string) error {
	carol, err := talkative(ctx, f, session, "carol")
	if err != nil {
		return err
	}
	second := carol.Another("carol-second")
	for _, step := range []func() error{
		func() error { return carol.Publish(ctx, "", "tone-17") },
		func() error { return clock.Sleep(ctx, scenario.Settled) }, // so that the second stream is not created with the connection
		func() error { return second.Publish(ctx, "", "tone-18") },
		func() error { // else a busy target does not know of the stream when the client is gone
			return awaitSession(ctx, f, "hooks.published", session, slices.Repeat([]string{"streamCreated"}, published)...)
		},
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := errors.Join(carol.Vanish(), goWith(second)); err != nil {
		return err
	}
	return awaitSession(ctx, f, "hooks.lost", session, append(slices.Repeat([]string{"streamDestroyed"}, published), "sessionDestroyed", "sessionDestroyed")...)
}

// published is how many streams there are in all.
const published = 5

// goWith ends another publication of a client that is gone.
func goWith(m *scenario.Member) error {
	m.Conn = nil
	return m.Vanish()
}

// talkative joins with nearly as much connection data as a token may hold, or, as that is no must (ARC-AUTH-18), with little.
func talkative(ctx context.Context, f *scenario.Flow, session, name string) (*scenario.Member, error) {
	m, err := f.JoinSaying(ctx, session, name, strings.Repeat("data-", 199))
	var refused *target.RefusedError
	if errors.As(err, &refused) {
		return f.Join(ctx, session, name)
	}
	return m, err
}

// lookAround lists and reads what is there, once all of it can be seen.
func lookAround(ctx context.Context, f *scenario.Flow, session string, members ...*scenario.Member) error {
	if _, err := f.As.Connections(ctx, "connections", session); err != nil {
		return err
	}
	if _, err := f.As.Streams(ctx, "streams", session); err != nil {
		return err
	}
	for _, m := range members {
		if _, err := f.As.Stream(ctx, "stream."+m.Name, session, m.Pub.StreamID()); err != nil {
			return err
		}
	}
	return nil
}

// gone waits until the target has ended a client's connection, and abandons what the client published.
func gone(ctx context.Context, f *scenario.Flow, m *scenario.Member) error {
	from := time.Now()
	t := time.NewTimer(scenario.Soon)
	defer t.Stop()
	ended := false
	select {
	case <-m.Conn.Ended():
		ended = true
	case <-t.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := f.Watched("gone."+m.Name, evidence.Watch{What: "connection of " + m.Name, Span: evidence.Span{From: from, To: time.Now()},
		Until: "its end", Met: ended, Deadline: scenario.Soon}, map[string]string{evidence.Session: m.Session, evidence.Connection: m.Conn.ID}); err != nil {
		return err
	}
	return m.Leave(ctx)
}

// awaitSession waits until session callbacks of these kinds have come, each as often as it is named.
func awaitSession(ctx context.Context, f *scenario.Flow, label, session string, events ...string) error {
	if f.Hooks == nil || !f.Target.File.Has(config.Monitoring) {
		return nil
	}
	_, err := f.AwaitRecords(ctx, label, "webhooks", map[string]string{evidence.Session: session}, scenario.Soon, strings.Join(events, " and "), func(v evidence.View) bool {
		missing := map[string]int{}
		for _, e := range events {
			missing[e]++
		}
		for _, r := range v.About(evidence.Session, session).Webhooks().Records {
			var e struct{ Event string }
			if json.Unmarshal([]byte(r.Webhook.Body.Text), &e) == nil {
				missing[e.Event]--
			}
		}
		return !slices.ContainsFunc(events, func(e string) bool { return missing[e] > 0 })
	})
	return err
}
