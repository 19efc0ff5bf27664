package individual

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/role"
	"reelcheck/conformance/target/config"
)

// Matroska records in an application that prefers H.264, with clients that publish other codecs.
var Matroska = scenario.Scenario{
	Name: scenarios.Matroska, Title: "an individual archive of an application that prefers H.264",
	Needs: append(needs[:len(needs):len(needs)], config.H264), Files: true, Clients: units, Media: 2, Within: 60 * time.Second,
	App: scenario.App{Name: role.PrefersH264, Codec: "H264"}, Run: runMatroska,
}

// VP9 records in an application that prefers VP9, and gives the archive no name.
var VP9 = scenario.Scenario{
	Name: scenarios.VP9, Title: "an individual archive without a name, of an application that prefers VP9",
	Needs: append(needs[:len(needs):len(needs)], config.VP9), Files: true, Clients: units, Media: 2, Within: 60 * time.Second,
	App: scenario.App{Name: role.PrefersVP9, Codec: "VP9"}, Run: runVP9,
}

func runMatroska(ctx context.Context, f *scenario.Flow) error {
	return together(ctx, f, options("matroska", nil),
		scenario.Client{Name: "alice", Video: "h264-05", Audio: "tone-35"},
		scenario.Client{Name: "bob", Video: "small-03"})
}

func runVP9(ctx context.Context, f *scenario.Flow) error {
	return together(ctx, f, map[string]any{"outputMode": "individual"},
		scenario.Client{Name: "alice", Video: "vp9", Audio: "tone-47"},
		scenario.Client{Name: "bob", Video: "small-14"})
}

// together records clients that publish from the beginning to the end.
func together(ctx context.Context, f *scenario.Flow, options map[string]any, clients ...scenario.Client) error {
	session, members, err := f.JoinAll(ctx, clients...)
	if err != nil {
		return err
	}
	a, err := f.Record(ctx, "", session, options, seen)
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
