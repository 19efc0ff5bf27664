package scenario

import (
	"context"
	"errors"
	"net/url"
	"time"

	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

// pair is the main path: two publishers who come and go, one composed archive, every answer on the way.
var pair = Scenario{
	Name: name.Pair, Title: "two publishers, one composed archive: start, look, stop, upload, delete",
	Needs: []target.Capability{target.VP8, target.S3, target.Callback}, Media: 2, Within: 2 * time.Minute,
	run: runPair,
}

// pairName has what names are made of: blanks, quotes, other scripts.
const pairName = `Ärger & "Freude" 会议 #1`

type pairing struct {
	*flow
	session           string
	alice, bob, carol *member
	archive           started
}

func runPair(ctx context.Context, f *flow) error {
	p := &pairing{flow: f}
	for _, phase := range []func(context.Context) error{p.gather, p.begin, p.record, p.finish, p.remove} {
		if err := phase(ctx); err != nil {
			return err
		}
	}
	return nil
}

// gather brings two publishers and an onlooker into the session, and a stranger into another.
func (p *pairing) gather(ctx context.Context) (err error) {
	if p.session, err = p.flow.session(ctx, "session"); err != nil {
		return err
	}
	other, err := p.flow.session(ctx, "session.other")
	if err != nil {
		return err
	}
	for _, c := range []struct {
		m       **member
		session string
		name    string
	}{{&p.alice, p.session, "alice"}, {&p.bob, p.session, "bob"}, {&p.carol, p.session, "carol"}, {new(*member), other, "stranger"}} {
		if *c.m, err = p.join(ctx, c.session, c.name); err != nil {
			return err
		}
	}
	if _, err := p.as.Connections(ctx, "connections", p.session); err != nil {
		return err
	}
	return p.alice.publish(ctx, "vp8-01", "tone-01")
}

func (p *pairing) begin(ctx context.Context) (err error) {
	if p.archive, err = p.start(ctx, "start", p.session, map[string]any{"name": pairName}); err != nil {
		return err
	}
	id := p.archive.ID
	if _, err := p.awaitEvent(ctx, "event.started", id, "archiveStarted", "alice", "bob", "carol"); err != nil {
		return err
	}
	if _, err := p.as.Start(ctx, "start.second", map[string]any{"sessionId": p.session}); err != nil {
		return err
	}
	if _, err := p.as.Get(ctx, "get.started", id); err != nil {
		return err
	}
	if _, err := p.as.List(ctx, "list.started", url.Values{"sessionId": {p.session}}, false); err != nil {
		return err
	}
	if _, err := p.as.Delete(ctx, "delete.started", id); err != nil {
		return err
	}
	_, err = p.awaitHooks(ctx, "hooks.started", id, soon, "started")
	return err
}

// record lets bob come and go while alice stays, and a client join late.
func (p *pairing) record(ctx context.Context) error {
	video := "vp8-02"
	if p.Target.File.Has(target.H264) {
		video = "h264-02"
	}
	if err := sleep(ctx, 500*time.Millisecond); err != nil {
		return err
	}
	if err := p.bob.publish(ctx, video, "tone-02"); err != nil {
		return err
	}
	if _, err := p.join(ctx, p.session, "dave"); err != nil {
		return err
	}
	if _, err := p.awaitEvent(ctx, "event.late", p.archive.ID, "archiveStarted", "dave"); err != nil {
		return err
	}
	if _, err := p.as.Streams(ctx, "streams", p.session); err != nil {
		return err
	}
	if err := sleep(ctx, 3*time.Second); err != nil {
		return err
	}
	if _, err := p.objects(ctx, "object.recording", p.archive.ID); err != nil {
		return err
	}
	if err := p.bob.unpublish(ctx); err != nil {
		return err
	}
	if err := sleep(ctx, 3500*time.Millisecond); err != nil { // long enough to see that bob is gone
		return err
	}
	_, err := p.as.Get(ctx, "get.recording", p.archive.ID)
	return err
}

func (p *pairing) finish(ctx context.Context) error {
	id := p.archive.ID
	if err := p.stop(ctx, "stop", id); err != nil {
		return err
	}
	if _, err := p.as.Stop(ctx, "stop.second", id, nil); err != nil {
		return err
	}
	if _, err := p.as.Get(ctx, "get.stopped", id); err != nil {
		return err
	}
	if _, err := p.awaitEvent(ctx, "event.stopped", id, "archiveStopped", "alice", "bob", "carol", "dave"); err != nil {
		return err
	}
	if _, err := p.must(ctx, "wait.uploaded", id, delivery, "uploaded", "available", "failed"); err != nil {
		return err
	}
	if err := p.alice.unpublish(ctx); err != nil {
		return err
	}
	if _, err := p.awaitHooks(ctx, "hooks.uploaded", id, soon, "stopped", "uploaded"); err != nil {
		return err
	}
	if err := p.fetch(ctx, "object", id); err != nil {
		return err
	}
	if _, err := p.as.Stop(ctx, "stop.uploaded", id, nil); err != nil {
		return err
	}
	_, err := p.as.Get(ctx, "get.uploaded", id)
	if err == nil {
		_, err = p.as.List(ctx, "list.uploaded", url.Values{"sessionId": {p.session}}, false)
	}
	return err
}

func (p *pairing) remove(ctx context.Context) error {
	id := p.archive.ID
	_, err := p.as.Delete(ctx, "delete", id)
	if err == nil {
		_, err = p.as.Get(ctx, "get.deleted", id)
	}
	if err == nil {
		_, err = p.as.List(ctx, "list.deleted", url.Values{"sessionId": {p.session}}, false)
	}
	if err == nil {
		_, err = p.as.Delete(ctx, "delete.second", id)
	}
	if err == nil {
		_, err = p.objects(ctx, "object.deleted", id)
	}
	return errors.Join(err, p.watch(ctx, "quiet", "webhooks", id, quiet))
}
