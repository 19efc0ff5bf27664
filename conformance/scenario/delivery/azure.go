package delivery

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/role"
	"reelcheck/conformance/target/config"
)

// Azure uploads to an Azure container.
var Azure = scenario.Scenario{
	Name: scenarios.Azure, Title: "an archive uploaded to an Azure container",
	Needs: []config.Capability{config.Azure}, Media: 2, Within: 60 * time.Second,
	App: scenario.App{Name: role.InAzure, Azure: true},
	Run: func(ctx context.Context, f *scenario.Flow) error {
		session, alice, err := f.Alone(ctx, "", "tone-16")
		if err != nil {
			return err
		}
		a, err := f.Record(ctx, "", session, map[string]any{"name": "azure"}, 1500*time.Millisecond)
		if err != nil {
			return err
		}
		if err := alice.Leave(ctx); err != nil {
			return err
		}
		if err := f.Deliver(ctx, a.ID); err != nil {
			return err
		}
		_, err = f.As.Get(ctx, "get.delivered", a.ID)
		return err
	},
}
