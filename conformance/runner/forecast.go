package runner

import (
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/verdict"
)

// Forecast returns the verdicts that are certain before the run, by clause: not applicable, pending or pledged. The others depend
// on the target. What the clients cannot do is not known yet.
func (p Plan) Forecast() map[string]verdict.Verdict {
	var v evidence.View
	for _, s := range p.Scenarios {
		v.Records = append(v.Records, p.foreseen(s)...)
	}
	prepared := judge.Prepare(p.Ledger, v, p.capabilities())
	out := map[string]verdict.Verdict{}
	for _, cl := range p.Clauses {
		if !p.Judged(cl) || !slices.ContainsFunc(p.Scenarios, func(s scenario.Scenario) bool { return p.shows(s, cl.ID) }) {
			out[cl.ID] = prepared.Judge(cl)
		}
	}
	return out
}

// foreseen returns what the evidence will say of s, whatever the target does: why it is not run, or which looks are not taken.
func (p Plan) foreseen(s scenario.Scenario) []evidence.Record {
	out := s.Unmade(p.File)
	last, unmet := s.Unmet(p.File)
	if !unmet {
		last = evidence.Step{Outcome: evidence.Done}
		for _, look := range s.Later {
			if wait := s.Waits(look); clock.TooLong(p.File, wait) != nil {
				out = append(out, look.Missed(p.File, wait, time.Time{}, nil)...)
			}
		}
	}
	out = append(out, evidence.Record{Label: "scenario", Step: &last})
	for i := range out {
		out[i].Scenario = s.Name
	}
	return out
}

// shows reports whether s will show the clause, as far as that is for the target file to say.
func (p Plan) shows(s scenario.Scenario, clause string) bool {
	_, unmet := s.Unmet(p.File)
	unmade := len(s.Unmade(p.File)) > 0 && slices.Contains(s.Made, clause)
	return !unmet && !unmade && slices.Contains(judge.Checks[clause].Shown, s.Name) &&
		!slices.ContainsFunc(s.Later, func(l scenario.Later) bool { return l.Shows(clause) && clock.TooLong(p.File, s.Waits(l)) != nil })
}
