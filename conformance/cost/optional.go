package cost

import (
	"maps"
	"slices"
	"strings"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/target/config"
)

// Scenario is the cost of a scenario. Only has what it does besides for targets that declare capabilities, by their names with
// spaces between them.
type Scenario struct {
	Cost
	Only map[string]Cost `json:"only,omitempty"`
}

// For returns the cost for a target. Every scenario takes as long as if the target declared everything.
func (s Scenario) For(f config.File) Cost {
	return s.sum(func(c string) bool { return f.Has(config.Capability(c)) })
}

func (s Scenario) sum(has func(capability string) bool) Cost {
	out := s.Cost
	for need, more := range s.Only {
		if !slices.ContainsFunc(strings.Fields(need), func(c string) bool { return !has(c) }) {
			out = out.Plus(more)
		}
	}
	return out
}

// with returns s with a further cost, for targets that declare what it needs.
func (s Scenario) with(more Cost, need string) Scenario {
	if need == "" {
		s.Cost = s.Plus(more)
		return s
	}
	s.Only = maps.Clone(s.Only)
	if s.Only == nil {
		s.Only = map[string]Cost{}
	}
	s.Only[need] = s.Only[need].Plus(more)
	return s
}

// optional lists the archives that scenarios make only for targets with capabilities that the scenarios can do without: by the
// label of the record that shows their start, or by what the labels of several begin with.
var optional = []struct{ scenario, label, need string }{
	{scenarios.Refusals, "edge.qp-", "qp"},
	{scenarios.Refusals, "edge.bitrate-", "bitrate"},
	{scenarios.Cloud, "start.individual", "individual"},
	{scenarios.GivenUp, "individual.start", "individual"},
	{scenarios.Selection, "other.start", "simultaneous"},
	{scenarios.Selection, "left.start", "events"},
	{scenarios.Chosen, "beside.start", "simultaneous"},
	{scenarios.Automatic, "beside.start", "simultaneous"},
	{scenarios.AutoPaused, "beside.start", "simultaneous"},
	{scenarios.AutoOverlap, "list.moved", "rotation"},
	{scenarios.Many, "chosen.start", "manual-streams"},
	{scenarios.Presentations, "1080x1920.start", "fhd"},
	{scenarios.Presentations, "1920x1080.start", "fhd"},
	{scenarios.AllLeft, "unchosen.start", "manual-streams simultaneous"},
	{scenarios.IndividualAllLeft, "unchosen.start", "manual-streams simultaneous"},
	{scenarios.NoPublisher, "beside.start", "simultaneous"},
	{scenarios.AllLeft, "beside.start", "simultaneous"},
	{scenarios.Idle, "beside.start", "simultaneous"},
	{scenarios.FourHours, "beside.start", "simultaneous"},
	{scenarios.TwelveHours, "beside.start", "simultaneous"},
	{scenarios.IndividualNobody, "beside.start", "simultaneous"},
	{scenarios.IndividualAllLeft, "beside.start", "simultaneous"},
	{scenarios.IndividualIdle, "beside.start", "simultaneous"},
	{scenarios.IndividualFourHours, "beside.start", "simultaneous"},
	{scenarios.IndividualTwelveHours, "beside.start", "simultaneous"},
}

// Needed returns what a target must declare for the archive of a scenario with that label to be made, or "".
func Needed(scenario, label string) string {
	for _, o := range optional {
		if o.scenario == scenario && strings.HasPrefix(label, o.label) {
			return o.need
		}
	}
	return ""
}
