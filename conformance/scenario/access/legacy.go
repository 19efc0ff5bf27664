package access

import (
	"context"
	"net/url"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// Legacy is the main path with API key and secret, and with a T1 token for the client.
var Legacy = scenario.Scenario{
	Name: scenarios.Legacy, Title: "the whole way with the legacy identity",
	Needs: []config.Capability{config.Legacy, config.VP8}, Files: true, Media: 2, Within: 60 * time.Second,
	Run: runLegacy,
}

func runLegacy(ctx context.Context, f *scenario.Flow) error {
	client := f.As.Client
	f.As = client.Legacy()
	if _, err := f.As.CreateSessionAccepting(ctx, "session.xml", "application/xml", url.Values{"p2p.preference": {"disabled"}}); err != nil {
		return err
	}
	session, _, err := f.Alone(ctx, "vp8-13", "tone-13")
	if err != nil {
		return err
	}
	a, err := f.Start(ctx, "start", session, map[string]any{"name": "legacy"})
	if err != nil {
		return err
	}
	if err := clock.Sleep(ctx, 2*time.Second); err != nil {
		return err
	}
	if _, err := f.As.Get(ctx, "get.started", a.ID); err != nil {
		return err
	}
	if err := f.Stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	if err := f.Deliver(ctx, a.ID); err != nil {
		return err
	}
	if _, err := f.As.Get(ctx, "get.uploaded", a.ID); err != nil {
		return err
	}
	if _, err := f.As.List(ctx, "list", url.Values{"sessionId": {session}}, false); err != nil {
		return err
	}
	if f.Target.File.Has(config.Unified) {
		if _, err := client.Unified().Get(ctx, "get.unified", a.ID); err != nil {
			return err
		}
	}
	_, err = f.As.Delete(ctx, "delete", a.ID)
	return err
}
