package composed

import (
	"context"
	"errors"
	"slices"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// Mutes has pictures and sounds that go and come back while their streams stay published, pictures that change their
// size, and streams with only one kind of track. Of five pictures four are seen while one is muted: the grid of five has smaller tiles.
var Mutes = scenario.Scenario{
	Name: scenarios.Mutes, Title: "streams that mute and unmute, change the size of their picture, or are only seen or only heard",
	Needs: []config.Capability{config.VP8}, Files: true, Clients: []config.Ability{config.CanMute}, Media: 2, Within: 90 * time.Second,
	Run: runMutes,
}

func runMutes(ctx context.Context, f *scenario.Flow) error {
	session, members, err := f.JoinAll(ctx,
		scenario.Client{Name: "alice", Video: "small-09", Audio: "tone-18"},
		scenario.Client{Name: "bob", Video: "aspect"},
		scenario.Client{Name: "carol", Audio: "tone-19"},
		scenario.Client{Name: "dave", Video: "small-10"},
		scenario.Client{Name: "erin", Video: "small-11", Kind: scenario.Kind{VideoType: "custom"}},
		scenario.Client{Name: "frank", Video: "small-12", Kind: scenario.Kind{VideoType: "screen"}})
	if err != nil {
		return err
	}
	alice, dave, erin, frank := members[0], members[3], members[4], members[5]
	if err := dave.Pub.Mute("video", true); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, scenario.Settled); err != nil { // before anything is recorded
		return err
	}
	a, err := f.Start(ctx, "start", session, map[string]any{"name": "mutes"})
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return nil },
		func() error { return errors.Join(dave.Pub.Mute("video", false), alice.Pub.Mute("video", true)) },
		func() error {
			return errors.Join(alice.Pub.Mute("video", false), alice.Pub.Mute("audio", true), erin.Pub.Mute("video", true), stand(f, frank))
		},
		func() error {
			return errors.Join(alice.Pub.Mute("audio", false), erin.Pub.Mute("video", false))
		},
		func() error { // who is alone is heard and not seen
			for _, m := range members[1:] {
				if err := m.Unpublish(ctx); err != nil {
					return err
				}
			}
			return alice.Pub.Mute("video", true)
		},
	} {
		if err := step(); err != nil {
			return err
		}
		if err := clock.Sleep(ctx, changed+a.Took); err != nil {
			return err
		}
	}
	if err := f.Stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	for _, m := range members { // mutes are known when publishing ends
		if err := m.Leave(ctx); err != nil {
			return err
		}
	}
	return f.Deliver(ctx, a.ID)
}

// stand has a shared screen on which nothing moves. Clients of others may tell the target of a mute, which then is more than a still screen.
func stand(f *scenario.Flow, m *scenario.Member) error {
	if !slices.Contains(f.Publisher.Can(), config.CanUnits) {
		return nil
	}
	return m.Pub.Mute("video", true)
}
