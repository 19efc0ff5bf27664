// Package all lists the scenarios.
package all

import (
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/access"
	"reelcheck/conformance/scenario/callbacks"
	"reelcheck/conformance/scenario/composed"
	"reelcheck/conformance/scenario/delivery"
	"reelcheck/conformance/scenario/individual"
	"reelcheck/conformance/scenario/lifecycle"
	"reelcheck/conformance/scenario/sessions"
)

// Scenarios lists all scenarios, the longest first. They begin in this order as media slots become free.
var Scenarios = []scenario.Scenario{
	composed.Many,
	composed.Rates,
	composed.Screens,
	individual.Crowd,
	composed.Layouts,
	composed.Presentations,
	composed.Mutes,
	sessions.AutoDay,
	delivery.GivenUp,
	individual.Captures,
	composed.Sizes,
	sessions.AutoOverlap,
	sessions.AutoPaused,
	lifecycle.Pair,
	lifecycle.Pause,
	sessions.Selection,
	sessions.Automatic,
	individual.Chosen,
	delivery.Recovers,
	delivery.Encryption,
	sessions.Simultaneous,
	sessions.Rotation,
	composed.FullHD,
	individual.Interrupted,
	composed.Codecs,
	delivery.FallsBack,
	delivery.ZIPFallsBack,
	delivery.Large,
	delivery.Cloud,
	lifecycle.TwelveHours,
	callbacks.Retry,
	individual.Kinds,
	individual.Matroska,
	individual.VP9,
	access.Legacy,
	composed.AudioOnly,
	composed.VideoOnly,
	sessions.AutoSilent,
	lifecycle.AllLeft,
	sessions.Presence,
	lifecycle.Broken,
	delivery.Azure,
	lifecycle.FourHours,
	lifecycle.IndividualTwelveHours,
	lifecycle.IndividualFourHours,
	lifecycle.IndividualAllLeft,
	lifecycle.IndividualIdle,
	lifecycle.IndividualNobody,
	lifecycle.Idle,
	lifecycle.NoPublisher,
	access.Listing,
	delivery.Undelivered,
	access.Isolation,
	access.Auth,
	access.Refusals,
}
