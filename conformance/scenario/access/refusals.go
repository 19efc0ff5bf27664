// Package access has the scenarios about who may do what: flawed requests, credentials, foreign applications, lists.
package access

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// Refusals sends requests with exactly one flaw each.
var Refusals = scenario.Scenario{
	Name: scenarios.Refusals, Title: "requests that must be refused, one flaw each, and that they change nothing",
	Within: 60 * time.Second, Run: runRefusals,
}

// badStart is the body of a start request in a session that could be recorded.
type badStart struct {
	label string
	body  map[string]any
}

var badStarts = []badStart{
	{"output-mode", map[string]any{"outputMode": "mosaic"}},
	{"stream-mode", map[string]any{"streamMode": "some"}},
	{"no-media", map[string]any{"hasAudio": false, "hasVideo": false}},
	{"resolution", map[string]any{"resolution": "800x600"}},
	{"resolution-swapped", map[string]any{"resolution": "480X640"}},
	{"individual-resolution", map[string]any{"outputMode": "individual", "resolution": "640x480"}},
	{"bitrate-zero", map[string]any{"maxBitrate": 0}},
	{"bitrate-low", map[string]any{"maxBitrate": 99_999}},
	{"bitrate-high", map[string]any{"maxBitrate": 6_000_001}},
	{"individual-bitrate", map[string]any{"outputMode": "individual", "maxBitrate": 500_000}},
	{"qp-zero", map[string]any{"quantizationParameter": 0}},
	{"qp-low", map[string]any{"quantizationParameter": 14}},
	{"qp-high", map[string]any{"quantizationParameter": 41}},
	{"individual-layout", map[string]any{"outputMode": "individual", "layout": map[string]any{"type": "bestFit"}}},
	{"individual-qp", map[string]any{"outputMode": "individual", "quantizationParameter": 25}},
	{"both-rates", map[string]any{"maxBitrate": 500_000, "quantizationParameter": 25}},
	{"both-rates-default", map[string]any{"maxBitrate": 500_000, "quantizationParameter": 19}},
	{"layout-type", map[string]any{"layout": map[string]any{"type": "mosaic"}}},
	{"layout-no-type", map[string]any{"layout": map[string]any{}}},
	{"layout-stylesheet", map[string]any{"layout": map[string]any{"type": "bestFit", "stylesheet": "stream{width:50%}"}}},
	{"layout-stylesheet-pip", map[string]any{"layout": map[string]any{"type": "pip", "stylesheet": "stream{width:50%}"}}},
	{"layout-stylesheet-vertical", map[string]any{"layout": map[string]any{"type": "verticalPresentation", "stylesheet": "stream{width:50%}"}}},
	{"layout-stylesheet-horizontal", map[string]any{"layout": map[string]any{"type": "horizontalPresentation", "stylesheet": "stream{width:50%}"}}},
	{"layout-screenshare", map[string]any{"layout": map[string]any{"type": "pip", "screenshareType": "bestFit"}}},
	{"layout-screenshare-vertical", map[string]any{"layout": map[string]any{"type": "verticalPresentation", "screenshareType": "pip"}}},
	{"layout-screenshare-horizontal", map[string]any{"layout": map[string]any{"type": "horizontalPresentation", "screenshareType": "pip"}}},
	{"layout-screenshare-custom", map[string]any{"layout": map[string]any{"type": "custom", "stylesheet": "stream{width:50%}", "screenshareType": "pip"}}},
	{"type-resolution", map[string]any{"resolution": 640}},
	{"type-has-audio", map[string]any{"hasAudio": "yes"}},
	{"type-has-video", map[string]any{"hasVideo": 1}},
	{"type-output-mode", map[string]any{"outputMode": 1}},
	{"type-stream-mode", map[string]any{"streamMode": []string{"auto"}}},
	{"type-tag", map[string]any{"multiArchiveTag": 7}},
	{"type-bitrate", map[string]any{"maxBitrate": "fast"}},
	{"type-qp", map[string]any{"quantizationParameter": "25"}},
	{"type-layout", map[string]any{"layout": "bestFit"}},
	{"type-name", map[string]any{"name": []string{"a"}}},
}

func runRefusals(ctx context.Context, f *scenario.Flow) error {
	// Some SDKs ask like this: no media mode, and a location that does not exist.
	session, err := f.SessionOf(ctx, "session", url.Values{"location": {"null"}})
	if err != nil {
		return err
	}
	if _, _, err := f.As.CreateSession(ctx, "session.always-relayed", url.Values{"archiveMode": {"always"}, "p2p.preference": {"enabled"}}); err != nil {
		return err
	}
	if err := unstartable(ctx, f, session); err != nil {
		return err
	}
	alice, err := f.Present(ctx, session, "alice", "tone-11")
	if err != nil {
		return err
	}
	if err := badBodies(ctx, f, session); err != nil {
		return err
	}
	if err := unknowns(ctx, f); err != nil {
		return err
	}
	if _, err := f.As.List(ctx, "list.after", url.Values{"sessionId": {session}}, false); err != nil {
		return err
	}
	if err := odd(ctx, f, session); err != nil {
		return err
	}
	if err := edges(ctx, f, session); err != nil {
		return err
	}
	return deserted(ctx, f, session, alice)
}

// deserted lets the last client leave and tries to start an archive once the target has surely noticed.
func deserted(ctx context.Context, f *scenario.Flow, session string, last *scenario.Member) error {
	if err := last.Leave(ctx); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, scenario.Noticed); err != nil {
		return err
	}
	_, err := f.As.Start(ctx, "start.deserted", map[string]any{"sessionId": session})
	return err
}

// unstartable tries to start archives in sessions that cannot be recorded. session has no client yet.
func unstartable(ctx context.Context, f *scenario.Flow, session string) error {
	if _, err := f.As.Start(ctx, "start.nobody", map[string]any{"sessionId": session}); err != nil {
		return err
	}
	if err := unroutable(ctx, f); err != nil {
		return err
	}
	for label, body := range map[string]string{
		"start.no-session":        `{"name":"x"}`,
		"start.empty-session":     `{"sessionId":""}`,
		"start.malformed-session": `{"sessionId":"not a session id"}`,
	} {
		if _, err := f.As.StartRaw(ctx, label, []byte(body)); err != nil {
			return err
		}
	}
	_, err := f.As.Start(ctx, "start.unknown-session", map[string]any{"sessionId": unknownSession(session)})
	return err
}

// unroutable tries to start an archive in a relayed session with a client, who cannot publish to the server.
func unroutable(ctx context.Context, f *scenario.Flow) error {
	if !f.Target.File.Has(config.Events) {
		return nil
	}
	relayed, err := f.SessionOf(ctx, "session.relayed", url.Values{"p2p.preference": {"enabled"}})
	if err != nil {
		return err
	}
	bob, err := f.Join(ctx, relayed, "bob")
	if err != nil {
		return err
	}
	if _, err := f.As.Start(ctx, "start.relayed", map[string]any{"sessionId": relayed}); err != nil {
		return err
	}
	return bob.Leave(ctx)
}

// unknownSession returns a well-formed id of no session: a real id with another last random character.
func unknownSession(id string) string {
	b := []byte(id)
	for i := len(b) - 6; i > len(b)/2; i-- {
		if b[i] >= 'b' && b[i] <= 'y' {
			b[i]++
			return string(b)
		}
	}
	return id + "A"
}

func badBodies(ctx context.Context, f *scenario.Flow, session string) error {
	for _, b := range badStarts {
		body := map[string]any{"sessionId": session}
		for k, v := range b.body {
			body[k] = v
		}
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		if err := badStarted(ctx, f, "start."+b.label, raw); err != nil {
			return err
		}
	}
	quoted, err := json.Marshal(session)
	if err != nil {
		return err
	}
	for label, raw := range map[string]string{
		"start.truncated":  `{"sessionId":` + string(quoted),
		"start.not-json":   "sessionId=" + session,
		"start.array":      "[" + string(quoted) + "]",
		"start.empty-body": "",
		"start.type-id":    `{"sessionId":12}`,
	} {
		if err := badStarted(ctx, f, label, []byte(raw)); err != nil {
			return err
		}
	}
	return nil
}

// badStarted sends a bad start request, and stops the archive that a lenient target makes of it, so that the session is free for the next one.
func badStarted(ctx context.Context, f *scenario.Flow, label string, body []byte) error {
	a, err := f.As.StartRaw(ctx, label, body)
	if err != nil || a.Status != 200 || a.String("id") == "" {
		return err
	}
	_, err = f.As.Stop(ctx, label+".stop", a.String("id"), nil)
	return err
}

// unknowns reads, stops and deletes archives that do not exist.
func unknowns(ctx context.Context, f *scenario.Flow) error {
	for label, id := range map[string]string{"unknown": uuid.NewString(), "malformed": "not-an-archive"} {
		if _, err := f.As.Get(ctx, "get."+label, id); err != nil {
			return err
		}
		if _, err := f.As.Stop(ctx, "stop."+label, id, nil); err != nil {
			return err
		}
		if _, err := f.As.Delete(ctx, "delete."+label, id); err != nil {
			return err
		}
	}
	return nil
}

// odd starts archives in unusual but allowed ways: with an unknown field, and a second time while one records.
func odd(ctx context.Context, f *scenario.Flow, session string) error {
	a, err := f.As.Start(ctx, "start.unknown-field", map[string]any{"sessionId": session, "name": "odd", "reelcheck": true})
	if err != nil {
		return err
	}
	id := a.String("id")
	if a.Status != 200 || id == "" {
		ordinary, err := f.Start(ctx, "start.plain", session, nil)
		if err != nil {
			return err
		}
		id = ordinary.ID
	}
	if _, err := f.As.Start(ctx, "start.second", map[string]any{"sessionId": session}); err != nil {
		return err
	}
	if f.Target.File.Has(config.Individual) {
		if _, err := f.As.Start(ctx, "start.second.individual", map[string]any{"sessionId": session, "outputMode": "individual"}); err != nil {
			return err
		}
	}
	if _, err := f.As.Get(ctx, "get.second", id); err != nil {
		return err
	}
	if _, err := f.As.Select(ctx, "select.auto", id, map[string]any{"addStream": uuid.NewString()}); err != nil {
		return err
	}
	if s, err := f.As.Stop(ctx, "stop.object", id, []byte("{}")); err != nil || s.Status != 200 {
		return err
	}
	if err := f.Deliver(ctx, id); err != nil {
		return err
	}
	_, err = f.As.Get(ctx, "get.empty", id)
	return err
}

// edges starts archives with the least and the most that is allowed, and with a name longer than that of an automatic
// archive may be.
func edges(ctx context.Context, f *scenario.Flow, session string) error {
	for _, e := range []struct {
		label string
		need  config.Capability
		body  map[string]any
	}{
		{"qp-least", config.QP, map[string]any{"quantizationParameter": 15}},
		{"qp-most", config.QP, map[string]any{"quantizationParameter": 40}},
		{"bitrate-least", config.Bitrate, map[string]any{"maxBitrate": 100_000}},
		{"bitrate-most", config.Bitrate, map[string]any{"maxBitrate": 6_000_000}},
		{"long-name", "", map[string]any{"name": strings.Repeat("long name ", 10)}},
	} {
		if e.need != "" && !f.Target.File.Has(e.need) {
			continue
		}
		e.body["sessionId"] = session
		a, err := f.As.Start(ctx, "edge."+e.label, e.body)
		if err != nil {
			return err
		}
		id := a.String("id")
		if a.Status != 200 || id == "" {
			continue
		}
		if _, err := f.As.Get(ctx, "edge."+e.label+".get", id); err != nil {
			return err
		}
		if err := f.Stop(ctx, "edge."+e.label+".stop", id); err != nil {
			return err
		}
	}
	return nil
}
