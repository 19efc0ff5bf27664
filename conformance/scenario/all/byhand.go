package all

import (
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/target/config"
)

// ByHand says what a person prepares so that one of the scenarios given shows a clause without the control API, or why nobody can. It is ""
// if there is nothing to prepare.
func ByHand(clause string, scenarios []string) string {
	plain := config.File{Time: config.Real, LongestWait: config.Duration(1000 * time.Hour), Capabilities: slices.DeleteFunc(slices.Clone(config.Capabilities),
		func(c config.Capability) bool { return c == config.Control || c == config.Faults })}
	var prepared, steered []string
	for _, s := range Scenarios {
		if !slices.Contains(scenarios, s.Name) {
			continue
		}
		step, unmet := s.Unmet(plain)
		switch {
		case slices.Contains(s.Made, clause) || step.BlockedBy == string(config.Control):
			steered = append(steered, s.OnlyControl())
		case !unmet:
			return ""
		default:
			prepared = append(prepared, step.Text)
		}
	}
	if len(prepared) == 0 {
		prepared = steered
	}
	return strings.Join(slices.Compact(prepared), "; or ")
}
