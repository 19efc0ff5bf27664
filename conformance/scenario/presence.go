package scenario

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

// presence has clients and streams come and go, and one sent away, with nothing recorded.
var presence = Scenario{
	Name: name.Presence, Title: "connections and streams: listed, read, told to who monitors them, disconnected",
	Needs: []target.Capability{target.VP8, target.Events}, Media: 1, Within: 60 * time.Second,
	app: appKind{monitored: true, signed: true}, run: runPresence,
}

func runPresence(ctx context.Context, f *flow) error {
	session, members, err := f.cast(ctx,
		part{name: "alice", video: "vp8-15", audio: "tone-15", token: []string{"focus", "wide"}},
		part{name: "bob", audio: "tone-16"})
	if err != nil {
		return err
	}
	alice, bob := members[0], members[1]
	if err := lookAround(ctx, f, session, alice, bob); err != nil {
		return err
	}
	if _, err := f.as.Disconnect(ctx, "disconnect.bob", session, bob.conn.ID); err != nil {
		return err
	}
	if err := gone(ctx, f, bob); err != nil {
		return err
	}
	if err := sleep(ctx, 1200*time.Millisecond); err != nil { // longer than lists may be behind
		return err
	}
	if _, err := f.as.Connections(ctx, "connections.after", session); err != nil {
		return err
	}
	if err := alice.unpublish(ctx); err != nil {
		return err
	}
	if err := alice.leave(); err != nil {
		return err
	}
	_, err = awaitSession(ctx, f, "hooks.end", session, "sessionDestroyed")
	return err
}

// lookAround lists and reads what is there once all of it can be seen.
func lookAround(ctx context.Context, f *flow, session string, members ...*member) error {
	if _, err := f.as.Connections(ctx, "connections", session); err != nil {
		return err
	}
	if _, err := f.as.Streams(ctx, "streams", session); err != nil {
		return err
	}
	for _, m := range members {
		if _, err := f.as.Stream(ctx, "stream."+m.name, session, m.pub.StreamID()); err != nil {
			return err
		}
	}
	return nil
}

// gone waits until a client's connection has been ended by the target; what it published is abandoned.
func gone(ctx context.Context, f *flow, m *member) error {
	from := time.Now()
	t := time.NewTimer(soon)
	defer t.Stop()
	ended := false
	select {
	case <-m.conn.Ended():
		ended = true
	case <-t.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := f.watched("gone."+m.name, evidence.Watch{What: "connection of " + m.name, Span: evidence.Span{From: from, To: time.Now()},
		Until: "its end", Met: ended, Deadline: soon}, map[string]string{evidence.Session: m.session, evidence.Connection: m.conn.ID}); err != nil {
		return err
	}
	return m.leave()
}

// awaitSession waits until a session callback of each of these kinds has come.
func awaitSession(ctx context.Context, f *flow, label, session string, events ...string) (bool, error) {
	if f.Hooks == nil || !f.Target.File.Has(target.Monitoring) {
		return false, nil
	}
	return f.awaitRecords(ctx, label, "webhooks", map[string]string{evidence.Session: session}, soon, strings.Join(events, " and "), func(v evidence.View) bool {
		got := map[string]bool{}
		for _, r := range v.About(evidence.Session, session).Webhooks().Records {
			var e struct{ Event string }
			if json.Unmarshal([]byte(r.Webhook.Body.Text), &e) == nil {
				got[e.Event] = true
			}
		}
		for _, e := range events {
			if !got[e] {
				return false
			}
		}
		return true
	})
}
