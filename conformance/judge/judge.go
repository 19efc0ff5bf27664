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

// Prepared is evidence sorted for judging: all clauses over the same facts.
type Prepared struct {
	facts        *facts.Facts
	capabilities []string
}

// Prepare sorts the evidence. capabilities are those the target declares.
func Prepare(ledger spec.Ledger, v evidence.View, capabilities []string) *Prepared {
	return &Prepared{facts.Sort(ledger, v), capabilities}
}

// With sorts other evidence for the same target; what was decoded for p is not decoded again.
func (p *Prepared) With(v evidence.View) *Prepared {
	return &Prepared{p.facts.With(v), p.capabilities}
}

// Judge judges one clause of the ledger.
func (p *Prepared) Judge(cl spec.Clause) verdict.Verdict {
	return check.Grade(p.facts, cl, p.capabilities, Checks[cl.ID])
}

// Grade judges every clause of the ledger by the evidence: a pure function.
// Excluded clauses have no verdict.
func Grade(ledger spec.Ledger, v evidence.View, capabilities []string) []verdict.Verdict {
	p := Prepare(ledger, v, capabilities)
	var out []verdict.Verdict
	for _, cl := range ledger.Clauses {
		if cl.Verify != spec.Excluded {
			out = append(out, p.Judge(cl))
		}
	}
	return out
}
