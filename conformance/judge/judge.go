// Package judge holds all checks by clause and turns evidence into one verdict per clause:
//
//	p := judge.Prepare(ledger, view, capabilities)
//	v := p.Judge(clause)
//
// Judging is a pure function of its arguments. The caller passes the evidence of scenarios that have ended, together
// with the capabilities that the target declares in the words of the ledger. It must not use a Prepared from several
// goroutines.
package judge

import (
	"slices"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/access"
	"reelcheck/conformance/check/automatic"
	"reelcheck/conformance/check/callbacks"
	"reelcheck/conformance/check/composed"
	"reelcheck/conformance/check/delivery"
	"reelcheck/conformance/check/individual"
	"reelcheck/conformance/check/lifecycle"
	"reelcheck/conformance/check/rates"
	"reelcheck/conformance/check/sessions"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Checks holds all checks by clause.
var Checks = index(lifecycle.Checks, delivery.Checks, callbacks.Checks, composed.Checks, rates.Checks, access.Checks, automatic.Checks, sessions.Checks, individual.Checks)

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

// Prepared is evidence sorted for judging, so that all clauses share the same facts.
type Prepared struct {
	facts        *facts.Facts
	capabilities []string
	applicable   map[string]check.Check
	selected     func(clause string) bool // nil: all
}

// Prepare sorts the evidence. capabilities are those that the target declares, selected the clauses to judge; none means all.
func Prepare(ledger spec.Ledger, v evidence.View, capabilities []string, selected ...string) *Prepared {
	p := &Prepared{facts: facts.Sort(ledger, v), capabilities: capabilities, applicable: map[string]check.Check{}}
	if len(selected) > 0 {
		p.selected = func(clause string) bool { return slices.Contains(selected, clause) }
	}
	for _, cl := range ledger.Clauses {
		if ch, ok := Checks[cl.ID]; ok && cl.Verify == spec.Checks && check.Lacks(cl, capabilities) == "" {
			p.applicable[cl.ID] = ch
		}
	}
	return p
}

// With sorts other evidence for the same target and reuses what p has decoded.
func (p *Prepared) With(v evidence.View) *Prepared {
	return &Prepared{p.facts.With(v), p.capabilities, p.applicable, p.selected}
}

// Judge judges one clause of the ledger.
func (p *Prepared) Judge(cl spec.Clause) verdict.Verdict {
	return check.Grade(p.facts, cl, p.capabilities, Checks[cl.ID], check.Causes{Earlier: earlier[cl.ID], Checks: p.applicable, Selected: p.selected})
}

// Grade judges the selected clauses of the ledger by the evidence; none means all. Excluded clauses get no verdict.
func Grade(ledger spec.Ledger, v evidence.View, capabilities []string, selected ...string) []verdict.Verdict {
	p := Prepare(ledger, v, capabilities, selected...)
	var out []verdict.Verdict
	for _, cl := range ledger.Clauses {
		if cl.Verify != spec.Excluded && (p.selected == nil || p.selected(cl.ID)) {
			out = append(out, p.Judge(cl))
		}
	}
	return out
}
