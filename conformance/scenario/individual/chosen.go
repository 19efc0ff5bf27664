package individual

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// Chosen selects streams, and parts of streams, for an individual archive while it records. If the target supports it, a
// composed and another individual archive record another stream at the same time.
var Chosen = scenario.Scenario{
	Name: scenarios.Chosen, Title: "an individual archive whose streams are chosen, changed, removed and added again",
	Needs: append(needs[:len(needs):len(needs)], config.Manual), Files: true, Clients: units, Media: 3, Within: 90 * time.Second, Run: runChosen,
}

type choosing struct {
	*scenario.Flow
	session string
	members map[string]*scenario.Member
	archive scenario.Started
	beside  map[string]scenario.Started // by label; empty unless archives can be simultaneous
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

// others are the archives that record beside the chosen one.
var others = []struct{ label, format string }{{"beside", "composed"}, {"apart", "individual"}}

func (p *choosing) begin(ctx context.Context) (err error) {
	together := p.Target.File.Has(config.Simultaneous)
	o := map[string]any{"streamMode": "manual"}
	if together {
		o["multiArchiveTag"] = "individual"
	}
	if p.archive, err = p.Start(ctx, "start", p.session, options("chosen", o)); err != nil || !together {
		return err
	}
	p.beside = map[string]scenario.Started{}
	for _, other := range others {
		a, err := p.Start(ctx, other.label+".start", p.session,
			map[string]any{"name": other.label, "outputMode": other.format, "streamMode": "manual", "multiArchiveTag": other.label})
		if err != nil {
			return err
		}
		p.beside[other.label] = a
		if _, err := p.As.Select(ctx, other.label+".add.dave", a.ID, map[string]any{"addStream": p.members["dave"].Pub.StreamID()}); err != nil {
			return err
		}
	}
	return nil
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
	for label, a := range p.beside {
		if err := p.Stop(ctx, label+".stop", a.ID); err != nil {
			return err
		}
	}
	for _, m := range p.members {
		if err := m.Leave(ctx); err != nil {
			return err
		}
	}
	if err := p.Deliver(ctx, p.archive.ID); err != nil {
		return err
	}
	for label, a := range p.beside {
		if err := p.DeliverAs(ctx, label+".", a.ID); err != nil {
			return err
		}
	}
	return nil
}
