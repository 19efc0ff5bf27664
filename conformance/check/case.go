// Package check has what the clauses demand. A check is a pure function that reads the facts through a [Case] and says what is
// wrong with them; the packages below have the checks, by the chapters of the ledger, and this one what they share.
//
// Facts are in conformance/facts, which judges nothing.
package check

import (
	"fmt"
	"slices"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
)

// Case is the judging of one clause: a check reads the evidence through it and
// notes what it rests on and what contradicts the clause. A check that notes
// neither has shown nothing, and nothing is not a pass.
type Case struct {
	*facts.Facts
	clause       string
	findings     []verdict.Finding
	proof        []string
	inconclusive []string
	doubts       []string
}

func refs(at []evidence.Record) []string {
	var out []string
	for _, r := range at {
		if ref := r.Ref(); !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	return out
}

// maxProof keeps a report readable where everything bears a clause out.
const maxProof = 24

// Saw notes evidence that bears the clause out.
func (c *Case) Saw(at ...evidence.Record) {
	if len(c.proof) >= maxProof {
		return
	}
	for _, ref := range refs(at) {
		if !slices.Contains(c.proof, ref) {
			c.proof = append(c.proof, ref)
		}
	}
}

// Shown: something bears the clause out so far.
func (c *Case) Shown() bool { return len(c.proof) > 0 }

// Wrong notes a contradiction.
func (c *Case) Wrong(expected, actual string, at ...evidence.Record) {
	c.findings = append(c.findings, verdict.Finding{Clause: c.clause, Expected: expected, Actual: actual, Where: refs(at)})
}

// Want notes at as proof, or as a contradiction unless ok.
func (c *Case) Want(ok bool, expected, actual string, at ...evidence.Record) bool {
	if ok {
		c.Saw(at...)
	} else {
		c.Wrong(expected, actual, at...)
	}
	return ok
}

// Blocked notes that the target's behaviour kept the clause from being shown.
func (c *Case) Blocked(expected, by string, at ...evidence.Record) {
	c.findings = append(c.findings, verdict.Finding{Clause: c.clause, Expected: expected, Actual: "could not be shown",
		Where: refs(at), Blocked: by})
}

// Unclear notes trouble of the harness or the environment.
func (c *Case) Unclear(why string) { c.inconclusive = append(c.inconclusive, why) }

// doubt notes evidence that could not be used. It counts only when nothing else was shown.
func (c *Case) doubt(why string) { c.doubts = append(c.doubts, why) }

// Outcome prints what came back from an exchange.
func Outcome(r evidence.Record) string {
	e := r.Exchange
	switch {
	case e == nil:
		return "nothing"
	case e.Response == nil:
		return "no answer: " + e.Error
	}
	s := fmt.Sprintf("%d", e.Response.Status)
	if t := e.Response.Body.Text; t != "" && e.Response.Status >= 300 {
		s += " " + text.Clip(t, 160)
	}
	return s
}

// New is the check of a clause that any of the scenarios shows.
func New(clause string, judge func(*Case), scenarios ...string) Check {
	return Check{clause, scenarios, judge}
}
