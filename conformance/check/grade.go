package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Check describes how one clause is judged.
type Check struct {
	Clause string
	Shown  []string // scenarios whose evidence shows the clause; one of them is enough
	Judge  func(*Case)

	beside []string
}

// Beside returns a check that also needs scenarios which show nothing of the clause by themselves.
func (ch Check) Beside(scenarios ...string) Check {
	ch.beside = scenarios
	return ch
}

// Needs returns the scenarios that have to run for the check.
func (ch Check) Needs() []string { return slices.Concat(ch.Shown, ch.beside) }

// Grade judges a clause with ch, for a target that declares the capabilities. What it finds may follow from causes.
func Grade(f *facts.Facts, cl spec.Clause, capabilities []string, ch Check, causes Causes) verdict.Verdict {
	v := verdict.Verdict{Clause: cl.ID, Time: timeOf(f.View, cl, ch, capabilities)}
	if cl.Verify == spec.Pending {
		v.Outcome, v.Reason = verdict.Pending, "the suite does not verify this clause yet"
		return v
	}
	if need := Lacks(cl, capabilities); need != "" {
		v.Outcome, v.Reason = verdict.NotApplicable, undeclared(f.Ledger, need)
		return v
	}
	if why := unable(f, ch); why != "" {
		v.Outcome, v.Reason = verdict.NotApplicable, why
		return v
	}
	if ch.Judge == nil {
		v.Outcome, v.Reason, v.Fault = verdict.Inconclusive, "fault of the suite: no check for this clause", true
		return v
	}
	c := caseOf(f, ch)
	if c.fault != "" {
		v.Outcome, v.Reason, v.Fault = verdict.Inconclusive, c.fault, true
		return v
	}
	conclude(f, &v, c, ch, causes)
	if v.Outcome == verdict.Inconclusive && len(v.BlockedBy) == 0 {
		if postpone(f.View, &v, cl, ch); v.Outcome != verdict.Inconclusive {
			v.Findings = nil
		}
	}
	return v
}

// Lacks returns the first capability that the clause needs and the target does not declare, or "".
func Lacks(cl spec.Clause, capabilities []string) string {
	for _, need := range cl.Capability {
		if !slices.Contains(capabilities, string(need)) {
			return string(need)
		}
	}
	return ""
}

// unable says why the clients of the run can take part in none of the scenarios that show a clause, or returns "".
func unable(f *facts.Facts, ch Check) (why string) {
	for _, name := range ch.Shown {
		step, ok := f.View.Outcome(name)
		if !ok || step.Outcome != evidence.Unable {
			return ""
		}
		why = step.Text
	}
	return why
}

// run calls the check. A panic in a check is a fault of the suite in that one clause: run returns it as text, so that
// the other verdicts and the report are not lost.
func (c *Case) run(ch Check) {
	defer func() {
		if p := recover(); p != nil {
			c.fault = fmt.Sprintf("fault of the suite: check of %s panicked: %v", ch.Clause, p)
		}
	}()
	ch.Judge(c)
}

// conclude turns the notes of a check into an outcome. A contradiction outweighs what follows from another clause, which
// outweighs trouble of the harness, which outweighs proof. Without any note the clause never passes.
func conclude(f *facts.Facts, v *verdict.Verdict, c *Case, ch Check, causes Causes) {
	own, blocked := blame(f, c.notes, causes)
	switch {
	case len(own) > 0:
		v.Outcome = verdict.Fail
		v.Findings, v.Reason = listed(own)
	case len(blocked) > 0:
		v.Outcome = verdict.Inconclusive
		v.Findings, v.Reason = listed(blocked)
		for _, n := range blocked {
			if !slices.Contains(v.BlockedBy, n.by) {
				v.BlockedBy = append(v.BlockedBy, n.by)
			}
		}
	case len(c.inconclusive) > 0:
		v.Outcome, v.Reason = verdict.Inconclusive, cmp.Or(unended(f.View, ch), strings.Join(slices.Compact(c.inconclusive), "; "))
	case len(c.proof) > 0:
		v.Outcome, v.Proof = verdict.Pass, c.proof
	default:
		unshown(f, v, ch)
	}
}

// unended says which scenarios of the clause did not end by themselves, or returns "". Then what the others lack tells nothing more.
func unended(v evidence.View, ch Check) string {
	var why []string
	for _, name := range ch.Shown {
		if step, ok := v.Outcome(name); ok && step.Torn() {
			why = append(why, "scenario "+name+" did not end")
		}
	}
	if len(why) == 0 {
		return ""
	}
	return "not shown: " + strings.Join(why, "; ")
}

// unshown explains why a clause has no evidence, by the outcomes of the scenarios that should have shown it. If the target
// blocked one of them, the clause fails. If some need what the target file does not declare or prepare, or what the clients
// cannot do, and the others have ended and show nothing of it, the clause is not applicable, and the reason says what it takes
// (decisions 0033 and 0035). It is not, if one of the others can look at it later.
func unshown(f *facts.Facts, v *verdict.Verdict, ch Check) {
	v.Outcome = verdict.Inconclusive
	var why, unmet, steered []string // steered is what the control API alone shows
	ended := 0
	for _, name := range ch.Shown {
		step, ok := f.View.Outcome(name)
		if own, said := needs(f.View.Scenario(name), ch.Clause); said && (own.Outcome == evidence.Unmet || step.Outcome == evidence.Done) {
			step = own
		}
		switch {
		case !ok:
			why = append(why, "scenario "+name+" was not run")
		case step.Outcome == evidence.Blocked:
			v.Outcome = verdict.Fail
			v.Findings = append(v.Findings, blockedBy(f, ch.Clause, name, step))
		case step.Outcome == evidence.Unable:
			why = append(why, "scenario "+name+" was not run: "+step.Text)
			unmet = append(unmet, step.Text)
		case step.Outcome == evidence.Unmet:
			why = append(why, "scenario "+name+" needs "+step.BlockedBy)
			if step.BlockedBy == "control" {
				steered = append(steered, step.Text)
			} else {
				unmet = append(unmet, step.Text)
			}
		case step.Outcome == evidence.Unwaited:
			why = append(why, "scenario "+name+" "+step.Text)
		case step.Outcome == evidence.Broken && !step.Torn():
			why = append(why, "scenario "+name+" broke: "+step.Text)
		case step.Outcome == evidence.Done && later(f, ch.Clause, name):
			why = append(why, "scenario "+name+" looks at it later")
		case step.Outcome == evidence.Done:
			if found, ok := unfetched(f, ch.Clause, name); ok {
				v.Findings = append(v.Findings, found)
			}
			why = append(why, "scenario "+name+" left no evidence of it")
			ended++
		default:
			why = append(why, "scenario "+name+" did not end")
		}
	}
	switch {
	case v.Outcome == verdict.Fail:
	case len(unmet)+len(steered) > 0 && len(unmet)+len(steered)+ended == len(ch.Shown):
		if len(unmet) == 0 {
			unmet = steered
		}
		v.Outcome, v.Reason, v.Findings = verdict.NotApplicable, strings.Join(slices.Compact(unmet), "; or "), nil
	default:
		v.Reason = "not shown: " + strings.Join(why, "; ")
	}
}

// needs returns the step which says what a scenario needs to show the clause, whatever else it shows without that.
func needs(scenario evidence.View, clause string) (evidence.Step, bool) {
	for _, r := range scenario.Steps().Records {
		if (r.Step.Outcome == evidence.Unmet || r.Step.Outcome == evidence.Unwaited) && slices.Contains(r.Step.Clauses, clause) {
			return *r.Step, true
		}
	}
	return evidence.Step{}, false
}

func blockedBy(f *facts.Facts, clause, scenario string, step evidence.Step) verdict.Finding {
	found := verdict.Finding{Clause: clause, Expected: "what the clause demands, in scenario " + scenario, Actual: "could not be shown", Blocked: step.Text}
	if r, ok := f.View.Scenario(scenario).Label(step.BlockedBy).Last(); ok {
		found.Where = refs([]evidence.Record{r})
	}
	if found.Blocked == "" {
		found.Blocked = step.BlockedBy
	}
	return found
}
