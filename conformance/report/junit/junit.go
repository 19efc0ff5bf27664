// Package junit writes a report as JUnit XML, as GitHub's reporters, GitLab and Jenkins show it.
package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"reelcheck/conformance/report"
	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
)

// Limits in characters. Viewers cut messages, and GitLab refuses large files.
const (
	maxMessage = 600
	maxText    = 12_000
	maxOutput  = 4_000
	maxValue   = 1_000
)

type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Time     string   `xml:"time,attr"`
	Suites   []suite  `xml:"testsuite"`
}

type suite struct {
	ID         int        `xml:"id,attr"`
	Name       string     `xml:"name,attr"`
	Package    string     `xml:"package,attr"`
	Hostname   string     `xml:"hostname,attr"`
	Tests      int        `xml:"tests,attr"`
	Failures   int        `xml:"failures,attr"`
	Errors     int        `xml:"errors,attr"`
	Skipped    int        `xml:"skipped,attr"`
	Time       string     `xml:"time,attr"`
	Timestamp  string     `xml:"timestamp,attr"`
	Properties []property `xml:"properties>property"`
	Cases      []testcase `xml:"testcase"`

	millis float64
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testcase struct {
	Name    string  `xml:"name,attr"`
	Class   string  `xml:"classname,attr"`
	Time    string  `xml:"time,attr"`
	Skipped *skip   `xml:"skipped"`
	Error   *detail `xml:"error"`
	Failure *detail `xml:"failure"`
	Output  string  `xml:"system-out,omitempty"`
}

type detail struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type skip struct {
	Message string `xml:"message,attr"`
}

// Write writes one test case per clause, grouped by chapter. Its name is the clause's id with its title. Its time is a share of the longest
// scenario that its verdict rests on, so that the times of all cases add up to that of the run: readers add them. A failure is a <failure>
// element, an inconclusive clause an <error>. Clauses that do not apply or are pending are skipped, and so are failures that do not fail
// the run, because the baseline excuses them or they are recommendations, and clauses that a failed one blocks. A run that judged nothing
// has one case more, with an <error>.
func Write(w io.Writer, r *report.Report) error {
	b := builder{report: r, millis: map[string]int64{}, served: map[string]int{}, clauses: map[string]report.Clause{}}
	for _, s := range r.Scenarios {
		b.millis[s.Name] = s.Millis
	}
	for _, c := range r.Clauses {
		b.clauses[c.ID] = c
		b.served[b.longest(c)]++
	}
	total := 0.0
	for name := range b.served {
		total += float64(b.millis[name])
	}
	b.scale = 1
	if took := float64(r.Run.FinishedAt.Sub(r.Run.StartedAt).Milliseconds()); total > took {
		b.scale = max(took, 0) / total
	}
	return write(w, b.suites())
}

func write(w io.Writer, s suites) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(s); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

type builder struct {
	report  *report.Report
	millis  map[string]int64 // length by scenario
	served  map[string]int   // clauses by their longest scenario
	scale   float64          // of the time of a scenario
	clauses map[string]report.Clause
}

func (b builder) suites() suites {
	r := b.report
	out := suites{Name: "conform", Time: seconds(float64(r.Run.FinishedAt.Sub(r.Run.StartedAt).Milliseconds()))}
	index := map[string]int{}
	for _, c := range r.Clauses {
		i, ok := index[c.Chapter]
		if !ok {
			i = len(out.Suites)
			index[c.Chapter] = i
			out.Suites = append(out.Suites, suite{ID: i, Name: clean(c.Chapter), Package: "conform", Hostname: "localhost",
				Timestamp: r.Run.StartedAt.UTC().Format("2006-01-02T15:04:05"), Properties: b.properties()})
		}
		out.Suites[i].add(b.testcase(c), b.share(c))
	}
	if r.Counts.Unjudged() {
		s := failed("a clause is judged", "unjudged", r.First(), r.Run.StartedAt)
		s.ID = len(out.Suites)
		out.Suites = append(out.Suites, s)
	}
	for _, s := range out.Suites {
		out.Tests += s.Tests
		out.Failures += s.Failures
		out.Errors += s.Errors
	}
	return out
}

// properties says what was judged, and by what.
func (b builder) properties() []property {
	r := b.report
	out := []property{
		{"target", r.Target.URL}, {"capabilities", strings.Join(r.Target.Capabilities, " ")}, {"time", r.Target.TimeMode}, {"run", r.Run.ID},
		{"suite", r.Suite.Name + " " + r.Suite.Version}, {"ledger", r.Suite.LedgerSHA256}, {"selection", strings.Join(r.Run.Selection, " ")},
		{"verdict", r.Headline()}, {"exitCode", fmt.Sprint(r.Run.ExitCode)},
	}
	for _, given := range []property{{"name", r.Target.Name}, {"organisation", r.Target.Organisation}, {"product", r.Target.Product}, {"version", r.Target.Version}} {
		if given.Value != "" {
			out = append(out, given)
		}
	}
	for i := range out {
		out[i].Value = clean(text.Clip(out[i].Value, maxValue))
	}
	return out
}

func (s *suite) add(c testcase, millis float64) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.millis += millis
	s.Time = seconds(s.millis)
	s.Cases = append(s.Cases, c)
}

func (b builder) testcase(c report.Clause) testcase {
	// Jenkins takes everything before the last dot for the package.
	tc := testcase{Name: clean(c.ID), Class: "conform." + clean(strings.ReplaceAll(c.Chapter, ".", " ")), Time: seconds(b.share(c)),
		Output: clean(text.Clip(output(c), maxOutput))}
	if c.Title != "" {
		tc.Name += " " + clean(c.Title)
	}
	told := b.report.Told(c)
	switch c.Outcome {
	case verdict.Fail:
		switch {
		case c.Known:
			tc.Skipped = skipped("known failure" + b.excuse(c) + ": " + report.Summary(c))
		case c.Level != "must" && !b.report.Run.Strict:
			tc.Skipped = skipped("recommendation not kept: " + report.Summary(c))
			tc.Output = clean(text.Clip(findings(c), maxText)) + "\n" + tc.Output
		default:
			tc.Failure = b.detail(c, c.Level)
		}
	case verdict.Inconclusive:
		if told {
			tc.Skipped = skipped("blocked by " + b.causes(c))
		} else {
			tc.Error = b.detail(c, "inconclusive")
		}
	case verdict.NotApplicable, verdict.Pledged, verdict.Pending:
		if tc.Failure = b.stale(c); tc.Failure != nil {
			break
		}
		tc.Skipped = skipped(string(c.Outcome) + ": " + c.Reason)
	case verdict.Pass:
		tc.Failure = b.stale(c)
	}
	return tc
}

// stale returns the failure of an entry of the baseline that is wrong: no clause that fails tells it.
func (b builder) stale(c report.Clause) *detail {
	for _, e := range b.report.Run.Stale {
		if e.Clause == c.ID {
			why := clean(text.Clip(e.Why, maxMessage))
			return &detail{Message: why, Type: "baseline", Text: why}
		}
	}
	return nil
}

func skipped(message string) *skip { return &skip{clean(text.Clip(message, maxMessage))} }

// detail repeats the message at the beginning of the text, because GitLab shows the text alone.
func (b builder) detail(c report.Clause, kind string) *detail {
	message := report.Summary(c)
	if n := len(c.Blocks); n > 0 {
		message += fmt.Sprintf("; blocks %d: %s", n, strings.Join(c.Blocks, " "))
	}
	return &detail{Message: clean(text.Clip(message, maxMessage)), Type: kind, Text: clean(text.Clip(findings(c), maxText))}
}

// excuse returns what the baseline says about a known failure.
func (b builder) excuse(c report.Clause) string {
	for _, e := range b.report.Baseline {
		if e.Clause == c.ID {
			flaky := ""
			if e.Flaky {
				flaky = "flaky, "
			}
			return fmt.Sprintf(" (%s%s, excused by %s until %s)", flaky, e.Reason, e.Owner, e.Expires.Day.Format(time.DateOnly))
		}
	}
	return ""
}

// causes names the broken clauses that block c, with what the first of them did.
func (b builder) causes(c report.Clause) string {
	out := strings.Join(c.BlockedBy, ", ")
	for _, id := range c.BlockedBy {
		if cause, ok := b.clauses[id]; ok && len(cause.Findings) > 0 {
			return out + ": " + report.Summary(cause)
		}
	}
	return out
}

// share returns the milliseconds that a clause takes of the run.
func (b builder) share(c report.Clause) float64 {
	name := b.longest(c)
	return b.scale * float64(b.millis[name]) / float64(b.served[name])
}

// longest returns the longest scenario that the verdict rests on, or "".
func (b builder) longest(c report.Clause) (longest string) {
	look := func(refs []string) {
		for _, ref := range refs {
			if name, _, _ := strings.Cut(ref, "/"); b.millis[name] > b.millis[longest] {
				longest = name
			}
		}
	}
	look(c.Proof)
	for _, f := range c.Findings {
		look(f.Where)
	}
	return longest
}

func findings(c report.Clause) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s (%s)\n", report.Summary(c), c.Text, c.Level)
	if c.Reason != "" {
		fmt.Fprintf(&b, "reason: %s\n", c.Reason)
	}
	if len(c.Blocks) > 0 {
		fmt.Fprintf(&b, "blocks: %s\n", strings.Join(c.Blocks, ", "))
	}
	for _, f := range c.Repeats() {
		if b.Len() > maxText {
			break
		}
		fmt.Fprintf(&b, "\nexpected: %s\nactual:   %s\n", text.Clip(f.Expected, maxText), text.Clip(f.Actual, maxText))
		if f.Times > 0 {
			fmt.Fprintf(&b, "found:    %d times\n", f.Times)
		}
		if f.Blocked != "" {
			fmt.Fprintf(&b, "blocked by: %s\n", f.Blocked)
		}
		if in := f.In(); in != "" {
			fmt.Fprintf(&b, "found:    %s\n", in)
		}
		for _, each := range f.All() {
			for _, w := range each.Where {
				fmt.Fprintf(&b, "evidence: %s\n", w)
			}
		}
	}
	return b.String()
}

// output says what the clause demands, where the public can read it, and what its verdict rests on.
func output(c report.Clause) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", c.Level, c.Text)
	for _, d := range c.Documents {
		fmt.Fprintf(&b, "source: %s %s\n", d.Name, d.URL)
	}
	if c.Reading != "" {
		fmt.Fprintf(&b, "reading: %s\n", c.Reading)
	}
	if c.Tolerance != "" {
		fmt.Fprintf(&b, "tolerance: %s\n", c.Tolerance)
	}
	if len(c.Proof) > 0 {
		fmt.Fprintf(&b, "proof: %s\n", strings.Join(c.Proof, " "))
	}
	return b.String()
}

func seconds(millis float64) string { return fmt.Sprintf("%.3f", max(millis, 0)/1000) }

// clean removes characters that XML 1.0 does not allow. Some of the text comes from the target.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF ||
			r >= 0xE000 && r < utf8.RuneError || r >= 0x10000 && r <= 0x10FFFF {
			return r
		}
		return '\uFFFD'
	}, s)
}
