// Package scenario drives a target. A scenario is a flow through the API and the media that happens once and
// leaves its evidence behind; it never judges. What the target does unexpectedly is evidence too: the flow
// goes on where it can, and otherwise ends with a step that says by what it was blocked.
package scenario

import (
	"context"
	"time"

	"reelcheck/conformance/target"
)

// Scenario is one named flow.
type Scenario struct {
	Name  string
	Title string
	// Needs are the capabilities without which it cannot run.
	Needs []target.Capability
	// Virtual: it moves the application's clock; without the control API it would take hours.
	Virtual bool
	// Media is how many media slots it takes: about one per picture that is sent or composed at a time.
	Media int
	// Within bounds the whole flow; single waits have their own, shorter deadlines.
	Within time.Duration

	app appKind // that it runs on
	run func(context.Context, *flow) error
}

// All returns every scenario, the longest first.
func All() []Scenario {
	return []Scenario{
		many, rates, layouts, screens, mutes, autoDay, autoOverlap, pair, pause, sizes, fullHD, automatic, selection, cloud, total, retry, rotation,
		encryption, simultaneous, codecs, legacy, audioOnly, videoOnly, autoSilent, fallsBack, recovers, givenUp, presence, broken, azure, recorded, idle, allLeft,
		noPublisher, listing, undelivered, isolation, auth, refusals,
	}
}

// Find returns the scenario of that name.
func Find(name string) (Scenario, bool) {
	for _, s := range All() {
		if s.Name == name {
			return s, true
		}
	}
	return Scenario{}, false
}

// Missing is the first capability that s needs and f does not declare, or "".
func (s Scenario) Missing(f target.File) target.Capability {
	if s.Virtual && f.Time != target.Virtual {
		return target.Control
	}
	return f.Missing(s.Needs...)
}
