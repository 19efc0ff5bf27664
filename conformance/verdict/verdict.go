// Package verdict is what the suite says about clauses: outcomes, findings, the arithmetic of a run and its exit code.
package verdict

import (
	"fmt"
	"strings"
)

// Outcome is what the suite says about one clause.
type Outcome string

const (
	// Pass: the target did what the clause demands, and there is proof.
	Pass Outcome = "pass"
	// Fail: the target contradicted the clause, or its behaviour kept the
	// clause from being shown.
	Fail Outcome = "fail"
	// Inconclusive: the harness or the environment kept the clause from being judged.
	Inconclusive Outcome = "inconclusive"
	// NotApplicable: the target does not declare the capability the clause needs.
	NotApplicable Outcome = "not-applicable"
	// Pledged: what the clause demands lies in the future; a later run collects it.
	Pledged Outcome = "pledged"
	// Pending: the suite does not verify the clause yet.
	Pending Outcome = "pending"
)

// Outcomes lists every outcome in the order of the closing line of a run.
var Outcomes = []Outcome{Pass, Fail, Inconclusive, NotApplicable, Pledged, Pending}

// Finding is one contradiction between a clause and what the target did.
type Finding struct {
	Clause   string   `json:"clause"`
	Expected string   `json:"expected"`
	Actual   string   `json:"actual"`
	Where    []string `json:"where"`               // references into the evidence
	Blocked  string   `json:"blockedBy,omitempty"` // the earlier misbehaviour that kept the clause from being shown
}

func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: expected %s, actual %s", f.Clause, f.Expected, f.Actual)
	if f.Blocked != "" {
		fmt.Fprintf(&b, " (blocked by %s)", f.Blocked)
	}
	if len(f.Where) > 0 {
		fmt.Fprintf(&b, " [%s]", strings.Join(f.Where, ", "))
	}
	return b.String()
}

// Verdict is the judgement of one clause.
type Verdict struct {
	Clause   string    `json:"clause"`
	Outcome  Outcome   `json:"outcome"`
	Reason   string    `json:"reason,omitempty"` // why it is neither pass nor fail
	Findings []Finding `json:"findings,omitempty"`
	Proof    []string  `json:"proof,omitempty"` // what a pass rests on
	Time     string    `json:"time,omitempty"`  // instant, virtual, real or deferred
	Fault    bool      `json:"-"`               // of the suite itself: the check panicked
}

// Counts is the closing arithmetic of a run; the printed line and the JSON
// report are both made from it.
type Counts struct {
	Passed        int `json:"passed"`
	Failed        int `json:"failed"`
	Inconclusive  int `json:"inconclusive"`
	NotApplicable int `json:"notApplicable"`
	Pledged       int `json:"pledged"`
	Pending       int `json:"pending"`
}

// Count adds up verdicts by outcome.
func Count(verdicts []Verdict) Counts {
	var c Counts
	for _, v := range verdicts {
		c.add(v.Outcome)
	}
	return c
}

func (c *Counts) add(o Outcome) {
	switch o {
	case Pass:
		c.Passed++
	case Fail:
		c.Failed++
	case Inconclusive:
		c.Inconclusive++
	case NotApplicable:
		c.NotApplicable++
	case Pledged:
		c.Pledged++
	case Pending:
		c.Pending++
	default:
		panic(fmt.Sprintf("check: internal error: outcome %q", o))
	}
}

// Plus adds other counts.
func (c Counts) Plus(o Counts) Counts {
	return Counts{c.Passed + o.Passed, c.Failed + o.Failed, c.Inconclusive + o.Inconclusive,
		c.NotApplicable + o.NotApplicable, c.Pledged + o.Pledged, c.Pending + o.Pending}
}

// Total is the number of clauses counted.
func (c Counts) Total() int {
	return c.Passed + c.Failed + c.Inconclusive + c.NotApplicable + c.Pledged + c.Pending
}

// String is the last line of every run, word for word.
func (c Counts) String() string {
	return fmt.Sprintf("conform: %d passed, %d failed, %d inconclusive, %d not applicable, %d pledged, %d pending",
		c.Passed, c.Failed, c.Inconclusive, c.NotApplicable, c.Pledged, c.Pending)
}
