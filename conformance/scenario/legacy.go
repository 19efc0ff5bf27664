package scenario

import (
	"context"
	"net/url"
	"time"

	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

// legacy is the main path with API key and secret, and a T1 token at the client.
var legacy = Scenario{
	Name: name.Legacy, Title: "the whole way with the legacy identity",
	Needs: []target.Capability{target.Legacy, target.VP8, target.S3}, Media: 1, Within: 60 * time.Second,
	run: runLegacy,
}

func runLegacy(ctx context.Context, f *flow) error {
	client := f.as.Client
	f.as = client.Legacy()
	if _, err := f.as.CreateSessionAccepting(ctx, "session.xml", "application/xml", url.Values{"p2p.preference": {"disabled"}}); err != nil {
		return err
	}
	session, _, err := f.alone(ctx, "vp8-13", "tone-13")
	if err != nil {
		return err
	}
	a, err := f.start(ctx, "start", session, map[string]any{"name": "legacy"})
	if err != nil {
		return err
	}
	if err := sleep(ctx, 2*time.Second); err != nil {
		return err
	}
	if _, err := f.as.Get(ctx, "get.started", a.ID); err != nil {
		return err
	}
	if err := f.stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	if err := f.deliver(ctx, a.ID); err != nil {
		return err
	}
	if _, err := f.as.Get(ctx, "get.uploaded", a.ID); err != nil {
		return err
	}
	if _, err := f.as.List(ctx, "list", url.Values{"sessionId": {session}}, false); err != nil {
		return err
	}
	if f.Target.File.Has(target.Unified) {
		if _, err := client.Unified().Get(ctx, "get.unified", a.ID); err != nil {
			return err
		}
	}
	_, err = f.as.Delete(ctx, "delete", a.ID)
	return err
}
