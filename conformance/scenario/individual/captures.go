package individual

import (
	"context"
	"errors"
	"strings"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

const (
	// odd holds characters that a manifest must escape.
	odd = "名前=\"Zoë\" \\ <b>&amp;</b> \t🎬\u2028{}"
	// longest is the largest length of connection data.
	longest = 1000
)

// Captures has streams that start at different times, mute, change their size, lag, and report late. In the end nobody
// publishes for a while.
var Captures = scenario.Scenario{
	Name: scenarios.Captures, Title: "an individual archive of cameras that mute, a screen that changes its size, pictures that lag and reports that come late",
	Needs: needs, Files: true, Clients: []config.Ability{config.CanUnits, config.CanLag, config.CanMute}, Media: 2, Within: 90 * time.Second, Run: runCaptures,
}

type capturing struct {
	*scenario.Flow
	session string
	members []*scenario.Member // alice, bob, carol
	archive scenario.Started
}

func runCaptures(ctx context.Context, f *scenario.Flow) error {
	p := &capturing{Flow: f}
	return scenario.InTurn(ctx, p.gather, p.begin, p.mute, p.pause, p.finish)
}

func (p *capturing) gather(ctx context.Context) (err error) {
	p.session, p.members, err = p.JoinAll(ctx,
		scenario.Client{Name: "alice", Video: "small-08", Audio: "tone-40", Data: odd},
		scenario.Client{Name: "bob", Video: "aspect", Audio: "tone-41", Data: strings.Repeat("x", longest), Kind: scenario.Kind{VideoType: "screen"}})
	return err
}

// begin lets carol come while the archive records. Her pictures lag, and for a while nobody knows when they were
// captured.
func (p *capturing) begin(ctx context.Context) (err error) {
	if p.archive, err = p.Start(ctx, "start", p.session, options(`"captures" 会議`, nil)); err != nil {
		return err
	}
	carol, err := p.Join(ctx, p.session, "carol")
	if err != nil {
		return err
	}
	p.members = append(p.members, carol)
	if err := clock.Sleep(ctx, 1200*time.Millisecond); err != nil { // longer than a key frame takes, so that alice is there
		return err
	}
	late := scenario.Kind{VideoLag: 400 * time.Millisecond, ReportsAfter: 1500 * time.Millisecond}
	return carol.PublishAs(ctx, late, "small-09", "tone-42")
}

// mute turns alice's camera off for a while, then her microphone, and with it all of bob's.
func (p *capturing) mute(ctx context.Context) error {
	alice, bob := p.members[0].Pub, p.members[1].Pub
	for _, step := range []struct {
		do   func() error
		long time.Duration
	}{
		{func() error { return alice.Mute("video", true) }, 2 * time.Second},
		{func() error { return alice.Mute("video", false) }, 500 * time.Millisecond},
		{func() error {
			return errors.Join(alice.Mute("audio", true), bob.Mute("audio", true), bob.Mute("video", true))
		}, time.Second},
		{func() error { return alice.Mute("audio", false) }, 1300 * time.Millisecond},
		{func() error { return errors.Join(bob.Mute("audio", false), bob.Mute("video", false)) }, 700 * time.Millisecond},
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

// pause lets everybody leave, and dave come.
func (p *capturing) pause(ctx context.Context) error {
	for _, m := range p.members {
		if err := m.Unpublish(ctx); err != nil {
			return err
		}
	}
	if _, err := p.Must(ctx, "wait.paused", p.archive.ID, scenario.Soon, "paused"); err != nil {
		return err
	}
	dave, err := p.Join(ctx, p.session, "dave")
	if err != nil {
		return err
	}
	if err := dave.PublishAs(ctx, scenario.Kind{VideoType: "custom"}, "small-10", "tone-43"); err != nil {
		return err
	}
	p.members = append(p.members, dave)
	return clock.Sleep(ctx, seen)
}

func (p *capturing) finish(ctx context.Context) error {
	if err := p.Stop(ctx, "stop", p.archive.ID); err != nil {
		return err
	}
	for _, m := range p.members { // mutes are known when publishing ends
		if err := m.Leave(ctx); err != nil {
			return err
		}
	}
	if err := p.Deliver(ctx, p.archive.ID); err != nil {
		return err
	}
	_, err := p.As.Get(ctx, "get.delivered", p.archive.ID)
	return err
}
