// Package judge has all checks by clause and turns evidence into one verdict per clause.
package judge

import (
	"reelcheck/conformance/check"
	"reelcheck/conformance/check/access"
	"reelcheck/conformance/check/callbacks"
	"reelcheck/conformance/check/composed"
	"reelcheck/conformance/check/delivery"
	"reelcheck/conformance/check/individual"
	"reelcheck/conformance/check/lifecycle"
	"reelcheck/conformance/check/sessions"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Checks are all checks by clause.
var Checks = index(lifecycle.Checks, delivery.Checks, callbacks.Checks, composed.Checks, access.Checks, sessions.Checks, individual.Checks)

func index(chapters ...[]check.Check) map[string]check.Check {
	all := map[string]check.Check{}
	for _, chapter := range chapters {
		for _, ch := range chapter {
			if _, twice := all[ch.Clause]; twice {
				panic("judge: internal error: two checks for " + ch.Clause)
			}
			all[ch.Clause] = ch
		}
	}
	return all
}

// Bench is evidence laid out for judging: all clauses over the same facts.
type Bench struct {
	facts        *facts.Facts
	capabilities []string
}

// Lay sorts the evidence. capabilities are those the target declares.
func Lay(ledger spec.Ledger, v evidence.View, capabilities []string) *Bench {
	return &Bench{facts.Sort(ledger, v), capabilities}
}

// Lay sorts other evidence for the same target; what was decoded for b is not decoded again.
func (b *Bench) Lay(v evidence.View) *Bench {
	return &Bench{b.facts.With(v), b.capabilities}
}

// Judge judges one clause of the ledger.
func (b *Bench) Judge(cl spec.Clause) verdict.Verdict {
	return check.Grade(b.facts, cl, b.capabilities, Checks[cl.ID])
}

// Grade judges every clause of the ledger by the evidence: a pure function.
// Excluded clauses have no verdict.
func Grade(ledger spec.Ledger, v evidence.View, capabilities []string) []verdict.Verdict {
	b := Lay(ledger, v, capabilities)
	var out []verdict.Verdict
	for _, cl := range ledger.Clauses {
		if cl.Verify != spec.Excluded {
			out = append(out, b.Judge(cl))
		}
	}
	return out
}
