// Package scenario drives a target. A scenario is a flow through the API and the media that runs once and writes
// evidence; it never judges. When the target does something unexpected, that is evidence too: the flow goes on if it
// can, and otherwise ends with a step that says what blocked it.
//
//	var basic = scenario.Scenario{Name: scenarios.Pair, Title: "one archive", Media: 2, Within: time.Minute,
//		Run: func(ctx context.Context, f *scenario.Flow) error {
//			session, _, err := f.Alone(ctx, "vp8-05", "tone-05")
//			if err != nil {
//				return err
//			}
//			_, err = f.Record(ctx, "", session, nil, 3*time.Second)
//			return err
//		}}
//	err := scenario.Run(ctx, env, []scenario.Scenario{basic})
//
// The caller of [Run] owns everything in [Env] and closes it afterwards. A flow must label its records so that checks
// find them, return the error of each call, and leave the cleaning up to the package.
//
// This package has [Flow], the words that scenarios are written in, and [Run]. The scenarios are in the packages below,
// one package for each group of chapters. To add one: name it in evidence/scenarios, write it as a [Scenario] in its
// chapter, add it to the list in package all, and name it in the checks that it shows.
package scenario

import (
	"context"
	"time"

	"reelcheck/conformance/target/config"
)

// Scenario is one named flow.
type Scenario struct {
	Name  string
	Title string
	// Needs lists the capabilities that the scenario cannot run without.
	Needs []config.Capability
	// Virtual means that the scenario moves the application's clock. Without the control API it would take hours.
	Virtual bool
	// Media is the number of media slots that the scenario takes: about two for each picture that is sent or composed at
	// a time, fewer where pictures are small or nothing is composed, and one for sound alone.
	Media int
	// Within limits the whole flow. Single waits have their own, shorter deadlines.
	Within time.Duration

	// App describes the application that it runs on.
	App App
	// Run is the flow. An error ends it. A [BlockedError] or an error of package target is the target's doing; any other
	// is trouble of the suite.
	Run func(context.Context, *Flow) error
}

// Missing returns the first capability that s needs and f does not declare, or "".
func (s Scenario) Missing(f config.File) config.Capability {
	if s.Virtual && f.Time != config.Virtual {
		return config.Control
	}
	return f.Missing(s.Needs...)
}
