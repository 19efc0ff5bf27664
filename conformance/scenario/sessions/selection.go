package sessions

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// Selection adds streams to archives and removes them while they record.
var Selection = scenario.Scenario{
	Name: scenarios.Selection, Title: "archives whose streams are chosen by calls: added, removed, in part, gone by themselves",
	Needs: []config.Capability{config.VP8, config.Manual}, Files: true, Clients: []config.Ability{config.CanVanish}, Media: 4, Within: 90 * time.Second,
	Run: runSelection,
}

type choosing struct {
	*scenario.Flow
	session           string
	alice, bob, carol *scenario.Member
	voice             *scenario.Member // a second stream of alice's client
	archive, other    scenario.Started // other is empty unless archives can be simultaneous
}

func runSelection(ctx context.Context, f *scenario.Flow) error {
	p := &choosing{Flow: f}
	return scenario.InTurn(ctx, p.gather, p.begin, p.choose, p.refuse, p.finish, p.depart)
}

// gather makes three clients publish, the first one twice. The last one is never chosen.
func (p *choosing) gather(ctx context.Context) (err error) {
	var members []*scenario.Member
	p.session, members, err = p.JoinAll(ctx,
		scenario.Client{Name: "alice", Video: "vp8-08", Audio: "tone-08"},
		scenario.Client{Name: "bob", Video: "vp8-09", Audio: "tone-09", Kind: scenario.Kind{VideoType: "screen"}},
		scenario.Client{Name: "carol", Audio: "tone-10"})
	if err != nil {
		return err
	}
	p.alice, p.bob, p.carol = members[0], members[1], members[2]
	p.voice = p.alice.Another("alice-voice")
	if err := p.voice.Publish(ctx, "", "tone-11"); err != nil {
		return err
	}
	return clock.Sleep(ctx, scenario.Noticed) // a busy target knows of the stream only now
}

func (p *choosing) begin(ctx context.Context) (err error) {
	if p.archive, err = p.Start(ctx, "start", p.session, map[string]any{"name": "chosen", "streamMode": "manual", "multiArchiveTag": "chosen"}); err != nil {
		return err
	}
	if _, err := p.As.Get(ctx, "get.none", p.archive.ID); err != nil || !p.Target.File.Has(config.Simultaneous) {
		return err
	}
	if p.other, err = p.Start(ctx, "other.start", p.session, map[string]any{"name": "other", "streamMode": "manual", "multiArchiveTag": "other"}); err != nil {
		return err
	}
	return p.change(ctx, "other.add.bob", p.other.ID, map[string]any{"addStream": p.bob.Pub.StreamID()})
}

// change requests a change and reads the archive. Checks judge the answer.
func (p *choosing) change(ctx context.Context, label, id string, body map[string]any) error {
	if _, err := p.As.Select(ctx, label, id, body); err != nil {
		return err
	}
	_, err := p.As.Get(ctx, label+".get", id)
	return err
}

// choose adds the first client's streams, then another one that is only seen, and then removes one of the first client's.
func (p *choosing) choose(ctx context.Context) error {
	alice, bob := p.alice.Pub.StreamID(), p.bob.Pub.StreamID()
	if err := p.change(ctx, "add.voice", p.archive.ID, map[string]any{"addStream": p.voice.Pub.StreamID(), "hasVideo": false}); err != nil {
		return err
	}
	for _, step := range []struct {
		label string
		body  map[string]any
	}{
		{"add.alice", map[string]any{"addStream": alice}},
		{"add.bob", map[string]any{"addStream": bob, "hasAudio": false, "hasVideo": true}},
		{"remove.alice", map[string]any{"removeStream": alice}},
	} {
		if err := p.change(ctx, step.label, p.archive.ID, step.body); err != nil {
			return err
		}
		if err := clock.Sleep(ctx, 2600*time.Millisecond); err != nil { // longer than a change may take to show
			return err
		}
	}
	return nil
}

func (p *choosing) refuse(ctx context.Context) error {
	alice, carol := p.alice.Pub.StreamID(), p.carol.Pub.StreamID()
	for _, r := range []struct {
		label, id string
		body      map[string]any
	}{
		{"bad.unknown-archive", uuid.NewString(), map[string]any{"addStream": alice}},
		{"bad.unknown-stream", p.archive.ID, map[string]any{"addStream": uuid.NewString()}},
		{"bad.not-in-it", p.archive.ID, map[string]any{"removeStream": carol}},
		{"bad.neither", p.archive.ID, map[string]any{"hasAudio": true}},
		{"bad.both", p.archive.ID, map[string]any{"addStream": alice, "removeStream": alice}},
		{"bad.no-media", p.archive.ID, map[string]any{"addStream": alice, "hasAudio": false, "hasVideo": false}},
	} {
		if _, err := p.As.Select(ctx, r.label, r.id, r.body); err != nil {
			return err
		}
	}
	return nil
}

// finish lets a chosen stream end by itself and downloads the files. Whether the archive is paused then is left open,
// because a stream that was not chosen is still published (ARC-SEL-03).
func (p *choosing) finish(ctx context.Context) error {
	if err := p.change(ctx, "remove.voice", p.archive.ID, map[string]any{"removeStream": p.voice.Pub.StreamID()}); err != nil {
		return err
	}
	if err := p.bob.Unpublish(ctx); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, scenario.Settled); err != nil {
		return err
	}
	if _, err := p.As.Get(ctx, "get.unchosen", p.archive.ID); err != nil {
		return err
	}
	if err := p.awaitRemovals(ctx, "hooks.notices", p.archive.ID, 3); err != nil {
		return err
	}
	if err := p.Stop(ctx, "stop", p.archive.ID); err != nil {
		return err
	}
	if p.other.ID != "" {
		if err := p.Stop(ctx, "other.stop", p.other.ID); err != nil {
			return err
		}
	}
	if err := p.Deliver(ctx, p.archive.ID); err != nil || p.other.ID == "" {
		return err
	}
	return p.DeliverAs(ctx, "other.", p.other.ID)
}

// depart records clients of another session. One of them is thrown out and one loses its network.
func (p *choosing) depart(ctx context.Context) error {
	if !p.Target.File.Has(config.Events) {
		return nil
	}
	if err := clock.Sleep(ctx, lateInSecond(time.Now())); err != nil {
		return err
	}
	session, members, err := p.JoinAll(ctx,
		scenario.Client{Name: "dora", Video: "vp8-10", Audio: "tone-12"},
		scenario.Client{Name: "erin", Audio: "tone-13"},
		scenario.Client{Name: "frank", Audio: "tone-14"})
	if err != nil {
		return err
	}
	dora, erin, frank := members[0].Pub.StreamID(), members[1].Pub.StreamID(), members[2].Pub.StreamID()
	a, err := p.Start(ctx, "left.start", session, map[string]any{"name": "left", "streamMode": "manual"})
	if err != nil {
		return err
	}
	if _, err := p.As.Select(ctx, "left.bad.other-session", a.ID, map[string]any{"addStream": p.alice.Pub.StreamID()}); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, 1200*time.Millisecond); err != nil { // so that the call and the first stream are in different seconds
		return err
	}
	for _, step := range []struct {
		label string
		body  map[string]any
	}{
		{"left.add.dora", map[string]any{"addStream": dora, "hasVideo": false}},
		{"left.add.erin", map[string]any{"addStream": erin, "hasVideo": false}},
		{"left.add.frank", map[string]any{"addStream": frank, "hasVideo": false}},
		{"left.again.dora", map[string]any{"addStream": dora, "hasAudio": true}}, // hasVideo is true by default
	} {
		if err := p.change(ctx, step.label, a.ID, step.body); err != nil {
			return err
		}
	}
	if err := p.part(ctx, session, members[1], members[2]); err != nil {
		return err
	}
	if err := p.awaitRemovals(ctx, "left.notices", a.ID, 2); err != nil {
		return err
	}
	if err := p.comeBack(ctx, a.ID, members[0]); err != nil {
		return err
	}
	if err := p.Stop(ctx, "left.stop", a.ID); err != nil {
		return err
	}
	return p.DeliverAs(ctx, "left.", a.ID)
}

// comeBack removes the last stream from the archive by a call, lets it end, and adds the client's next stream to the
// paused archive. Then it removes the sound of that stream.
func (p *choosing) comeBack(ctx context.Context, id string, m *scenario.Member) error {
	if err := p.change(ctx, "left.remove."+m.Name, id, map[string]any{"removeStream": m.Pub.StreamID()}); err != nil {
		return err
	}
	if err := m.Unpublish(ctx); err != nil {
		return err
	}
	if _, _, err := p.Await(ctx, "left.wait.paused", id, scenario.Soon, "paused"); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, scenario.Settled); err != nil { // it may have been paused for another reason
		return err
	}
	if _, err := p.As.Get(ctx, "left.get.paused", id); err != nil {
		return err
	}
	if err := m.Publish(ctx, "vp8-11", "tone-15"); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, scenario.Settled); err != nil { // a busy target knows of the stream only now
		return err
	}
	stream := m.Pub.StreamID()
	for _, step := range []struct {
		label string
		body  map[string]any
	}{
		{"left.back." + m.Name, map[string]any{"addStream": stream}},
		{"left.silence." + m.Name, map[string]any{"addStream": stream, "hasAudio": false}},
	} {
		if err := p.change(ctx, step.label, id, step.body); err != nil {
			return err
		}
		if err := clock.Sleep(ctx, scenario.Settled); err != nil {
			return err
		}
	}
	return m.Unpublish(ctx)
}

// part throws the first client out and makes the second one lose its network.
func (p *choosing) part(ctx context.Context, session string, out, lost *scenario.Member) error {
	if _, err := p.As.Disconnect(ctx, "left.disconnect."+out.Name, session, out.Conn.ID); err != nil {
		return err
	}
	if err := gone(ctx, p.Flow, out); err != nil {
		return err
	}
	return lost.Vanish()
}

// lateInSecond returns how long it is to a moment late in a second, when rounding up and rounding down differ.
func lateInSecond(now time.Time) time.Duration {
	wait := 650*time.Millisecond - time.Duration(now.Nanosecond())
	if wait < 0 {
		wait += time.Second
	}
	return wait
}

// awaitRemovals waits for that many notices of streams that left the archive.
func (p *choosing) awaitRemovals(ctx context.Context, label, id string, n int) error {
	if p.Hooks == nil || !p.Target.File.Has(config.Callback) {
		return nil
	}
	_, err := p.AwaitRecords(ctx, label, "webhooks", scenario.About(id), scenario.Soon, "webhooks streamRemoved", func(v evidence.View) bool {
		return n <= len(v.About(evidence.Archive, id).Where(func(r *evidence.Record) bool {
			return r.Webhook != nil && strings.Contains(r.Webhook.Body.Text, `"streamRemoved"`)
		}).Records)
	})
	return err
}
