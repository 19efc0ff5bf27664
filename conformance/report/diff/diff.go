// Package diff compares two reports clause by clause.
package diff

import (
	"fmt"
	"slices"

	"reelcheck/conformance/report"
	"reelcheck/conformance/verdict"
)

// Kind is what happened to a clause between two reports.
type Kind string

const (
	// Regressed means that the clause fails and did not before, or that it passed and is now inconclusive. A failure that the baseline excuses is none.
	Regressed Kind = "regressed"
	Fixed     Kind = "fixed" // it failed or was inconclusive, and passes
	// Flaky means another outcome of a clause that a baseline calls flaky.
	Flaky   Kind = "flaky"
	Outcome Kind = "outcome" // any other change of the outcome
	Level   Kind = "level"   // must, should or may
	Text    Kind = "text"    // the clause demands or forgives something else
	Added   Kind = "added"   // only the second report has it
	Removed Kind = "removed"
)

// Kinds lists all kinds in the order in which they are told.
var Kinds = []Kind{Regressed, Fixed, Flaky, Outcome, Level, Text, Added, Removed}

// Change is what happened to one clause. A clause may have several.
type Change struct {
	Kind   Kind   `json:"kind"`
	ID     string `json:"id"`
	Title  string `json:"title,omitempty"`
	Before string `json:"before,omitempty"` // outcome, level or text
	After  string `json:"after,omitempty"`
	Why    string `json:"why,omitempty"` // first finding of a regression
}

// Result is the comparison of two reports.
type Result struct {
	Changes []Change `json:"changes"` // by kind, then as in the second report
	Same    int      `json:"same"`    // clauses without any change
	// Ledger says that the reports were judged by different ledgers.
	Ledger bool `json:"ledgerChanged"`
	// Selection says that different clauses were asked for.
	Selection bool `json:"selectionChanged"`
	// NotBefore and NotAfter are clauses of one report that the other run was not to judge. They are not compared.
	NotBefore []Alone `json:"notSelectedBefore,omitempty"`
	NotAfter  []Alone `json:"notSelectedAfter,omitempty"`
}

// Alone is a clause that one report has.
type Alone struct {
	ID      string          `json:"id"`
	Outcome verdict.Outcome `json:"outcome"`
}

// Regressions counts the regressions.
func (r Result) Regressions() int { return r.count(Regressed) }

func (r Result) count(k Kind) int {
	n := 0
	for _, c := range r.Changes {
		if c.Kind == k {
			n++
		}
	}
	return n
}

// Compare compares two reports, the earlier one first.
func Compare(before, after *report.Report) Result {
	r := Result{Changes: []Change{}, Ledger: before.Suite.LedgerSHA256 != after.Suite.LedgerSHA256,
		Selection: !slices.Equal(before.Run.Selection, after.Run.Selection)}
	flaky := map[string]bool{}
	for _, e := range slices.Concat(before.Baseline, after.Baseline) {
		flaky[e.Clause] = flaky[e.Clause] || e.Flaky
	}
	was, is := index(before), index(after)
	for _, now := range after.Clauses {
		old, known := was[now.ID]
		if !known && partial(before) {
			r.NotBefore = append(r.NotBefore, Alone{now.ID, now.Outcome})
			continue
		}
		found := []Change{{Kind: Added, ID: now.ID, Title: now.Title, After: string(now.Outcome)}}
		if known {
			old.BlockedBy = slices.DeleteFunc(slices.Clone(old.BlockedBy), func(id string) bool { _, told := is[id]; return told })
			found = compare(old, now, flaky[now.ID])
		}
		if len(found) == 0 {
			r.Same++
		}
		r.Changes = append(r.Changes, found...)
	}
	for _, c := range before.Clauses {
		_, kept := is[c.ID]
		switch {
		case kept:
		case partial(after):
			r.NotAfter = append(r.NotAfter, Alone{c.ID, c.Outcome})
		default:
			r.Changes = append(r.Changes, Change{Kind: Removed, ID: c.ID, Title: c.Title, Before: string(c.Outcome)})
		}
	}
	slices.SortStableFunc(r.Changes, func(a, b Change) int { return slices.Index(Kinds, a.Kind) - slices.Index(Kinds, b.Kind) })
	return r
}

func index(r *report.Report) map[string]report.Clause {
	out := map[string]report.Clause{}
	for _, c := range r.Clauses {
		out[c.ID] = c
	}
	return out
}

// partial reports whether the run was to judge a part of the clauses, so that one which the report lacks was most likely not selected.
func partial(r *report.Report) bool { return len(r.Run.Selection) > 0 || r.Run.NotSelected > 0 }

// compare returns the changes of a clause that both reports have. before is blocked by clauses that the second report lacks.
func compare(before, after report.Clause, flaky bool) []Change {
	var out []Change
	if before.Outcome != after.Outcome || before.Known != after.Known {
		c := Change{Kind: turn(before, after, flaky), ID: after.ID, Title: after.Title, Before: state(before), After: state(after)}
		if c.Kind == Regressed {
			c.Why = report.Summary(after)
		}
		out = append(out, c)
	}
	if before.Level != after.Level {
		out = append(out, Change{Kind: Level, ID: after.ID, Title: after.Title, Before: before.Level, After: after.Level})
	}
	if a, b := demand(before), demand(after); a != b {
		out = append(out, Change{Kind: Text, ID: after.ID, Title: after.Title, Before: a, After: b})
	}
	return out
}

// turn returns the kind of a change of outcome.
func turn(before, after report.Clause, flaky bool) Kind {
	failed := before.Outcome == verdict.Fail
	switch {
	case flaky:
		return Flaky
	case len(before.BlockedBy) > 0 && after.Outcome == verdict.Fail: // what explained the same findings was not selected
		return Outcome
	case after.Outcome == verdict.Fail && !after.Known && (!failed || before.Known),
		after.Outcome == verdict.Inconclusive && before.Outcome == verdict.Pass:
		return Regressed
	case after.Outcome == verdict.Pass && (failed || before.Outcome == verdict.Inconclusive):
		return Fixed
	}
	return Outcome
}

// state returns the outcome in words.
func state(c report.Clause) string {
	if c.Known {
		return string(c.Outcome) + ", excused"
	}
	return string(c.Outcome)
}

// demand returns what decides about a clause beside its level.
func demand(c report.Clause) string {
	if c.Tolerance == "" {
		return c.Text
	}
	return fmt.Sprintf("%s (tolerance: %s)", c.Text, c.Tolerance)
}
