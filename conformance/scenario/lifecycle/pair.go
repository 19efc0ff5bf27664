// Package lifecycle has the scenarios about starts, stops, pauses and time limits.
package lifecycle

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

// Pair is the main path: two publishers who come and go, one composed archive, and every answer on the way.
var Pair = scenario.Scenario{
	Name: scenarios.Pair, Title: "two publishers, one composed archive: start, look, stop, upload, delete",
	Needs: []config.Capability{config.VP8}, Files: true, Media: 4, Within: 2 * time.Minute,
	Run: runPair,
}

// pairName holds difficult characters for a name: blanks, quotes, other scripts, one beyond U+FFFF.
const pairName = `Ärger & "Freude" 会议 🎬 #1`

type pairing struct {
	*scenario.Flow
	session           string
	alice, bob, carol *scenario.Member
	archive           scenario.Started
}

func runPair(ctx context.Context, f *scenario.Flow) error {
	p := &pairing{Flow: f}
	return scenario.InTurn(ctx, p.gather, p.begin, p.record, p.finish, p.remove)
}

// gather brings two publishers and an onlooker into the session, and a stranger into another one.
func (p *pairing) gather(ctx context.Context) (err error) {
	if p.session, err = p.Flow.Session(ctx, "session"); err != nil {
		return err
	}
	other, err := p.Flow.Session(ctx, "session.other")
	if err != nil {
		return err
	}
	for _, c := range []struct {
		m       **scenario.Member
		session string
		name    string
	}{{&p.alice, p.session, "alice"}, {&p.bob, p.session, "bob"}, {&p.carol, p.session, "carol"}, {new(*scenario.Member), other, "stranger"}} {
		if *c.m, err = p.Join(ctx, c.session, c.name); err != nil {
			return err
		}
	}
	if _, err := p.As.Connections(ctx, "connections", p.session); err != nil {
		return err
	}
	return p.alice.Publish(ctx, "vp8-01", "tone-01")
}

func (p *pairing) begin(ctx context.Context) (err error) {
	if p.archive, err = p.Start(ctx, "start", p.session, map[string]any{"name": pairName}); err != nil {
		return err
	}
	id := p.archive.ID
	if err := p.AwaitEvent(ctx, "event.started", id, "archiveStarted", "alice", "bob", "carol"); err != nil {
		return err
	}
	if _, err := p.As.Start(ctx, "start.second", map[string]any{"sessionId": p.session}); err != nil {
		return err
	}
	if _, err := p.As.Get(ctx, "get.started", id); err != nil {
		return err
	}
	if _, err := p.As.List(ctx, "list.started", url.Values{"sessionId": {p.session}}, false); err != nil {
		return err
	}
	if _, err := p.As.Delete(ctx, "delete.started", id); err != nil {
		return err
	}
	return p.AwaitHooks(ctx, "hooks.started", id, scenario.Soon, "started")
}

// record lets bob come and go while alice stays, and a client join late.
func (p *pairing) record(ctx context.Context) error {
	video := "vp8-02"
	if p.Target.File.Has(config.H264) {
		video = "h264-02"
	}
	if err := clock.Sleep(ctx, 500*time.Millisecond); err != nil {
		return err
	}
	if err := p.bob.Publish(ctx, video, "tone-02"); err != nil {
		return err
	}
	if _, err := p.Join(ctx, p.session, "dave"); err != nil {
		return err
	}
	if err := p.AwaitEvent(ctx, "event.late", p.archive.ID, "archiveStarted", "dave"); err != nil {
		return err
	}
	if _, err := p.As.Streams(ctx, "streams", p.session); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, 3*time.Second); err != nil {
		return err
	}
	if _, err := p.Objects(ctx, "object.recording", p.archive.ID); err != nil {
		return err
	}
	if err := p.bob.Unpublish(ctx); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, 3500*time.Millisecond); err != nil { // long enough to see that bob is gone
		return err
	}
	_, err := p.As.Get(ctx, "get.recording", p.archive.ID)
	return err
}

func (p *pairing) finish(ctx context.Context) error {
	id := p.archive.ID
	if err := p.Stop(ctx, "stop", id); err != nil {
		return err
	}
	if _, err := p.As.Stop(ctx, "stop.second", id, nil); err != nil {
		return err
	}
	if _, err := p.As.Get(ctx, "get.stopped", id); err != nil {
		return err
	}
	if err := p.AwaitEvent(ctx, "event.stopped", id, "archiveStopped", "alice", "bob", "carol", "dave"); err != nil {
		return err
	}
	status, err := p.Must(ctx, "wait.uploaded", id, scenario.Delivery, "uploaded", "available", "failed")
	if err != nil {
		return err
	}
	if err := p.alice.Unpublish(ctx); err != nil {
		return err
	}
	if err := p.AwaitHooks(ctx, "hooks.uploaded", id, scenario.Soon, "stopped", status); err != nil {
		return err
	}
	if err := p.Fetch(ctx, "object", id); err != nil {
		return err
	}
	if _, err := p.As.Stop(ctx, "stop.uploaded", id, nil); err != nil {
		return err
	}
	_, err = p.As.Get(ctx, "get.uploaded", id)
	if err == nil {
		_, err = p.As.List(ctx, "list.uploaded", url.Values{"sessionId": {p.session}}, false)
	}
	return err
}

func (p *pairing) remove(ctx context.Context) error {
	id := p.archive.ID
	_, err := p.As.Delete(ctx, "delete", id)
	if err == nil {
		_, err = p.As.Get(ctx, "get.deleted", id)
	}
	if err == nil {
		_, err = p.As.List(ctx, "list.deleted", url.Values{"sessionId": {p.session}}, false)
	}
	if err == nil && p.Target.File.Has(config.Control) { // a shared application has archives of others
		_, err = p.As.List(ctx, "list.deleted.all", nil, false)
	}
	if err == nil {
		_, err = p.As.Delete(ctx, "delete.second", id)
	}
	if err == nil {
		_, err = p.Objects(ctx, "object.deleted", id)
	}
	return errors.Join(err, p.Watch(ctx, "quiet", "webhooks", id, scenario.Quiet))
}
