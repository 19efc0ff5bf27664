// Package scenario drives a target. A scenario is a flow through the API and the media that happens once and
// leaves its evidence behind; it never judges. What the target does unexpectedly is evidence too: the flow
// goes on where it can, and otherwise ends with a step that says by what it was blocked.
//
// This package has what scenarios are written with, a [Flow], and [Run], which drives them side by side. They themselves
// are in the packages below, by the chapters of the checks that they serve most. For another one: name it in package name,
// write it as a [Scenario] in its chapter, put it into the list of package all, and name it in the checks that it shows.
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
	// Needs are the capabilities without which it cannot run.
	Needs []config.Capability
	// Virtual: it moves the application's clock; without the control API it would take hours.
	Virtual bool
	// Media is how many media slots it takes: about two per picture that is sent or composed at a time, less where pictures are small
	// or nothing is composed, and one where there are sounds alone.
	Media int
	// Within bounds the whole flow; single waits have their own, shorter deadlines.
	Within time.Duration

	// App is the application that it runs on.
	App App
	// Run is the flow. An error ends it: a [BlockedError], or one of package target, is the target's doing, any other the suite's own trouble.
	Run func(context.Context, *Flow) error
}

// Missing is the first capability that s needs and f does not declare, or "".
func (s Scenario) Missing(f config.File) config.Capability {
	if s.Virtual && f.Time != config.Virtual {
		return config.Control
	}
	return f.Missing(s.Needs...)
}
