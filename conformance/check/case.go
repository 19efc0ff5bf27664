// Package check judges the clauses of the ledger. A check is a pure function: it reads the facts through a [Case] and
// notes on the Case what bears the clause out and what contradicts it. The packages below hold the checks, one package
// for each group of chapters; this package holds what they share:
//
//	check.New("ARC-START-19", func(c *check.Case) {
//		for _, h := range c.StartedArchives() {
//			for _, s := range h.Reads() {
//				c.Want(s.Text("name") == h.Request.Text("name"), h.Request.Show("name"), s.Show("name"), s.At)
//			}
//		}
//	}, scenarios.Pair)
//
// A check must note something wherever it finds evidence that concerns its clause: a check that notes nothing does not
// pass. It must not change the facts, read a clock or talk to the target. The facts themselves come from
// conformance/facts, which judges nothing.
package check

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
)

// Case is the judging of one clause. A check reads the evidence through it and notes what bears the clause out and what
// contradicts it. A check that notes neither has shown nothing, so the clause does not pass.
type Case struct {
	*facts.Facts
	clause       string
	notes        []note
	proof        []string
	inconclusive []string
	fault        string // the check panicked
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

// maxProof limits the records that a verdict lists as proof, to keep the report readable.
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

// Shown reports whether any evidence so far bears the clause out.
func (c *Case) Shown() bool { return len(c.proof) > 0 }

// Wrong notes a contradiction.
func (c *Case) Wrong(expected, actual string, at ...evidence.Record) {
	c.note(note{Finding: verdict.Finding{Expected: expected, Actual: actual}}, at)
}

// Follows notes a contradiction that follows from the breach of another clause. If the other clause holds, the
// contradiction counts against this one.
func (c *Case) Follows(from, expected, actual string, at ...evidence.Record) {
	if from == c.clause {
		from = ""
	}
	c.note(note{Finding: verdict.Finding{Expected: expected, Actual: actual}, suspect: from}, at)
}

// Want notes the records as proof if ok, and as a contradiction otherwise. It returns ok.
func (c *Case) Want(ok bool, expected, actual string, at ...evidence.Record) bool {
	if ok {
		c.Saw(at...)
	} else {
		c.Wrong(expected, actual, at...)
	}
	return ok
}

// Blocked notes that the target's behaviour made it impossible to show the clause.
func (c *Case) Blocked(expected, by string, at ...evidence.Record) {
	c.note(note{Finding: verdict.Finding{Expected: expected, Actual: "could not be shown", Blocked: by}}, at)
}

// Moment says at which second of a file the last contradiction shows, so that a report can show the picture of that moment.
func (c *Case) Moment(second float64) {
	if n := len(c.notes); n > 0 {
		c.notes[n-1].At = second
	}
}

func (c *Case) note(n note, at []evidence.Record) {
	n.Clause, n.Where, n.subject = c.clause, refs(at), about(c.Facts, at)
	if r, ok := unread(at); ok && n.Blocked == "" {
		n.Actual = Outcome(r)
	}
	if i := slices.IndexFunc(at, func(r evidence.Record) bool { return r.Media != nil || r.Individual != nil }); i >= 0 {
		n.film = at[i].Scenario
	}
	c.notes = append(c.notes, n)
}

// unread returns the only answer of the API among the records if nothing can be read in it. It is then what the target did: a member
// that a check misses was not left out.
func unread(at []evidence.Record) (answer evidence.Record, ok bool) {
	for _, r := range at {
		switch {
		case r.Exchange == nil:
		case ok:
			return answer, false
		default:
			answer, ok = r, true
		}
	}
	return answer, ok && facts.RestCall(answer) && answer.Exchange.Status()/100 == 2 && answer.Exchange.Unread() != ""
}

// Unclear notes a problem of the harness or the environment.
func (c *Case) Unclear(why string) { c.inconclusive = append(c.inconclusive, why) }

// Outcome describes the response of an exchange.
func Outcome(r evidence.Record) string {
	e := r.Exchange
	switch {
	case e == nil:
		return "nothing"
	case e.Response == nil:
		return "no answer: " + e.Error
	}
	s, body, why := fmt.Sprint(e.Status()), strings.TrimSpace(e.Response.Body.Text), e.Unread()
	switch {
	case why != "" && (e.Status() < 300 || body == "" || e.Error != ""):
		s += ", but " + why
	case e.Status() >= 300 && body != "":
		s += " " + text.Clip(body, 160)
	}
	return s
}

// New returns the check of a clause. Each of the scenarios is enough to show the clause.
func New(clause string, judge func(*Case), scenarios ...string) Check {
	return Check{Clause: clause, Shown: scenarios, Judge: judge}
}
