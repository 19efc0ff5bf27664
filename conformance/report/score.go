package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
)

// Score is what became of the clauses of one chapter.
type Score struct {
	Chapter string
	verdict.Counts
}

// Judged returns how many clauses passed or failed.
func (s Score) Judged() int { return s.Passed + s.Failed }

// Scores returns the scores of the chapters in the order of the ledger.
func (r *Report) Scores() []Score {
	var out []Score
	index := map[string]int{}
	for _, c := range r.Clauses {
		i, ok := index[c.Chapter]
		if !ok {
			i = len(out)
			index[c.Chapter] = i
			out = append(out, Score{Chapter: c.Chapter})
		}
		out[i].Counts = out[i].Plus(count([]Clause{c}))
	}
	return out
}

func count(clauses []Clause) verdict.Counts {
	var verdicts []verdict.Verdict
	excused := 0
	for _, c := range clauses {
		verdicts = append(verdicts, verdict.Verdict{Clause: c.ID, Outcome: c.Outcome})
		if c.Outcome == verdict.Fail && c.Known {
			excused++
		}
	}
	counts := verdict.Count(verdicts)
	counts.Excused = excused
	return counts
}

// Headline returns the verdict on the target in words, and how much of the ledger it is about.
func (r *Report) Headline() string {
	if r.Run.Died != "" {
		return "The target died"
	}
	if r.Run.Adapter != "" {
		return "No verdict: the adapter of the clients failed"
	}
	if r.Run.NoArchive != "" {
		return "No archive could be started"
	}
	within, by, selected := "", "", "" // which clauses a verdict holds for, and which it comes from
	if all := r.Counts.Total(); r.Run.NotSelected > 0 {
		within = " in " + inSelected(r.Counts.Passed+r.Counts.Failed, all)
		by = fmt.Sprintf(" by %d of %d clauses", all, all+r.Run.NotSelected)
		selected = ", judged" + by
	}
	if r.Run.Stopped != "" {
		selected += "; stopped by " + r.Run.Stopped
	}
	switch r.Run.ExitCode {
	case verdict.ExitConformant:
		return "Conformant" + within
	case verdict.ExitNonConformant:
		if r.Outdated() {
			return "Not conformant" + selected + ", only because the baseline is out of date"
		}
		return "Not conformant" + selected
	case verdict.ExitUnreachable:
		return "Target or environment unreachable"
	case verdict.ExitInconclusive:
		if r.Counts.Unjudged() {
			return "Nothing was judged" + by
		}
		return "Inconclusive" + selected
	case verdict.ExitPledges:
		return "Conformant so far" + within + "; pledges are open"
	case verdict.ExitInterrupted:
		return "Interrupted"
	}
	return "Fault of the suite"
}

// inSelected names the judged ones of all selected clauses.
func inSelected(judged, all int) string {
	if judged < all {
		return fmt.Sprintf("the %d of %s", judged, text.Number(all, "selected clause that was judged", "selected clauses that were judged"))
	}
	return text.Number(all, "selected clause", "selected clauses")
}

// Outdated reports whether nothing fails the run but entries of the baseline.
func (r *Report) Outdated() bool {
	return len(r.Run.Stale) > 0 && !slices.ContainsFunc(r.Clauses, func(c Clause) bool {
		return c.Outcome == verdict.Fail && !c.Known && (c.Level == "must" || r.Run.Strict)
	})
}

// First returns a sentence that a reader has to know before the verdicts, because most of them follow from it, or "".
func (r *Report) First() string {
	switch {
	case r.Run.Died != "":
		return text.Sentence(r.Run.Died) + ". Everything after that is not judged."
	case r.Run.Adapter != "":
		return "No verdict on the target was possible, because the adapter of the clients, which is no part of it, failed: " + r.Run.Adapter + ". What came after that is not judged."
	case r.Run.Stopped != "":
		return "The run was stopped by " + r.Run.Stopped + ". Scenarios that had not ended by then are not judged."
	case r.Counts.Unjudged() && len(r.Clauses) > 0:
		return "No clause was judged: each is not applicable or pending. " + r.Clauses[0].ID + ": " + text.Sentence(r.Clauses[0].Reason) + "."
	case r.Run.NoArchive != "":
		return "No archive could be started, and most failures follow from that: conform doctor --target FILE names what is wrong first. " + text.Sentence(r.Run.NoArchive)
	case r.Run.BrokenOff != "":
		return "The target let a scenario end early, and no clause says why, so that the run does not show that it conforms. " + text.Sentence(r.Run.BrokenOff) + "."
	}
	return ""
}

// maxStale is how many entries of a baseline [Report.Faults] names.
const maxStale = 3

// Faults says what is wrong with the baseline, which no verdict tells, or returns "".
func (r *Report) Faults() string {
	var s []string
	for _, e := range r.Run.Stale[:min(len(r.Run.Stale), maxStale)] {
		s = append(s, text.Sentence(e.Why)+".")
	}
	if n := len(r.Run.Stale) - maxStale; n > 0 {
		s = append(s, text.Number(n, "more entry of the baseline is wrong.", "more entries of the baseline are wrong."))
	}
	return strings.Join(s, " ")
}

// maxExpected limits what a summary says of what was expected, so that viewers which cut it show what was seen, too.
const maxExpected = 240

// Summary returns the first finding of a clause in a line, or why the clause has its outcome.
func Summary(c Clause) string {
	if len(c.Findings) == 0 {
		return c.Reason
	}
	told := c.Repeats()
	f := told[0]
	s := fmt.Sprintf("expected %s, actual %s", text.Clip(f.Expected, maxExpected), f.Actual)
	if f.Blocked != "" {
		s += ": " + text.Clip(f.Blocked, maxExpected)
	}
	if in := f.In(); in != "" {
		s += ", " + in
	}
	if n := len(told) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// Title returns how the target is called in a list: by its name, its product and version, or its URL.
func (t Target) Title() string {
	return cmp.Or(t.Name, strings.TrimSpace(t.Product+" "+t.Version), t.URL)
}

// Facts returns what is known of the target, from its name to its address.
func (t Target) Facts() []string {
	facts := []string{t.Name, strings.TrimSpace(t.Product + " " + t.Version), t.Organisation, t.URL}
	return slices.DeleteFunc(facts, func(s string) bool { return s == "" })
}

// Blocks returns a line for each cause that explains other clauses.
func (r *Report) Blocks() []string {
	var out []string
	for _, c := range r.Causes() {
		effects := strings.Join(c.Effects(), "; ")
		switch {
		case effects == "":
		case c.Shared():
			out = append(out, text.Line(c.Why)+": "+effects)
		default:
			out = append(out, c.ID+" "+effects)
		}
	}
	return out
}

// Advice says how many recommendations failed. They fail a run only if it is strict.
func (r *Report) Advice() string {
	n := 0
	for _, c := range r.Clauses {
		if c.Outcome == verdict.Fail && c.Level != "must" {
			n++
		}
	}
	if n == 0 || r.Run.Strict {
		return ""
	}
	return text.Number(n, "of the failures is of a recommendation and does not fail the run; --strict makes it",
		"of the failures are of recommendations and do not fail the run; --strict makes them")
}
