package composed

import (
	"context"
	"fmt"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// guests is more than the places of any presentation.
const guests = 12

// Presentations shows a crowd in the layouts with one large stream, in the sizes where these have the most places:
// portrait and, if the target has it, full HD.
var Presentations = scenario.Scenario{
	Name: scenarios.Presentations, Title: "more streams than the places of a presentation, in portraits and in full HD",
	Needs: layoutNeeds, Files: true, Clients: []config.Ability{config.CanCrowd}, Media: 4, Within: 2 * time.Minute,
	Run: runPresentations,
}

func runPresentations(ctx context.Context, f *scenario.Flow) error {
	var parts []scenario.Client
	for n := 1; n <= guests; n++ {
		p := scenario.Client{Name: fmt.Sprintf("client-%02d", n), Video: fmt.Sprintf("small-%02d", n)}
		switch n {
		case 5: // neither the first nor the last
			p.Classes = "focus full"
		case 8: // in focus, too, and one of the others
			p.Classes = "focus"
		}
		parts = append(parts, p)
	}
	session, _, err := f.JoinAll(ctx, parts...)
	if err != nil {
		return err
	}
	a, err := arrange(ctx, f, session, presentation("verticalPresentation", "480x640"))
	if err != nil {
		return err
	}
	for _, layout := range []string{"horizontalPresentation", "pip", "bestFit"} { // in the last, twelve of sixteen places are taken
		if err := a.to(ctx, layout, map[string]any{"type": layout}); err != nil {
			return err
		}
	}
	if err := f.Stop(ctx, "stop", a.archive); err != nil {
		return err
	}
	if err := f.Deliver(ctx, a.archive); err != nil || !f.Target.File.Has(config.FHD) {
		return err
	}
	if err := present(ctx, f, session, "1080x1920", "horizontalPresentation"); err != nil {
		return err
	}
	// Only where a tile is wider than its stream does the stream show how high the tile is.
	return present(ctx, f, session, "1920x1080", "horizontalPresentation", "bestFit")
}

// present records a presentation, and then other layouts, in a size.
func present(ctx context.Context, f *scenario.Flow, session, size string, others ...string) error {
	a, err := f.Start(ctx, size+".start", session, presentation("verticalPresentation", size))
	if err != nil {
		return err
	}
	if err := clock.Sleep(ctx, still+a.Took+time.Second); err != nil {
		return err
	}
	for _, layout := range others {
		if _, err := f.As.Arrange(ctx, size+".layout."+layout, a.ID, map[string]any{"type": layout}, false); err != nil {
			return err
		}
		if err := clock.Sleep(ctx, still+a.Took); err != nil {
			return err
		}
	}
	if err := f.Stop(ctx, size+".stop", a.ID); err != nil {
		return err
	}
	return f.DeliverAs(ctx, size+".", a.ID)
}

// presentation returns the options of an archive with a layout in a size, without sound.
func presentation(layout, size string) map[string]any {
	return map[string]any{"name": layout + " " + size, "hasAudio": false, "resolution": size, "layout": map[string]any{"type": layout}}
}
