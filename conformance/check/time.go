package check

import (
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// timeOf returns the way in which time passed, or would pass, for a clause: instant, virtual, real or deferred.
func timeOf(v evidence.View, cl spec.Clause, ch Check, capabilities []string) string {
	shown := v.Where(func(r *evidence.Record) bool { return slices.Contains(ch.Shown, r.Scenario) })
	switch {
	case cl.Time != spec.Virtual:
		return "instant"
	case slices.ContainsFunc(shown.Records, func(r evidence.Record) bool {
		return r.Pledge != nil && slices.Contains(r.Pledge.Clauses, cl.ID)
	}):
		return "deferred"
	case slices.Contains(capabilities, "control") && !waits(shown):
		return "virtual"
	}
	return "real"
}

// waits reports whether time passed by waiting, or would have had to.
func waits(v evidence.View) bool {
	return slices.ContainsFunc(v.Records, func(r evidence.Record) bool {
		return r.Watch != nil && r.Watch.What == evidence.PolicyTime || r.Step != nil && r.Step.Outcome == evidence.Unwaited
	})
}

// later reports whether the look of a scenario that shows the clause was put off.
func later(f *facts.Facts, clause, scenario string) bool {
	return slices.ContainsFunc(f.View.Scenario(scenario).Steps().Records, func(r evidence.Record) bool {
		return r.Step.Outcome == evidence.Unwaited && slices.Contains(r.Step.Clauses, clause)
	})
}

// postpone replaces an inconclusive verdict when the only reason is that the run may not wait for so long. A pledge that names
// the clause promises that it will be looked at.
func postpone(v evidence.View, to *verdict.Verdict, cl spec.Clause, ch Check) {
	var why []string
	for _, name := range ch.Shown {
		of := v.Scenario(name)
		last, _ := of.Outcome(name)
		if last.Outcome == evidence.Broken {
			return
		}
		for _, r := range of.Pledges().Records {
			if slices.Contains(r.Pledge.Clauses, cl.ID) {
				to.Outcome, to.Reason = verdict.Pledged, "can be looked at from "+r.Pledge.From.Format(time.RFC3339)
				return
			}
		}
		for _, r := range of.Steps().Records {
			concerns := r.Label == "scenario" || slices.Contains(r.Step.Clauses, cl.ID)
			if r.Step.Outcome == evidence.Unwaited && concerns && !slices.Contains(why, r.Step.Text) {
				why = append(why, r.Step.Text)
			}
		}
	}
	if len(why) > 0 {
		to.Outcome, to.Reason = verdict.Pending, strings.Join(why, "; ")
	}
}
