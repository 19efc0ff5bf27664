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
	session, err := f.session(ctx, "session")
	if err != nil {
		return err
	}
	members := map[string]*member{}
	for _, c := range []struct{ name, video, audio string }{
		{"alice", "small-09", "tone-18"}, {"bob", "aspect", ""}, {"carol", "", "tone-19"},
	} {
		m, err := f.join(ctx, session, c.name)
		if err != nil {
			return err
		}
		if err := m.publish(ctx, c.video, c.audio); err != nil {
			return err
		}
		members[c.name] = m
	}
	alice, bob := members["alice"], members["bob"]
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
