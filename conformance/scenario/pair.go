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
	if _, err := p.get(ctx, "get.started", id); err != nil {
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
	_, err := p.get(ctx, "get.recording", p.archive.ID)
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
	if _, err := p.get(ctx, "get.stopped", id); err != nil {
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
	_, err := p.get(ctx, "get.uploaded", id)
	if err == nil {
		_, err = p.as.List(ctx, "list.uploaded", url.Values{"sessionId": {p.session}}, false)
	}
	return err
}

func (p *pairing) remove(ctx context.Context) error {
	id := p.archive.ID
	_, err := p.as.Delete(ctx, "delete", id)
	if err == nil {
		_, err = p.get(ctx, "get.deleted", id)
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

// pause stops and resumes publishing while recording, and stops the archive in a pause.
var pause = Scenario{
	Name: name.Pause, Title: "a pause while nobody publishes, and a stop while paused",
	Needs: []target.Capability{target.VP8, target.S3}, Media: 1, Within: 2 * time.Minute,
	run: runPause,
}

func runPause(ctx context.Context, f *flow) error {
	session, alice, err := f.alone(ctx, "vp8-03", "tone-03")
	if err != nil {
		return err
	}
	a, err := f.start(ctx, "start", session, map[string]any{"name": "pause", "outputMode": "composed", "streamMode": "auto"})
	if err != nil {
		return err
	}
	if err := sleep(ctx, 2500*time.Millisecond); err != nil {
		return err
	}
	if err := pauseOnce(ctx, f, alice, a.ID, ""); err != nil {
		return err
	}
	if _, err := f.as.Delete(ctx, "delete.paused", a.ID); err != nil {
		return err
	}
	if err := f.watch(ctx, "pause", "webhooks", a.ID, settled); err != nil {
		return err
	}
	if _, err := f.get(ctx, "get.paused", a.ID); err != nil {
		return err
	}
	if err := alice.publish(ctx, "vp8-04", "tone-04"); err != nil {
		return err
	}
	if _, _, err := f.await(ctx, "wait.resumed", a.ID, soon, "started"); err != nil {
		return err
	}
	if err := sleep(ctx, settled); err != nil {
		return err
	}
	if _, err := f.get(ctx, "get.resumed", a.ID); err != nil {
		return err
	}
	if err := pauseOnce(ctx, f, alice, a.ID, ".2"); err != nil {
		return err
	}
	if err := f.stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	return f.deliver(ctx, a.ID)
}

// pauseOnce unpublishes and waits for the pause, which is evidence whether it comes or not.
func pauseOnce(ctx context.Context, f *flow, m *member, id, nth string) error {
	if err := m.unpublish(ctx); err != nil {
		return err
	}
	if _, _, err := f.await(ctx, "wait.paused"+nth, id, soon, "paused"); err != nil {
		return err
	}
	_, err := f.awaitHooks(ctx, "hooks.paused"+nth, id, soon, "paused")
	return err
}

// deliver waits for the file of a stopped archive and takes it into the evidence.
func (f *flow) deliver(ctx context.Context, id string) error {
	return f.deliverAs(ctx, "", id)
}

// deliverAs is deliver with a prefix to its labels, for flows with several archives.
func (f *flow) deliverAs(ctx context.Context, prefix, id string) error {
	s, err := f.must(ctx, prefix+"wait.delivered", id, delivery, "uploaded", "available", "failed")
	if err != nil {
		return err
	}
	if _, err := f.awaitHooks(ctx, prefix+"hooks.delivered", id, soon, "stopped", s.Status); err != nil {
		return err
	}
	return f.fetch(ctx, prefix+"object", id)
}

// undelivered has an upload target that nobody listens at: the archive stays stopped.
var undelivered = Scenario{
	Name: name.Undelivered, Title: "an upload target that cannot be reached: stopped, without a file, not to be deleted",
	Needs: []target.Capability{target.S3, target.Control}, Media: 1, Within: 60 * time.Second,
	app: appKind{name: "unreachable", storage: unreachable()}, run: runUndelivered,
}

// unreachable is an upload target on a port where nobody listens (RFC 6335: reserved).
func unreachable() *target.Storage {
	return &target.Storage{Type: "s3", Fallback: "none", Config: target.S3Config{
		AccessKey: "reelcheck", SecretKey: "nobody-is-there", Bucket: "nowhere", Endpoint: "http://127.0.0.1:1", Region: "us-east-1"}}
}

func runUndelivered(ctx context.Context, f *flow) error {
	session, _, err := f.alone(ctx, "", "tone-21")
	if err != nil {
		return err
	}
	a, err := f.record(ctx, "", session, nil, time.Second)
	if err != nil {
		return err
	}
	if _, err := f.awaitHooks(ctx, "hooks.stopped", a.ID, soon, "stopped"); err != nil {
		return err
	}
	if _, err := f.get(ctx, "get.stopped", a.ID); err != nil {
		return err
	}
	if _, err := f.as.Delete(ctx, "delete.stopped", a.ID); err != nil {
		return err
	}
	if err := f.watch(ctx, "quiet", "webhooks", a.ID, quiet); err != nil {
		return err
	}
	_, err = f.get(ctx, "get.after", a.ID)
	return err
}
