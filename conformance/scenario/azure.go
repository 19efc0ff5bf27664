package scenario

import (
	"context"
	"time"

	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

// azure uploads to a container of Azure.
var azure = Scenario{
	Name: name.Azure, Title: "an archive uploaded to an Azure container",
	Needs: []target.Capability{target.Azure}, Media: 1, Within: 60 * time.Second,
	app: appKind{name: "azure", azure: true},
	run: func(ctx context.Context, f *flow) error {
		session, alice, err := f.alone(ctx, "", "tone-16")
		if err != nil {
			return err
		}
		a, err := f.record(ctx, "", session, map[string]any{"name": "azure"}, 1500*time.Millisecond)
		if err != nil {
			return err
		}
		if err := alice.leave(); err != nil {
			return err
		}
		if err := f.deliver(ctx, a.ID); err != nil {
			return err
		}
		_, err = f.as.Get(ctx, "get.delivered", a.ID)
		return err
	},
}
