package runner

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/ginkgo/v2/types"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/scenario/all"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Clause decorates a spec with the clause it judges. The labels come from the
// ledger; an id that is not in it keeps the suite from being built.
type Clause string

// labels are the clause's place in the few label families.
func labels(cl spec.Clause) ginkgo.Labels {
	out := ginkgo.Labels{"req:" + cl.ID, "level:" + string(cl.Level), "chapter:" + cl.Chapter(), "time:" + string(cl.Time)}
	for _, need := range cl.Capability {
		out = append(out, "cap:"+string(need))
	}
	return out
}

// transform turns Clause decorators into labels.
func transform(ledger spec.Ledger) func(types.NodeType, ginkgo.Offset, string, []any) (string, []any, []error) {
	return func(_ types.NodeType, _ ginkgo.Offset, text string, args []any) (string, []any, []error) {
		var errs []error
		for i, arg := range args {
			id, ok := arg.(Clause)
			if !ok {
				continue
			}
			cl, known := ledger.Clause(string(id))
			if !known {
				errs = append(errs, fmt.Errorf("spec %q names clause %q, which is not in the ledger", text, id))
				continue
			}
			args[i] = labels(cl)
		}
		return text, args, errs
	}
}

// suite is the tree's side of a run: it waits, judges and keeps the verdicts.
// Specs run one after another, so that nothing in it is shared.
type suite struct {
	plan        Plan
	environment *environment
	progress    *Progress
	verdicts    map[string]verdict.Verdict // as passed by the specs

	prepared *judge.Prepared // of the first records that were seen
	seen     int
}

// prepare sorts the evidence of the scenarios that have ended, again only when there is more of it.
func (c *suite) prepare() *judge.Prepared {
	v := c.environment.settled()
	switch {
	case c.prepared == nil:
		c.prepared = judge.Prepare(c.plan.Ledger, v, c.plan.capabilities())
	case len(v.Records) != c.seen:
		c.prepared = c.prepared.With(v)
	}
	c.seen = len(v.Records)
	return c.prepared
}

// build makes one spec per clause, grouped by chapter, those first whose
// scenarios end first, and a last one that looks at everything again.
//
// One ordered container holds them all: in any other, Ginkgo sorts or shuffles.
func (c *suite) build() {
	ginkgo.Describe("conform", ginkgo.Ordered, ginkgo.ContinueOnFailure, func() {
		c.chapters()
		ginkgo.It("everything holds when all evidence is in", ginkgo.SpecTimeout(specTimeout), c.review)
	})
}

func (c *suite) chapters() {
	waves := c.waves()
	for i := 0; i < len(waves); {
		chapter := waves[i].Chapter()
		var group []spec.Clause
		for ; i < len(waves) && waves[i].Chapter() == chapter; i++ {
			group = append(group, waves[i])
		}
		ginkgo.Describe(c.title(chapter), func() {
			for _, cl := range group {
				ginkgo.It(cl.ID+" "+cl.Title, Clause(cl.ID), ginkgo.SpecTimeout(specTimeout), func(ctx ginkgo.SpecContext) { c.judge(ctx, cl) })
			}
		})
	}
}

// specTimeout is longer than any scenario may take with its turn in the queue.
const specTimeout = 20 * time.Minute

// waves orders clauses by when their evidence is expected: scenarios are listed with the longest first.
func (c *suite) waves() []spec.Clause {
	rank := map[string]int{}
	for i, s := range all.Scenarios {
		rank[s.Name] = len(all.Scenarios) - i
	}
	last := func(cl spec.Clause) int {
		if !c.plan.Judged(cl) {
			return 0
		}
		most := 0
		for _, name := range judge.Checks[cl.ID].Shown {
			most = max(most, rank[name])
		}
		return most
	}
	out := slices.Clone(c.plan.Clauses)
	slices.SortStableFunc(out, func(a, b spec.Clause) int { return last(a) - last(b) })
	return out
}

func (c *suite) title(chapter string) string {
	for _, ch := range c.plan.Ledger.Chapters {
		if ch.Key == chapter {
			return ch.Title
		}
	}
	return chapter
}

// judge judges one clause as soon as its scenarios have ended, by the evidence of those that have.
func (c *suite) judge(ctx ginkgo.SpecContext, cl spec.Clause) {
	if c.plan.Judged(cl) {
		if err := c.environment.await(ctx, judge.Checks[cl.ID].Shown); err != nil {
			ginkgo.Fail("interrupted: " + err.Error())
		}
	}
	v := c.prepare().Judge(cl)
	c.verdicts[cl.ID] = v
	c.progress.verdict(v, string(cl.Level))
	ginkgo.AddReportEntry("verdict", v, ginkgo.ReportEntryVisibilityNever)
	switch v.Outcome {
	case verdict.Fail, verdict.Inconclusive:
		ginkgo.Fail(Describe(v, string(cl.Level)))
	case verdict.NotApplicable, verdict.Pending, verdict.Pledged:
		ginkgo.Skip(string(v.Outcome) + ": " + v.Reason)
	case verdict.Pass:
	}
}

// review waits for the end and judges everything again: evidence that came later may contradict an early verdict.
func (c *suite) review(ctx ginkgo.SpecContext) {
	var names []string
	for _, s := range c.plan.Scenarios {
		names = append(names, s.Name)
	}
	if err := c.environment.await(ctx, names); err != nil {
		ginkgo.Fail("interrupted: " + err.Error())
	}
	var changed []string
	for _, v := range c.final(c.environment.whole(false)) {
		early, ok := c.verdicts[v.Clause]
		if ok && early.Outcome != v.Outcome {
			c.progress.Line("%s  %s was %s before all evidence was in", strings.ToUpper(string(v.Outcome)), v.Clause, early.Outcome)
			if v.Outcome == verdict.Fail {
				changed = append(changed, Describe(v, c.plan.level(v.Clause)))
				c.progress.Line("%s", strings.TrimRight(Describe(v, c.plan.level(v.Clause)), "\n"))
			}
		}
	}
	if len(changed) > 0 {
		ginkgo.Fail(strings.Join(changed, "\n"))
	}
}

// final judges every planned clause by the evidence.
func (c *suite) final(v evidence.View) []verdict.Verdict {
	prepared := judge.Prepare(c.plan.Ledger, v, c.plan.capabilities())
	var out []verdict.Verdict
	for _, cl := range c.plan.Clauses {
		out = append(out, prepared.Judge(cl))
	}
	return out
}

// host runs the tree in this process; Ginkgo can do so once per process. What
// Ginkgo itself prints goes nowhere: people read the progress, machines the
// reports. It tells whether every spec passed.
func host(c *suite) bool {
	formatter.ColorableStdOut = io.Discard
	ginkgo.AddTreeConstructionNodeArgsTransformer(transform(c.plan.Ledger)) // stays: containers are filled by RunSpecs
	c.build()
	suite, reporter := ginkgo.GinkgoConfiguration()
	suite.FailOnEmpty = true
	suite.FailOnPending = true
	suite.RandomizeAllSpecs = false // the order is by when evidence comes in
	suite.Timeout = time.Hour
	suite.GracePeriod = 2 * time.Second
	reporter.NoColor = true
	return ginkgo.RunSpecs(new(failures), "conform", suite, reporter)
}

// failures is the least that Ginkgo wants of a testing.T.
type failures struct{}

func (*failures) Fail() {}
