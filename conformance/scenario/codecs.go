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
		session, members, err := f.cast(ctx,
			part{name: "alice", video: "vp8-10", audio: "tone-10"},
			part{name: "bob", video: "h264-11", audio: "tone-11"},
			part{name: "carol", video: "vp9", audio: "tone-12"})
		if err != nil {
			return err
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
