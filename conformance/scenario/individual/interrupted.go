package individual

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

const (
	// empty is how long nobody publishes after the start, if the clock can be moved. It makes the effective start later.
	empty = 20 * time.Second
	// waited is the same if the clock cannot be moved. The ledger allows createdAt 2 s.
	waited = 5 * time.Second
	// away is how long a client has no network: too short for any target to give it up.
	away = 800 * time.Millisecond
	// other is a fixture in another codec than the one published at first.
	other = "vp9"
)

// Interrupted starts when nobody publishes yet. Then one client loses its network twice and reconnects, another ends its
// stream and publishes a new one, and a third changes its codec.
var Interrupted = scenario.Scenario{
	Name: scenarios.Interrupted, Title: "an individual archive of streams that reconnect, end and come again, or change their codec",
	Needs: needs, Files: true, Clients: []config.Ability{config.CanUnits, config.CanCut, config.CanSwitch}, Media: 2, Within: 90 * time.Second, Run: runInterrupted,
}

type interrupting struct {
	*scenario.Flow
	alice, bob, carol *scenario.Member
	archive           scenario.Started
}

func runInterrupted(ctx context.Context, f *scenario.Flow) error {
	p := &interrupting{Flow: f}
	return scenario.InTurn(ctx, p.begin, p.interrupt, p.finish)
}

// begin starts the archive and lets time pass before anybody publishes.
func (p *interrupting) begin(ctx context.Context) error {
	session, err := p.Session(ctx, "session")
	if err != nil {
		return err
	}
	for _, c := range []struct {
		name string
		m    **scenario.Member
	}{{"alice", &p.alice}, {"bob", &p.bob}, {"carol", &p.carol}} {
		if *c.m, err = p.Join(ctx, session, c.name); err != nil {
			return err
		}
	}
	if !p.Target.File.Has(config.Events) { // somebody has to be there at the start
		if _, err := p.Present(ctx, session, "dave", "tone-11"); err != nil {
			return err
		}
	}
	if p.archive, err = p.Start(ctx, "start", session, options("interrupted", nil)); err != nil {
		return err
	}
	if !p.Target.File.Has(config.Control) {
		return clock.Sleep(ctx, waited)
	}
	_, err = p.As.Advance(ctx, "clock.empty", empty)
	return err
}

func (p *interrupting) interrupt(ctx context.Context) error {
	for _, step := range []struct {
		do   func() error
		long time.Duration
	}{
		{func() error { return p.alice.Publish(ctx, "small-11", "tone-44") }, 200 * time.Millisecond},
		{func() error { return p.bob.Publish(ctx, "small-12", "tone-45") }, 0},
		{func() error { return p.recode(ctx, false) }, seen},
		{p.alice.Disconnect, away},
		{func() error { return p.recode(ctx, true) }, 0},
		{func() error { return p.alice.Reconnect(ctx) }, 200 * time.Millisecond},
		{func() error { return p.bob.Unpublish(ctx) }, 200 * time.Millisecond},
		{func() error { return p.bob.Publish(ctx, "small-12", "tone-45") }, 1500 * time.Millisecond},
		{p.alice.Disconnect, away},
		{func() error { return p.alice.Reconnect(ctx) }, seen},
	} {
		if err := step.do(); err != nil {
			return err
		}
		if err := clock.Sleep(ctx, step.long); err != nil {
			return err
		}
	}
	return nil
}

// recode lets carol publish and then change her codec, if the target accepts that.
func (p *interrupting) recode(ctx context.Context, goOn bool) error {
	switch {
	case !p.Target.File.Has(config.VP9):
		return nil
	case goOn:
		return p.carol.Pub.Switch(other)
	}
	return p.carol.PublishAs(ctx, scenario.Kind{Switches: []string{other}}, "small-13", "tone-46")
}

func (p *interrupting) finish(ctx context.Context) error {
	if err := p.Stop(ctx, "stop", p.archive.ID); err != nil {
		return err
	}
	for _, m := range []*scenario.Member{p.alice, p.bob, p.carol} {
		if err := m.Leave(ctx); err != nil {
			return err
		}
	}
	return p.Deliver(ctx, p.archive.ID)
}
