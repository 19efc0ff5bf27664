package check

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/spec"
)

// Check says how one clause is judged.
type Check struct {
	Clause string
	Shown  []string // scenarios whose evidence shows the clause; any of them will do
	Judge  func(*Case)
}

// Checks are all checks by clause.
var Checks = index(startChecks, stopChecks, durationChecks, statusChecks, callbackChecks, storageChecks, urlChecks,
	composedChecks, sizeChecks, rateChecks, authChecks, listChecks, readChecks, deleteChecks, eventChecks, sessionChecks,
	automaticChecks, simultaneousChecks, selectionChecks, noticeChecks)

func index(chapters ...[]Check) map[string]Check {
	all := map[string]Check{}
	for _, chapter := range chapters {
		for _, ch := range chapter {
			if _, twice := all[ch.Clause]; twice {
				panic("check: internal error: two checks for " + ch.Clause)
			}
			all[ch.Clause] = ch
		}
	}
	return all
}

// Bench is evidence laid out for judging: all clauses over the same facts.
type Bench struct {
	facts        *facts
	capabilities []string
}

// Lay sorts the evidence. capabilities are those the target declares.
func Lay(ledger spec.Ledger, v evidence.View, capabilities []string) *Bench {
	return &Bench{sortOut(ledger, v), capabilities}
}

// Lay sorts other evidence for the same target; what was decoded for b is not decoded again.
func (b *Bench) Lay(v evidence.View) *Bench {
	f := &facts{ledger: b.facts.ledger, decoded: b.facts.decoded, files: b.facts.files}
	f.sortOut(v)
	return &Bench{f, b.capabilities}
}

// Judge judges one clause of the ledger.
func (b *Bench) Judge(cl spec.Clause) Verdict { return b.facts.grade(cl, b.capabilities) }

// Grade judges every clause of the ledger by the evidence: a pure function.
// Excluded clauses have no verdict.
func Grade(ledger spec.Ledger, v evidence.View, capabilities []string) []Verdict {
	b := Lay(ledger, v, capabilities)
	var out []Verdict
	for _, cl := range ledger.Clauses {
		if cl.Verify != spec.Excluded {
			out = append(out, b.Judge(cl))
		}
	}
	return out
}

func (f *facts) grade(cl spec.Clause, capabilities []string) Verdict {
	v := Verdict{Clause: cl.ID, Time: timeOf(cl, capabilities)}
	if cl.Verify == spec.Pending {
		v.Outcome, v.Reason = Pending, "the suite does not verify this clause yet"
		return v
	}
	for _, need := range cl.Capability {
		if !slices.Contains(capabilities, string(need)) {
			v.Outcome, v.Reason = NotApplicable, "the target does not declare "+string(need)
			return v
		}
	}
	ch, ok := Checks[cl.ID]
	if !ok {
		v.Outcome, v.Reason, v.Fault = Inconclusive, "fault of the suite: no check for this clause", true
		return v
	}
	c := &Case{facts: f, clause: cl.ID}
	if fault := c.run(ch); fault != "" {
		v.Outcome, v.Reason, v.Fault = Inconclusive, fault, true
		return v
	}
	f.conclude(&v, c, ch)
	return v
}

// run judges. A check that panics is a fault of the suite in one clause; the
// others, and the report, are not to be lost with it.
func (c *Case) run(ch Check) (fault string) {
	defer func() {
		if p := recover(); p != nil {
			fault = fmt.Sprintf("fault of the suite: check of %s panicked: %v", ch.Clause, p)
		}
	}()
	ch.Judge(c)
	return ""
}

// timeOf says in which mode of time a clause is judged.
func timeOf(cl spec.Clause, capabilities []string) string {
	switch {
	case cl.Time != spec.Virtual:
		return "instant"
	case slices.Contains(capabilities, "control"):
		return "virtual"
	}
	return "real"
}

// maxFindings keeps a report readable when one fault shows in every record.
const maxFindings = 8

// conclude turns what a check noted into an outcome. A contradiction outweighs
// trouble of the harness, which outweighs proof; nothing at all is never a pass.
func (f *facts) conclude(v *Verdict, c *Case, ch Check) {
	switch {
	case len(c.findings) > 0:
		v.Outcome, v.Findings = Fail, c.findings
		if n := len(c.findings); n > maxFindings {
			v.Findings = c.findings[:maxFindings]
			v.Reason = fmt.Sprintf("%d more findings of the same clause", n-maxFindings)
		}
	case len(c.inconclusive) > 0:
		v.Outcome, v.Reason = Inconclusive, strings.Join(slices.Compact(c.inconclusive), "; ")
	case len(c.proof) > 0:
		v.Outcome, v.Proof = Pass, c.proof
	case len(c.doubts) > 0:
		v.Outcome, v.Reason = Inconclusive, strings.Join(slices.Compact(c.doubts), "; ")
	default:
		f.unshown(v, ch)
	}
}

// unshown explains why there is nothing to judge by the fate of the scenarios
// that would have shown it: what the target blocked is a failure of the target.
func (f *facts) unshown(v *Verdict, ch Check) {
	v.Outcome = Inconclusive
	var why []string
	for _, name := range ch.Shown {
		step, ok := f.view.Outcome(name)
		switch {
		case !ok:
			why = append(why, "scenario "+name+" was not run")
		case step.Outcome == evidence.Blocked:
			v.Outcome = Fail
			v.Findings = append(v.Findings, f.blockedBy(ch.Clause, name, step))
		case step.Outcome == evidence.Unmet:
			why = append(why, "scenario "+name+" needs "+step.BlockedBy)
		case step.Outcome == evidence.Broken:
			why = append(why, "scenario "+name+" broke: "+step.Text)
		case step.Outcome == evidence.Done:
			why = append(why, "scenario "+name+" left no evidence of it")
		default:
			why = append(why, "scenario "+name+" did not end")
		}
	}
	if v.Outcome != Fail {
		v.Reason = "not shown: " + strings.Join(why, "; ")
	}
}

func (f *facts) blockedBy(clause, scenario string, step evidence.Step) Finding {
	found := Finding{Clause: clause, Expected: "what the clause demands, in scenario " + scenario, Actual: "could not be shown", Blocked: step.Text}
	if r, ok := f.view.Scenario(scenario).Label(step.BlockedBy).Last(); ok {
		found.Where = refs([]evidence.Record{r})
	}
	if found.Blocked == "" {
		found.Blocked = step.BlockedBy
	}
	return found
}
