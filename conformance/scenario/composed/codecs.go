package composed

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/target/config"
)

// Codecs shows a publisher of each codec in one picture.
var Codecs = scenario.Scenario{
	Name: scenarios.Codecs, Title: "publishers of VP9 and H.264 beside VP8",
	Needs: []config.Capability{config.VP8, config.VP9, config.H264}, Files: true, Clients: []config.Ability{config.CanUnits}, Media: 4, Within: 80 * time.Second,
	Run: func(ctx context.Context, f *scenario.Flow) error {
		session, members, err := f.JoinAll(ctx,
			scenario.Client{Name: "alice", Video: "vp8-10", Audio: "tone-10"},
			scenario.Client{Name: "bob", Video: "h264-11", Audio: "tone-11"},
			scenario.Client{Name: "carol", Video: "vp9", Audio: "tone-12"})
		if err != nil {
			return err
		}
		a, err := f.Record(ctx, "", session, map[string]any{"name": "codecs"}, 4*time.Second)
		if err != nil {
			return err
		}
		for _, m := range members {
			if err := m.Leave(ctx); err != nil {
				return err
			}
		}
		return f.Deliver(ctx, a.ID)
	},
}
