package individual

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/target/config"
)

// Matroska records in an application that prefers H.264, with clients that publish other codecs.
var Matroska = scenario.Scenario{
	Name: scenarios.Matroska, Title: "an individual archive of an application that prefers H.264",
	Needs: append(needs[:len(needs):len(needs)], config.H264, config.Control), Media: 2, Within: 60 * time.Second,
	App: scenario.App{Codec: "H264"}, Run: runMatroska,
}

func runMatroska(ctx context.Context, f *scenario.Flow) error {
	session, members, err := f.JoinAll(ctx,
		scenario.Client{Name: "alice", Video: "h264-05", Audio: "tone-35"},
		scenario.Client{Name: "bob", Video: "small-03"})
	if err != nil {
		return err
	}
	a, err := f.Record(ctx, "", session, options("matroska", nil), seen)
	if err != nil {
		return err
	}
	for _, m := range members {
		if err := m.Leave(ctx); err != nil {
			return err
		}
	}
	return f.Deliver(ctx, a.ID)
}
