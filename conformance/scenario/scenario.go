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
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// Scenario is one named flow.
type Scenario struct {
	Name  string
	Title string
	// Needs lists the capabilities that the scenario cannot run without.
	Needs []config.Capability
	// Clients lists what its clients must be able to do.
	Clients []config.Ability
	// Files means that the scenario gets the files of its archives, from a bucket of the suite or by their download links.
	Files bool
	// Refuses means that the suite refuses uploads of the target, which have to pass by it.
	Refuses bool
	// Made lists the clauses that the scenario shows only on an application that the suite made.
	Made []string
	// Why says, in words, why it takes the control API to show them, or all of the scenario.
	Why string
	// Alone means that the scenario disturbs others that use its application at the same time, or that they disturb it. If it
	// has to share an application, it runs alone.
	Alone bool
	// Virtual means that only an application's clock that can be moved shows it.
	Virtual bool
	// Wait is how much policy time the scenario lets pass in all.
	Wait time.Duration
	// Media is the number of media slots that the scenario takes: about two for each picture that is sent or composed at
	// a time, fewer where pictures are small or nothing is composed, and one for sound alone.
	Media int
	// Within limits the whole flow. Single waits have their own, shorter deadlines.
	Within time.Duration

	// App describes the application that it runs on.
	App App
	// Beside lists the roles of its other applications.
	Beside []string
	// Later are the looks that the flow takes with [Flow.Take].
	Later []Later
	// Run is the flow. An error ends it. A [BlockedError] or an error of package target is the target's doing; any other
	// is trouble of the suite.
	Run func(context.Context, *Flow) error
}

// Unmet returns the step that ends s before it begins, and whether there is one: f does not declare or prepare what s needs, or
// does not give it the time.
func (s Scenario) Unmet(f config.File) (evidence.Step, bool) {
	if step, lacks := s.lacking(f); lacks {
		return step, true
	}
	if s.Virtual && f.Time != config.Virtual {
		return evidence.Step{Outcome: evidence.Unwaited, BlockedBy: "time", Text: "needs a clock that can be advanced: time virtual"}, true
	}
	if err := clock.TooLong(f, s.Wait); err != nil {
		return evidence.Step{Outcome: evidence.Unwaited, BlockedBy: "time", Text: err.Error()}, true
	}
	return evidence.Step{}, false
}

// Unable returns the first ability that the clients of s need and those of a driver do not have, or "". Whoever needs
// events needs clients that connect.
func (s Scenario) Unable(can []config.Ability) config.Ability {
	need := s.Clients
	if slices.Contains(s.Needs, config.Events) {
		need = append(slices.Clone(need), config.CanConnect)
	}
	return config.FirstMissing(can, need)
}

// within returns the limit of the whole flow. Waiting is not part of Within.
func (s Scenario) within(f config.File) time.Duration {
	if f.Time == config.Virtual {
		return s.Within
	}
	return s.Within + max(s.Wait, f.LongestWait.Or(config.LongestWait))
}
