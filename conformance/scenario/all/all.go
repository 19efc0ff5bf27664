// Package all is the list of the scenarios.
package all

import (
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/access"
	"reelcheck/conformance/scenario/composed"
	"reelcheck/conformance/scenario/delivery"
	"reelcheck/conformance/scenario/individual"
	"reelcheck/conformance/scenario/lifecycle"
	"reelcheck/conformance/scenario/sessions"
)

// Scenarios begin in this order as there is room for them: the longest first.
var Scenarios = []scenario.Scenario{
	composed.Many,
	composed.Rates,
	composed.Layouts,
	composed.Screens,
	composed.Presentations,
	composed.Mutes,
	individual.Crowd,
	individual.Captures,
	sessions.AutoDay,
	sessions.AutoOverlap,
	lifecycle.Pair,
	lifecycle.Pause,
	composed.Sizes,
	composed.FullHD,
	sessions.Automatic,
	sessions.Selection,
	delivery.Cloud,
	lifecycle.TwelveHours,
	delivery.Retry,
	sessions.Rotation,
	delivery.Encryption,
	sessions.Simultaneous,
	individual.Chosen,
	individual.Interrupted,
	individual.Kinds,
	individual.Matroska,
	composed.Codecs,
	access.Legacy,
	composed.AudioOnly,
	composed.VideoOnly,
	sessions.AutoSilent,
	delivery.FallsBack,
	delivery.Recovers,
	delivery.GivenUp,
	sessions.Presence,
	lifecycle.Broken,
	delivery.Azure,
	lifecycle.FourHours,
	lifecycle.IndividualTwelveHours,
	lifecycle.IndividualFourHours,
	lifecycle.IndividualIdle,
	lifecycle.IndividualNobody,
	lifecycle.Idle,
	lifecycle.AllLeft,
	lifecycle.NoPublisher,
	access.Listing,
	delivery.Undelivered,
	access.Isolation,
	access.Auth,
	access.Refusals,
}
