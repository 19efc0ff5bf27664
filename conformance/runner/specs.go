package runner

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/runner/progress"
	"reelcheck/conformance/scenario/all"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// labels returns the Ginkgo labels of a clause.
func labels(ledger spec.Ledger, cl spec.Clause) ginkgo.Labels {
	out := ginkgo.Labels{"req:" + cl.ID, "level:" + string(cl.Level), "chapter:" + cl.Chapter(), "time:" + string(cl.Time)}
	for _, need := range cl.Capability {
		out = append(out, "cap:"+string(need))
	}
	for _, p := range ledger.Profiles {
		if p.Holds(cl) {
			out = append(out, "profile:"+p.Name)
		}
	}
	return out
}

// suite is the Ginkgo side of a run: it waits, judges and keeps the verdicts. Specs run one after another, so it needs
// no lock.
type suite struct {
	plan        Plan
	environment *environment
	progress    *progress.Display
	verdicts    map[string]verdict.Verdict // as judged by the specs

	changed  []string        // says which verdicts have changed since they were told
	prepared *judge.Prepared // from the first seen records
	seen     int
}

// prepare sorts the evidence of the scenarios that have ended. It does so again only when there are more records.
func (c *suite) prepare() *judge.Prepared {
	v := c.environment.settled()
	switch {
	case c.prepared == nil:
		c.prepared = judge.Prepare(c.plan.Ledger, v, c.plan.capabilities(), c.plan.ids()...)
	case len(v.Records) != c.seen:
		c.prepared = c.prepared.With(v)
	}
	c.seen = len(v.Records)
	return c.prepared
}

// build adds one spec per clause, grouped by chapter, and a last one that judges everything again. Specs whose scenarios
// end early come first.
//
// One ordered container holds them all, because Ginkgo sorts or shuffles any other.
func (c *suite) build() {
	ginkgo.Describe("conform", ginkgo.Ordered, ginkgo.ContinueOnFailure, func() {
		c.chapters()
		ginkgo.It("everything holds when all evidence is in", ginkgo.SpecTimeout(c.plan.patience()), c.review)
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
				ginkgo.It(cl.ID+" "+cl.Title, labels(c.plan.Ledger, cl), ginkgo.SpecTimeout(c.plan.patience()), func(ctx ginkgo.SpecContext) { c.judge(ctx, cl) })
			}
		})
	}
}

// patience is longer than any scenario may take, including its wait for media slots and for policy time.
func (p Plan) patience() time.Duration {
	longest := 20 * time.Minute
	for _, s := range p.Scenarios {
		if _, unmet := s.Unmet(p.File); !unmet && p.File.Time != config.Virtual {
			longest = max(longest, 20*time.Minute+s.Wait+p.File.LongestWait.Or(config.LongestWait))
		}
	}
	return longest
}

// waves sorts the clauses by when their evidence is expected. The list of scenarios begins with the longest.
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
		for _, name := range judge.Checks[cl.ID].Needs() {
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

// judge waits until the scenarios of the clause have ended and judges it by the evidence so far.
func (c *suite) judge(ctx ginkgo.SpecContext, cl spec.Clause) {
	if c.plan.Judged(cl) {
		if err := c.environment.await(ctx, judge.Checks[cl.ID].Needs()); err != nil {
			ginkgo.Fail("interrupted: " + err.Error())
		}
	}
	v := c.prepare().Judge(cl)
	if v.Outcome == verdict.Inconclusive && cutOff(c.environment.journal.View()) {
		ginkgo.Fail("the run was cut off") // which is told once, at the end
	}
	c.verdicts[cl.ID] = v
	c.progress.Verdict(v, string(cl.Level), c.open(cl))
	ginkgo.AddReportEntry("verdict", v, ginkgo.ReportEntryVisibilityNever)
	switch v.Outcome {
	case verdict.Inconclusive, verdict.Fail:
		if c.plan.told(v) {
			ginkgo.Skip("blocked by " + strings.Join(v.BlockedBy, ", "))
		}
		ginkgo.Fail(progress.Describe(v, string(cl.Level)))
	case verdict.NotApplicable, verdict.Pending, verdict.Pledged:
		ginkgo.Skip(string(v.Outcome) + ": " + v.Reason)
	case verdict.Pass:
	}
}

// open counts the clauses that may explain a failure of cl and are not judged yet.
func (c *suite) open(cl spec.Clause) (n int) {
	for _, other := range c.plan.Clauses {
		if _, judged := c.verdicts[other.ID]; !judged && c.plan.Judged(other) && slices.Contains(judge.Earlier(cl.ID), other.ID) {
			n++
		}
	}
	return n
}

// review waits for the end and judges everything again, because later evidence may contradict an early verdict. It fails
// its spec when a clause fails that did not fail before.
func (c *suite) review(ctx ginkgo.SpecContext) {
	ginkgo.GinkgoHelper()
	worse, err := c.changes(ctx)
	if err != nil {
		ginkgo.Fail("interrupted: " + err.Error())
	}
	if len(worse) > 0 {
		ginkgo.Fail(strings.Join(worse, "\n"))
	}
}

// changes returns descriptions of the clauses that fail by all evidence and did not fail before.
func (c *suite) changes(ctx context.Context) (worse []string, err error) {
	var names []string
	for _, s := range c.plan.Scenarios {
		names = append(names, s.Name)
	}
	if err := c.environment.await(ctx, names); err != nil {
		return nil, err
	}
	final := c.final(c.environment.whole())
	for _, v := range final {
		if early, ok := c.verdicts[v.Clause]; ok && early.Outcome != v.Outcome && v.Outcome == verdict.Fail {
			worse = append(worse, progress.Describe(v, c.plan.level(v.Clause)))
			c.progress.Line("%s", strings.TrimRight(progress.Describe(v, c.plan.level(v.Clause)), "\n"))
		}
	}
	c.changed = changed(c.verdicts, final)
	return worse, nil
}

// changed says, for who watched the run, which verdicts are not what they were when they were told.
func changed(early map[string]verdict.Verdict, final []verdict.Verdict) (lines []string) {
	word := func(v verdict.Verdict) string { return strings.ReplaceAll(string(v.Outcome), "-", " ") }
	for _, v := range final {
		before, told := early[v.Clause]
		now := word(v)
		if len(v.BlockedBy) > 0 {
			now = "blocked by " + strings.Join(v.BlockedBy, ", ")
		}
		if told && before.Outcome != v.Outcome {
			lines = append(lines, fmt.Sprintf("  %s was %s, and is %s", v.Clause, word(before), now))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	head := text.Number(len(lines), "verdict has changed since it was told, because all evidence is in now:", "verdicts have changed since they were told, because all evidence is in now:")
	return append([]string{head}, lines...)
}

// final judges every planned clause by the evidence v.
func (c *suite) final(v evidence.View) []verdict.Verdict {
	prepared := judge.Prepare(c.plan.Ledger, v, c.plan.capabilities(), c.plan.ids()...)
	var out []verdict.Verdict
	for _, cl := range c.plan.Clauses {
		out = append(out, prepared.Judge(cl))
	}
	return out
}

// host runs the tree in this process and returns whether every spec passed. Ginkgo can do so once per process. Its own
// output is discarded: people read the progress, machines the reports.
func host(c *suite) bool {
	formatter.ColorableStdOut = io.Discard
	c.build()
	suite, reporter := ginkgo.GinkgoConfiguration()
	suite.FailOnEmpty = true
	suite.FailOnPending = true
	suite.RandomizeAllSpecs = false // the order follows the expected arrival of evidence
	suite.Timeout = time.Hour + c.plan.patience()
	suite.GracePeriod = 2 * time.Second
	reporter.NoColor = true
	return ginkgo.RunSpecs(new(failures), "conform", suite, reporter)
}

// failures is the part of testing.T that Ginkgo needs.
type failures struct{}

func (*failures) Fail() {}
