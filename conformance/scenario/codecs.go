package scenario

import (
	"context"
	"time"

	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

// codecs has a publisher of each codec in one picture.
var codecs = Scenario{
	Name: name.Codecs, Title: "publishers of VP9 and H.264 beside VP8",
	Needs: []target.Capability{target.VP8, target.VP9, target.H264, target.S3}, Media: 2, Within: 80 * time.Second,
	run: func(ctx context.Context, f *flow) error {
		session, err := f.session(ctx, "session")
		if err != nil {
			return err
		}
		var members []*member
		for _, c := range []struct{ name, video, audio string }{
			{"alice", "vp8-10", "tone-10"}, {"bob", "h264-11", "tone-11"}, {"carol", "vp9", "tone-12"},
		} {
			m, err := f.join(ctx, session, c.name)
			if err != nil {
				return err
			}
			if err := m.publish(ctx, c.video, c.audio); err != nil {
				return err
			}
			members = append(members, m)
		}
		a, err := f.record(ctx, "", session, map[string]any{"name": "codecs"}, 4*time.Second)
		if err != nil {
			return err
		}
		for _, m := range members {
			if err := m.leave(); err != nil {
				return err
			}
		}
		return f.deliver(ctx, a.ID)
	},
}
