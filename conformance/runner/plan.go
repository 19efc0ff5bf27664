// Package runner hosts the judging of a run: it decides what to drive, drives
// it, and hands each clause to a Ginkgo spec that passes sentence as soon as
// the scenarios that show the clause have ended.
package runner

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"reelcheck/conformance/judge"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/all"
	"reelcheck/conformance/target/config"
	"reelcheck/spec"
)

// Selection says which clauses to judge. Empty means all of them.
type Selection struct {
	Clauses  []string // ids or patterns such as ARC-CB-*
	Chapters []string // chapter keys such as CB
}

// List is the selectors as given.
func (s Selection) List() []string { return slices.Concat(s.Chapters, s.Clauses) }

// UsageError is a fault in what the user asked for.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// Select finds the clauses. A selector that matches none is a usage error.
func Select(ledger spec.Ledger, s Selection) ([]spec.Clause, error) {
	if len(s.List()) == 0 {
		return ledger.Clauses, nil
	}
	used := map[string]bool{}
	var out []spec.Clause
	for _, cl := range ledger.Clauses {
		if s.matches(cl, used) {
			out = append(out, cl)
		}
	}
	for _, selector := range s.List() {
		if !used[selector] {
			return nil, &UsageError{fmt.Errorf("%q matches no clause; see conform list", selector)}
		}
	}
	return out, nil
}

// matches notes every selector that matches, not just the first.
func (s Selection) matches(cl spec.Clause, used map[string]bool) bool {
	found := false
	for _, chapter := range s.Chapters {
		if strings.EqualFold(chapter, cl.Chapter()) {
			used[chapter], found = true, true
		}
	}
	for _, pattern := range s.Clauses {
		if ok, err := path.Match(strings.ToUpper(pattern), cl.ID); err == nil && ok {
			used[pattern], found = true, true
		}
	}
	return found
}

// Plan is what a run will do.
type Plan struct {
	Ledger    spec.Ledger
	Clauses   []spec.Clause // selected, in the order of the ledger, without the excluded
	Scenarios []scenario.Scenario
	File      config.File
}

// NewPlan decides what to drive for the selected clauses against a target.
func NewPlan(ledger spec.Ledger, s Selection, f config.File) (Plan, error) {
	p := Plan{Ledger: ledger, File: f}
	for _, c := range f.Capabilities {
		if _, known := ledger.Capabilities[spec.Capability(c)]; !known {
			return p, &UsageError{fmt.Errorf("target file: capability %q is not in the ledger", c)}
		}
	}
	selected, err := Select(ledger, s)
	if err != nil {
		return p, err
	}
	need := map[string]bool{}
	for _, cl := range selected {
		if cl.Verify == spec.Excluded {
			continue
		}
		p.Clauses = append(p.Clauses, cl)
		if p.Judged(cl) {
			for _, name := range judge.Checks[cl.ID].Shown {
				need[name] = true
			}
		}
	}
	if len(p.Clauses) == 0 {
		return p, &UsageError{fmt.Errorf("the selection holds no clause that can be judged")}
	}
	for _, sc := range all.Scenarios {
		if need[sc.Name] {
			p.Scenarios = append(p.Scenarios, sc)
		}
	}
	return p, nil
}

// Judged: the clause has checks and the target declares what it needs.
func (p Plan) Judged(cl spec.Clause) bool {
	if cl.Verify != spec.Checks {
		return false
	}
	return !slices.ContainsFunc(cl.Capability, func(need spec.Capability) bool {
		return !p.File.Has(config.Capability(need))
	})
}

// capabilities are those the target declares, as words of the ledger.
func (p Plan) capabilities() []string {
	var out []string
	for _, c := range p.File.Capabilities {
		out = append(out, string(c))
	}
	return out
}

// level tells a clause's level by id.
func (p Plan) level(id string) string {
	cl, _ := p.Ledger.Clause(id)
	return string(cl.Level)
}
