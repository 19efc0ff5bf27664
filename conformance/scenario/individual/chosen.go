package individual

import (
	"context"
	"errors"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// Chosen selects streams, and parts of streams, for an individual archive while it records. If the target supports it, a
// composed archive and another individual one, with another stream each, record at the same time.
var Chosen = scenario.Scenario{
	Name: scenarios.Chosen, Title: "an individual archive whose streams are chosen, changed, removed and added again",
	Needs: append(needs[:len(needs):len(needs)], config.Manual), Files: true, Clients: units, Media: 3, Within: 90 * time.Second, Run: runChosen,
}

type choosing struct {
	*scenario.Flow
	session                string
	members                map[string]*scenario.Member
	archive, beside, other scenario.Started // beside and other, an individual one, are empty unless archives can be simultaneous
}

func runChosen(ctx context.Context, f *scenario.Flow) error {
	p := &choosing{Flow: f, members: map[string]*scenario.Member{}}
	return scenario.InTurn(ctx, p.gather, p.begin, p.choose, p.finish)
}

// gather makes four clients publish. The last one is never selected for the individual archive.
func (p *choosing) gather(ctx context.Context) (err error) {
	var members []*scenario.Member
	p.session, members, err = p.JoinAll(ctx,
		scenario.Client{Name: "alice", Video: "small-04", Audio: "tone-36"},
		scenario.Client{Name: "bob", Video: "small-05", Audio: "tone-37"},
		scenario.Client{Name: "carol", Video: "small-06", Audio: "tone-38"},
		scenario.Client{Name: "dave", Video: "small-07", Audio: "tone-39"})
	for _, m := range members {
		p.members[m.Name] = m
	}
	return err
}

func (p *choosing) begin(ctx context.Context) (err error) {
	together := p.Target.File.Has(config.Simultaneous)
	o := map[string]any{"streamMode": "manual"}
	if together {
		o["multiArchiveTag"] = "individual"
	}
	if p.archive, err = p.Start(ctx, "start", p.session, options("chosen", o)); err != nil || !together {
		return err
	}
	p.beside, err = p.Start(ctx, "beside.start", p.session, map[string]any{"name": "beside", "streamMode": "manual", "multiArchiveTag": "composed"})
	if err != nil {
		return err
	}
	if _, err = p.As.Select(ctx, "beside.add.dave", p.beside.ID, map[string]any{"addStream": p.members["dave"].Pub.StreamID()}); err != nil {
		return err
	}
	o["multiArchiveTag"] = "other"
	if p.other, err = p.Start(ctx, "other.start", p.session, options("other", o)); err != nil {
		return err
	}
	_, err = p.As.Select(ctx, "other.add.carol", p.other.ID, map[string]any{"addStream": p.members["carol"].Pub.StreamID()})
	return err
}

// selection is a call about a stream; parts says which tracks of it the archive takes.
type selection struct {
	label, member string
	remove        bool
	parts         map[string]any
}

// choose makes several selections and records for a while after each.
func (p *choosing) choose(ctx context.Context) error {
	for _, round := range [][]selection{
		{
			{label: "add.alice", member: "alice"},
			{label: "add.bob", member: "bob", parts: map[string]any{"hasVideo": false}},
			{label: "add.carol", member: "carol", parts: map[string]any{"hasAudio": false, "hasVideo": true}},
		},
		{
			{label: "add.bob.both", member: "bob"},
			{label: "remove.alice", member: "alice", remove: true},
		},
		{
			{label: "add.alice.again", member: "alice"},
			{label: "add.carol.heard", member: "carol", parts: map[string]any{"hasAudio": true, "hasVideo": false}},
		},
	} {
		for _, s := range round {
			body := map[string]any{"addStream": p.members[s.member].Pub.StreamID()}
			if s.remove {
				body = map[string]any{"removeStream": p.members[s.member].Pub.StreamID()}
			}
			for k, v := range s.parts {
				body[k] = v
			}
			if _, err := p.As.Select(ctx, s.label, p.archive.ID, body); err != nil {
				return err
			}
		}
		if err := clock.Sleep(ctx, seen); err != nil {
			return err
		}
	}
	return nil
}

func (p *choosing) finish(ctx context.Context) error {
	if err := p.Stop(ctx, "stop", p.archive.ID); err != nil {
		return err
	}
	if p.beside.ID != "" {
		if err := errors.Join(p.Stop(ctx, "beside.stop", p.beside.ID), p.Stop(ctx, "other.stop", p.other.ID)); err != nil {
			return err
		}
	}
	for _, m := range p.members {
		if err := m.Leave(ctx); err != nil {
			return err
		}
	}
	if err := p.Deliver(ctx, p.archive.ID); err != nil || p.beside.ID == "" {
		return err
	}
	if err := p.DeliverAs(ctx, "beside.", p.beside.ID); err != nil {
		return err
	}
	return p.DeliverAs(ctx, "other.", p.other.ID)
}
