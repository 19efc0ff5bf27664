package scenario

import (
	"context"
	"time"

	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

// mutes has pictures and sounds go and come back while their streams stay published, pictures that change their size, and
// streams of one kind only.
var mutes = Scenario{
	Name: name.Mutes, Title: "streams that mute and unmute, change the size of their picture, or are only seen or only heard",
	Needs: []target.Capability{target.VP8, target.S3}, Media: 1, Within: 90 * time.Second,
	run: runMutes,
}

func runMutes(ctx context.Context, f *flow) error {
	session, members, err := f.cast(ctx,
		part{name: "alice", video: "small-09", audio: "tone-18"},
		part{name: "bob", video: "aspect"},
		part{name: "carol", audio: "tone-19"})
	if err != nil {
		return err
	}
	alice, bob := members[0], members[1]
	a, err := f.start(ctx, "start", session, map[string]any{"name": "mutes"})
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return nil },
		func() error { return alice.pub.Mute("video", true) },
		func() error {
			if err := alice.pub.Mute("video", false); err != nil {
				return err
			}
			return alice.pub.Mute("audio", true)
		},
		func() error { return alice.pub.Mute("audio", false) },
		func() error { // nobody is seen, two are heard
			if err := alice.pub.Mute("video", true); err != nil {
				return err
			}
			return bob.unpublish(ctx)
		},
	} {
		if err := step(); err != nil {
			return err
		}
		if err := sleep(ctx, changed); err != nil {
			return err
		}
	}
	if err := f.stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	for _, m := range members { // what was muted is known when publishing ends
		if err := m.leave(); err != nil {
			return err
		}
	}
	return f.deliver(ctx, a.ID)
}
