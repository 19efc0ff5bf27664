package delivery

import (
	"context"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/target/config"
)

// Large uploads an archive so large that clients of S3 send it in parts.
var Large = scenario.Scenario{
	Name: scenarios.Large, Title: "an archive of more than 8 MiB, which is uploaded in parts",
	Needs: []config.Capability{config.S3, config.VP8, config.QP}, Media: 2, Within: 90 * time.Second,
	App: scenario.App{Encrypted: true}, Run: runLarge,
}

// largeEnough is the length of a recording of noise that is larger than 8 MiB. Clients of S3 send parts of 5
// MiB or 8 MiB.
const largeEnough = 4 * time.Second

// noisy returns the options of an archive that is large when it shows noise.
func noisy(f *scenario.Flow) map[string]any {
	size := "1280x720"
	if f.Target.File.Has(config.FHD) {
		size = "1920x1080"
	}
	return map[string]any{"resolution": size, "quantizationParameter": 15}
}

func runLarge(ctx context.Context, f *scenario.Flow) error {
	session, alice, err := f.Alone(ctx, "grain", "tone-48")
	if err != nil {
		return err
	}
	a, err := f.Record(ctx, "", session, noisy(f), largeEnough)
	if err != nil {
		return err
	}
	if err := alice.Leave(ctx); err != nil {
		return err
	}
	f.Silent()
	if err := f.Deliver(ctx, a.ID); err != nil {
		return err
	}
	if _, err := f.As.Get(ctx, "get.delivered", a.ID); err != nil {
		return err
	}
	return awaitNoParts(ctx, f, a.ID)
}

// awaitNoParts waits until no part of an archive is left in a multipart upload.
func awaitNoParts(ctx context.Context, f *scenario.Flow, id string) error {
	_, err := f.AwaitRecords(ctx, "parts", "parts", f.ArchiveIDs(id), scenario.Soon, "the end of every multipart upload", func(v evidence.View) bool {
		_, left := evidence.Multiparts(v.Uploads().Records, id)
		return len(left) == 0
	})
	return err
}
