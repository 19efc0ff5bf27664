// Package summary tells the result of a run in short: as Markdown for the page of a CI job, and as annotations for GitHub. Nothing that a target said
// can become a link, markup or a command in them.
package summary

import (
	"fmt"
	"io"
	"strings"

	"reelcheck/conformance/report"
	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
)

// Limits that keep a summary readable, and far below the 1 MiB that GitHub takes.
const (
	maxCauses   = 30
	maxFindings = 3
	maxQuote    = 300 // characters
)

// Markdown writes verdict, target, scores by profile and by chapter, and the causes of what went wrong with the clauses that they block.
func Markdown(w io.Writer, r *report.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", r.Headline())
	for _, first := range []string{r.First(), r.Faults()} {
		if first != "" {
			fmt.Fprintf(&b, "%s\n\n", Escape(first))
		}
	}
	var target []string
	for _, fact := range r.Target.Facts() {
		target = append(target, Code(fact))
	}
	fmt.Fprintf(&b, "Target %s, judged by %s, run %s, %s.\n\n", strings.Join(target, ", "), Code(r.Suite.Name+" "+r.Suite.Version), Code(r.Run.ID),
		r.Run.FinishedAt.Sub(r.Run.StartedAt).Round(1e8))
	if len(r.Run.Selection) > 0 {
		fmt.Fprintf(&b, "Only these clauses were judged: %s.\n\n", Code(strings.Join(r.Run.Selection, " ")))
	}
	profiles(&b, r)
	table(&b, r)
	causes(&b, r)
	excused(&b, r)
	fmt.Fprintf(&b, "%s\n", Code(r.Counts.String()))
	_, err := io.WriteString(w, b.String())
	return err
}

// profiles writes how many clauses of each profile were judged, so that few of many do not look like all.
func profiles(b *strings.Builder, r *report.Report) {
	if len(r.Profiles) == 0 {
		return
	}
	b.WriteString("| profile | judged | passed | failed | inconclusive | not applicable | open |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, p := range r.Profiles {
		c := p.Counts
		fmt.Fprintf(b, "| %s | %s | %d | %s | %s | %d | %d |\n", Escape(p.Name), p.Coverage(), c.Passed, strong(c.Failed), strong(c.Inconclusive), c.NotApplicable, c.Pledged+c.Pending)
	}
	b.WriteByte('\n')
}

func table(b *strings.Builder, r *report.Report) {
	b.WriteString("| chapter | passed | failed | inconclusive | not applicable | open |\n|---|--:|--:|--:|--:|--:|\n")
	row := func(name string, c verdict.Counts) {
		fmt.Fprintf(b, "| %s | %d | %s | %s | %d | %d |\n", name, c.Passed, strong(c.Failed), strong(c.Inconclusive), c.NotApplicable, c.Pledged+c.Pending)
	}
	for _, s := range r.Scores() {
		row(Escape(s.Chapter), s.Counts)
	}
	row("**all**", r.Counts)
	b.WriteByte('\n')
}

// strong prints a number in bold unless it is 0.
func strong(n int) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("**%d**", n)
}

func causes(b *strings.Builder, r *report.Report) {
	list := r.Causes()
	if len(list) == 0 {
		return
	}
	b.WriteString("### What went wrong\n\n")
	for i, c := range list {
		if i == maxCauses {
			fmt.Fprintf(b, "…and %d more, in the report.\n\n", len(list)-maxCauses)
			break
		}
		cause(b, c)
	}
}

func cause(b *strings.Builder, c report.Cause) {
	if c.Shared() {
		fmt.Fprintf(b, "- **%s** (%s)\n", Escape(c.Summary()), Escape(string(c.Outcome)))
	} else {
		broken(b, c.Clause)
	}
	for _, effect := range c.Effects() {
		what, ids, _ := strings.Cut(effect, ": ")
		fmt.Fprintf(b, "  - %s: %s\n", what, Code(ids))
	}
	if !c.Shared() {
		for _, d := range c.Documents {
			fmt.Fprintf(b, "  - source: %s %s\n", Escape(d.Name), Code(d.URL))
		}
	}
	b.WriteByte('\n')
}

func broken(b *strings.Builder, c report.Clause) {
	known := ""
	if c.Known {
		known = ", excused"
	}
	fmt.Fprintf(b, "- **%s** %s (%s, %s%s)\n", Escape(c.ID), Escape(c.Title), Escape(string(c.Outcome)), Escape(c.Level), known)
	if len(c.Findings) == 0 {
		fmt.Fprintf(b, "  - %s\n", Code(c.Reason))
	}
	told := c.Repeats()
	for i, f := range told {
		if i == maxFindings {
			fmt.Fprintf(b, "  - …and %d more findings\n", len(told)-maxFindings)
			break
		}
		in := f.In()
		if in != "" {
			in = ", " + Escape(in)
		}
		fmt.Fprintf(b, "  - expected %s, actual %s%s\n", Code(f.Expected), Code(f.Actual), in)
	}
}

func excused(b *strings.Builder, r *report.Report) {
	if r.Counts.Excused == 0 {
		return
	}
	fmt.Fprintf(b, "%s excused by the baseline.\n\n", text.Number(r.Counts.Excused, "of the failures is", "of the failures are"))
}

// Code returns s as a code span, in which Markdown and HTML mean nothing. A pipe would end the cell of a table, so spans
// are used outside of tables only.
func Code(s string) string {
	s = text.Clip(strings.TrimSpace(text.Line(s)), maxQuote)
	if s == "" {
		return "–"
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// Escape returns s as plain text: every punctuation character of ASCII has a backslash, as CommonMark allows.
func Escape(s string) string {
	var b strings.Builder
	for _, r := range text.Clip(strings.TrimSpace(text.Line(s)), maxQuote) {
		if strings.ContainsRune("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
