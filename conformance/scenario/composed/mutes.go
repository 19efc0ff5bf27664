package composed

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// Mutes has pictures and sounds that go and come back while their streams stay published, pictures that change their
// size, and streams with only one kind of track.
var Mutes = scenario.Scenario{
	Name: scenarios.Mutes, Title: "streams that mute and unmute, change the size of their picture, or are only seen or only heard",
	Needs: []config.Capability{config.VP8}, Files: true, Clients: []config.Ability{config.CanMute}, Media: 2, Within: 90 * time.Second,
	Run: runMutes,
}

func runMutes(ctx context.Context, f *scenario.Flow) error {
	session, members, err := f.JoinAll(ctx,
		scenario.Client{Name: "alice", Video: "small-09", Audio: "tone-18"},
		scenario.Client{Name: "bob", Video: "aspect"},
		scenario.Client{Name: "carol", Audio: "tone-19"})
	if err != nil {
		return err
	}
	alice, bob, carol := members[0], members[1], members[2]
	a, err := f.Start(ctx, "start", session, map[string]any{"name": "mutes"})
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return nil },
		func() error { return alice.Pub.Mute("video", true) },
		func() error {
			if err := alice.Pub.Mute("video", false); err != nil {
				return err
			}
			return alice.Pub.Mute("audio", true)
		},
		func() error { return alice.Pub.Mute("audio", false) },
		func() error { // who is alone is heard and not seen
			if err := bob.Unpublish(ctx); err != nil {
				return err
			}
			if err := carol.Unpublish(ctx); err != nil {
				return err
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
