package diff

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"reelcheck/conformance/report/summary"
	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
)

// maxWhy is how many characters of a finding or text are printed.
const maxWhy = 200

// maxFailed is how many failed clauses are named that the other run was not to judge.
const maxFailed = 12

// JSON writes the result as an object.
func (r Result) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Plain writes a line for each change, and a last one with their numbers.
func (r Result) Plain(w io.Writer) error {
	var b strings.Builder
	for _, note := range r.notes() {
		fmt.Fprintf(&b, "%s\n", note)
	}
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "%-9s  %s  %s\n", c.Kind, text.Line(c.ID), text.Clip(text.Line(c.what()), maxWhy))
		if c.Why != "" {
			fmt.Fprintf(&b, "           %s\n", text.Clip(text.Line(c.Why), maxWhy))
		}
	}
	fmt.Fprintf(&b, "%s\n", r)
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown writes a list of the changes by kind.
func (r Result) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", r)
	for _, note := range r.notes() {
		fmt.Fprintf(&b, "%s\n\n", summary.Escape(note))
	}
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "- %s **%s** %s: %s\n", c.Kind, summary.Escape(c.ID), summary.Escape(c.Title), summary.Code(c.what()))
		if c.Why != "" {
			fmt.Fprintf(&b, "  - %s\n", summary.Code(c.Why))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// what tells the change itself.
func (c Change) what() string {
	switch c.Kind {
	case Added:
		return c.After
	case Removed:
		return "was " + c.Before
	default:
		after, before := text.Apart(c.After, c.Before, maxWhy/3)
		return after + ", was " + before
	}
}

// notes say what makes two reports hard to compare.
func (r Result) notes() []string {
	var out []string
	if r.Ledger {
		out = append(out, "The reports were judged by different ledgers.")
	}
	if r.Selection {
		out = append(out, "The reports are about different selections of clauses.")
	}
	return append(out, slices.Concat(alone(r.NotBefore, "second", "first"), alone(r.NotAfter, "first", "second"))...)
}

// alone says how many clauses of one report were not selected in the other, and which of them fail.
func alone(list []Alone, in, not string) []string {
	if len(list) == 0 {
		return nil
	}
	var failed []string
	for _, a := range list {
		if a.Outcome == verdict.Fail {
			failed = append(failed, a.ID)
		}
	}
	s := text.Number(len(list), "clause of the "+in+" report was", "clauses of the "+in+" report were") + " not selected in the " + not + ", and not compared"
	switch {
	case len(failed) > maxFailed:
		return []string{fmt.Sprintf("%s: %d of them failed.", s, len(failed))}
	case len(failed) > 0:
		return []string{fmt.Sprintf("%s; failed: %s.", s, text.Line(strings.Join(failed, " ")))}
	}
	return []string{s + "."}
}

// String returns the last line.
func (r Result) String() string {
	changed := r.count(Outcome) + r.count(Level) + r.count(Text)
	line := fmt.Sprintf("diff: %d regressed, %d fixed, %d flaky, %d changed, %d added, %d removed, %d the same",
		r.count(Regressed), r.count(Fixed), r.count(Flaky), changed, r.count(Added), r.count(Removed), r.Same)
	if n := len(r.NotBefore) + len(r.NotAfter); n > 0 {
		line += fmt.Sprintf(", %d not compared", n)
	}
	return line
}
