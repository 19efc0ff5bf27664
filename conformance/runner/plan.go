// Package runner drives a target and judges it, clause by clause. It decides which scenarios the selected clauses need,
// runs them, and judges each clause in a Ginkgo spec of its own as soon as its scenarios have ended:
//
//	plan, err := runner.NewPlan(ledger, runner.Selection{Chapters: []string{"DUR"}}, file)
//	out, err := runner.Run(ctx, plan, selection, options)
//
// The caller writes the report in the [Outcome] and uses its exit code. It must prepare the folder Options.Out with
// [Folder], and may call [Run] only once in a process, since Ginkgo runs one tree. [Hosted] does the same inside of
// another Ginkgo suite, and [Regrade] judges recorded evidence again without a target.
package runner

import (
	"fmt"
	"slices"

	"reelcheck/conformance/judge"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/all"
	"reelcheck/conformance/target/config"
	"reelcheck/spec"
)

// Plan says what a run will do.
type Plan struct {
	Ledger    spec.Ledger
	Clauses   []spec.Clause // selected, in the order of the ledger, without excluded ones
	Scenarios []scenario.Scenario
	File      config.File
}

// NewPlan decides which scenarios to run for the selected clauses against a target.
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
			for _, name := range judge.Checks[cl.ID].Needs() {
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

// Judged reports whether the clause has checks and the target declares what it needs.
func (p Plan) Judged(cl spec.Clause) bool {
	if cl.Verify != spec.Checks {
		return false
	}
	return !slices.ContainsFunc(cl.Capability, func(need spec.Capability) bool {
		return !p.File.Has(config.Capability(need))
	})
}

// capabilities returns the capabilities of the target, in the words of the ledger.
func (p Plan) capabilities() []string {
	var out []string
	for _, c := range p.File.Capabilities {
		out = append(out, string(c))
	}
	return out
}

// level returns the level of the clause with that id.
func (p Plan) level(id string) string {
	cl, _ := p.Ledger.Clause(id)
	return string(cl.Level)
}

// ids returns the ids of the clauses.
func (p Plan) ids() []string {
	var out []string
	for _, cl := range p.Clauses {
		out = append(out, cl.ID)
	}
	return out
}
