// Package verdict defines what the suite says about clauses: outcomes, findings, the counts of a run and its exit code.
package verdict

import (
	"fmt"
	"strings"
)

// Outcome is the result for one clause.
type Outcome string

const (
	// Pass means that there is proof that the target does what the clause demands.
	Pass Outcome = "pass"
	// Fail means that the target contradicted the clause, or that its behaviour made it impossible to show the clause and
	// contradicts no other one.
	Fail Outcome = "fail"
	// Inconclusive means that the clause could not be judged: because of the harness or the environment, or because
	// another clause is broken, which [Verdict.BlockedBy] names.
	Inconclusive Outcome = "inconclusive"
	// NotApplicable means that the target file does not declare or prepare what the clause needs.
	NotApplicable Outcome = "not-applicable"
	// Pledged means that the clause demands something in the future, which a later run verifies.
	Pledged Outcome = "pledged"
	// Pending means that the suite does not verify the clause yet, or that it would take longer than this run may wait.
	Pending Outcome = "pending"
)

// Outcomes lists every outcome in the order of a run's last line.
var Outcomes = []Outcome{Pass, Fail, Inconclusive, NotApplicable, Pledged, Pending}

// Finding is one contradiction between a clause and what the target did.
type Finding struct {
	Clause   string   `json:"clause"`
	Expected string   `json:"expected"`
	Actual   string   `json:"actual"`
	Where    []string `json:"where"`               // references into the evidence
	Blocked  string   `json:"blockedBy,omitempty"` // the earlier fault that made it impossible to show the clause
	Times    int      `json:"times,omitempty"`     // how often it was found in the same archive
	At       float64  `json:"at,omitempty"`        // second of the file at which it shows, if one does
}

func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: expected %s, actual %s", f.Clause, f.Expected, f.Actual)
	if f.Times > 0 {
		fmt.Fprintf(&b, " (%d times)", f.Times)
	}
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
	Reason   string    `json:"reason,omitempty"` // why it neither passes nor fails
	Findings []Finding `json:"findings,omitempty"`
	Proof    []string  `json:"proof,omitempty"` // what a pass rests on
	Time     string    `json:"time,omitempty"`  // instant, virtual, real or deferred
	Fault    bool      `json:"-"`               // of the suite itself: the check panicked
	// BlockedBy names the broken clauses from which all findings follow. The clause then neither passes nor fails.
	BlockedBy []string `json:"blockedBy,omitempty"`
}

// Counts are the numbers of verdicts at the end of a run. The printed line and the JSON report are both made from them.
type Counts struct {
	Passed        int `json:"passed"`
	Failed        int `json:"failed"`
	Inconclusive  int `json:"inconclusive"`
	NotApplicable int `json:"notApplicable"`
	Pledged       int `json:"pledged"`
	Pending       int `json:"pending"`
	// Excused is how many of the failed clauses the baseline expects to fail. It is no outcome of its own.
	Excused int `json:"excused,omitempty"`
}

// Of returns how many verdicts have an outcome.
func (c Counts) Of(o Outcome) int {
	return map[Outcome]int{Pass: c.Passed, Fail: c.Failed, Inconclusive: c.Inconclusive, NotApplicable: c.NotApplicable,
		Pledged: c.Pledged, Pending: c.Pending}[o]
}

// Count counts verdicts by outcome.
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

// Plus returns the sum of both counts.
func (c Counts) Plus(o Counts) Counts {
	return Counts{c.Passed + o.Passed, c.Failed + o.Failed, c.Inconclusive + o.Inconclusive,
		c.NotApplicable + o.NotApplicable, c.Pledged + o.Pledged, c.Pending + o.Pending, c.Excused + o.Excused}
}

// Total returns the number of clauses counted.
func (c Counts) Total() int {
	return c.Passed + c.Failed + c.Inconclusive + c.NotApplicable + c.Pledged + c.Pending
}

// Unjudged reports whether nothing is said about the target: each clause is not applicable or pending.
func (c Counts) Unjudged() bool { return c.NotApplicable+c.Pending == c.Total() }

// String returns the last line of a run, word for word. It names excused failures only if there are any.
func (c Counts) String() string {
	line := fmt.Sprintf("conform: %d passed, %d failed, %d inconclusive, %d not applicable, %d pledged, %d pending",
		c.Passed, c.Failed, c.Inconclusive, c.NotApplicable, c.Pledged, c.Pending)
	if c.Excused > 0 {
		line += fmt.Sprintf(", %d excused", c.Excused)
	}
	return line
}
