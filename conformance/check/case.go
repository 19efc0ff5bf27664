// Package check lays the evidence out for judging. A check is a pure function that
// reads what was seen through a [Case] and says what is wrong with it; its chapters are the packages below.
// Nothing in here talks to a target, reads a clock or opens a file.
package check

import (
	"fmt"
	"slices"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/verdict"
)

// Case is the judging of one clause: a check reads the evidence through it and
// notes what it rests on and what contradicts the clause. A check that notes
// neither has shown nothing, and nothing is not a pass.
type Case struct {
	*Facts
	clause       string
	findings     []verdict.Finding
	proof        []string
	inconclusive []string
	doubts       []string
}

// Ref is how a report points at a record of the evidence.
func Ref(r evidence.Record) string {
	s := r.Scenario
	if r.Label != "" {
		s += "/" + r.Label
	}
	return fmt.Sprintf("%s#%d", s, r.Seq)
}

func refs(at []evidence.Record) []string {
	var out []string
	for _, r := range at {
		if ref := Ref(r); !slices.Contains(out, ref) {
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
		s += " " + Clip(t, 160)
	}
	return s
}

// New is the check of a clause that any of the scenarios shows.
func New(clause string, shown []string, judge func(*Case)) Check { return Check{clause, shown, judge} }

// In lists the scenarios that show a clause.
func In(scenarios ...string) []string { return scenarios }
