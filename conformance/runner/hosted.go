package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"reelcheck/conformance/runner/progress"
	"reelcheck/conformance/target/launch"
	"reelcheck/spec"
)

// Hosted is a run inside of another Ginkgo suite.
type Hosted struct {
	Target  string // target file
	Out     string // report folder; "" = none is kept
	RunID   string
	Version string
	// Write writes the report of the run to Options.Out.
	Write func(Outcome, Options) error
}

// Describe adds an ordered container to the tree, with one spec for each clause that matches the label filter of the
// Ginkgo suite. The spec passes, fails or is skipped by the verdict. A missing target file or target fails the
// container.
func (h Hosted) Describe(text string) bool {
	ledger, err := spec.Load()
	if err != nil {
		panic("runner: internal error: " + err.Error()) // the ledger is embedded and tested
	}
	return ginkgo.Describe(text, ginkgo.Ordered, ginkgo.ContinueOnFailure, func() {
		p, s, err := h.plan(ledger)
		if err != nil {
			ginkgo.It("has a target file", func() { ginkgo.Fail(err.Error()) })
			return
		}
		h.specs(p, s)
	})
}

// plan selects the clauses that match the label filter of the suite.
func (h Hosted) plan(ledger spec.Ledger) (p Plan, s Selection, err error) {
	f, err := launch.ReadFile(h.Target)
	if err != nil {
		return p, s, err
	}
	suite, _ := ginkgo.GinkgoConfiguration()
	filter, err := types.ParseLabelFilter(suite.LabelFilter)
	if err != nil {
		return p, s, fmt.Errorf("label filter: %w", err)
	}
	if suite.LabelFilter != "" {
		for _, cl := range ledger.Clauses {
			if filter(labels(ledger, cl)) {
				s.Clauses = append(s.Clauses, cl.ID)
			}
		}
		if len(s.Clauses) == 0 { // the filter selects only other specs
			return Plan{Ledger: ledger, File: f}, s, nil
		}
	}
	p, err = NewPlan(ledger, s, f)
	return p, s, err
}

func (h Hosted) specs(p Plan, s Selection) {
	if len(p.Clauses) == 0 {
		return
	}
	c := &suite{plan: p}
	var r *run
	ctx, cancel := context.WithCancel(context.Background()) // for the whole container; contexts of nodes end earlier
	ginkgo.BeforeAll(func(ginkgo.SpecContext) {
		ginkgo.DeferCleanup(cancel)
		o := Options{RunID: h.RunID, Version: h.Version, Now: time.Now, Target: h.Target, Progress: progress.New(ginkgo.GinkgoWriter, false)}
		var err error
		if o.Out, err = h.folder(); err == nil {
			r, err = begin(ctx, p, s, o)
		}
		if err != nil {
			ginkgo.Fail(err.Error())
		}
		*c, r.suite = *r.suite, c
	}, ginkgo.NodeTimeout(p.patience()))
	c.chapters()
	ginkgo.AfterAll(func(spec ginkgo.SpecContext) {
		if r == nil {
			return
		}
		worse, err := c.changes(spec)
		if err = errors.Join(err, h.end(ctx, r, len(worse) == 0 && c.passed())); err != nil {
			ginkgo.Fail(err.Error())
		}
		if len(worse) > 0 {
			ginkgo.Fail(strings.Join(worse, "\n"))
		}
	}, ginkgo.NodeTimeout(p.patience()))
}

// passed reports whether no spec failed.
func (c *suite) passed() bool {
	return c.plan.allWell(slices.Collect(maps.Values(c.verdicts)))
}

// folder returns the report folder.
func (h Hosted) folder() (string, error) {
	if h.Out == "" {
		return ginkgo.GinkgoT().TempDir(), nil
	}
	return Folder(h.Out)
}

// end ends the run and writes its report.
func (h Hosted) end(ctx context.Context, r *run, passed bool) error {
	out := r.end(ctx, passed)
	if h.Out == "" || h.Write == nil {
		return nil
	}
	return h.Write(out, r.options)
}
