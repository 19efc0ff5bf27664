package config

import "slices"

// Ability is what the clients of a driver can do beyond publishing and unpublishing. A scenario that needs another one is
// not run, and clauses that only such scenarios show are not applicable.
type Ability string

const (
	CanConnect Ability = "connect" // be connected without publishing, and receive events
	CanMute    Ability = "mute"    // stop and resume one track of a publication
	CanVanish  Ability = "vanish"  // leave without a message, as a client does whose network fails
	CanCut     Ability = "cut"     // cut the network between two units, and restore it by an ICE restart
	CanSwitch  Ability = "switch"  // continue a track with another video
	CanLag     Ability = "lag"     // delay units and sender reports by a given time
	CanCrowd   Ability = "crowd"   // publish a dozen videos and more at a time
	CanUnits   Ability = "units"   // send the coded units of the fixtures as they are, each at its exact time
)

// Abilities lists all abilities.
var Abilities = []Ability{CanConnect, CanMute, CanVanish, CanCut, CanSwitch, CanLag, CanCrowd, CanUnits}

// Says returns what the ability is, for people.
func (a Ability) Says() string {
	return map[Ability]string{
		CanConnect: "be connected without publishing",
		CanMute:    "mute one track",
		CanVanish:  "leave without a message",
		CanCut:     "cut and restore their network",
		CanSwitch:  "continue a track with another video",
		CanLag:     "delay media by a given time",
		CanCrowd:   "publish a dozen videos at a time",
		CanUnits:   "send the fixtures as they are coded",
	}[a]
}

// FirstMissing returns the first of need that is not in can, or "".
func FirstMissing(can, need []Ability) Ability {
	for _, a := range need {
		if !slices.Contains(can, a) {
			return a
		}
	}
	return ""
}
