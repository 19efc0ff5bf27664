package runner

import (
	"math"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/cost"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/all"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
	"reelcheck/spec"
)

// Estimate is what a run will do, by what its scenarios did in a recorded run.
type Estimate struct {
	cost.Cost
	Scenarios map[string]cost.Cost // that run
	Longest   time.Duration        // the longest wait of a scenario
	Takes     time.Duration        // the whole run
}

// Estimate returns what the run will do. Scenarios that cannot run cost nothing.
func (p Plan) Estimate() (Estimate, error) {
	e := Estimate{Scenarios: map[string]cost.Cost{}}
	recorded, err := cost.Recorded()
	if err != nil {
		return e, err
	}
	slots := scenario.Slots()
	var jobs []cost.Job
	for _, s := range scenario.Ordered(p.File, p.Scenarios) {
		if _, unmet := s.Unmet(p.File); unmet {
			continue
		}
		c := recorded[s.Name].For(p.File).As(p.kind)
		if p.File.Time != config.Virtual {
			c = c.Longer(s.Wait)
			waits := s.Wait
			for _, look := range s.Later {
				if wait := s.Waits(look); clock.TooLong(p.File, wait) == nil {
					waits = max(waits, wait)
				}
			}
			c.Took += (waits - s.Wait).Seconds()
			e.Longest = max(e.Longest, waits)
		}
		e.Scenarios[s.Name] = c
		e.Cost = e.Plus(c)
		jobs = append(jobs, cost.Job{Slots: scenario.Weight(p.File, s, slots), Takes: time.Duration(math.Ceil(c.Took)) * time.Second})
	}
	e.Takes = cost.Schedule(slots, jobs)
	return e, nil
}

// kind returns as what a target records what the recorded run has of a kind, or "". Where it has no full HD, scenarios take the
// next size, or leave it out; this counts the first.
func (p Plan) kind(recorded string) string {
	switch {
	case recorded == "individual" && !p.File.Has(config.Individual):
		return ""
	case p.File.Has(config.FHD):
		return recorded
	}
	return strings.NewReplacer("1920x1080", "1280x720", "1080x1920", "720x1280").Replace(recorded)
}

// Mode says how a clause can be judged apart from an advanced clock.
type Mode struct {
	Clause   spec.Clause
	Real     bool          // a wait shows it
	Wait     time.Duration // how long, in all
	Deferred bool          // a pledge can be left
}

// Modes returns the modes of the clauses of the plan that are judged.
func (p Plan) Modes() []Mode {
	var out []Mode
	for _, cl := range p.Clauses {
		if !p.Judged(cl) {
			continue
		}
		m := Mode{Clause: cl}
		for _, s := range all.Scenarios {
			if !slices.Contains(judge.Checks[cl.ID].Shown, s.Name) || s.Virtual {
				continue
			}
			wait := s.Wait
			for _, look := range s.Later {
				if look.Shows(cl.ID) {
					wait = s.Waits(look)
				}
				m.Deferred = m.Deferred || slices.Contains(look.Clauses, cl.ID)
			}
			if !m.Real || wait < m.Wait {
				m.Real, m.Wait = true, wait
			}
		}
		out = append(out, m)
	}
	return out
}
