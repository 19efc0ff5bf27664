package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"reelcheck/conformance/runner"
	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

func planCommand(*int) *cobra.Command {
	var r request
	cmd := &cobra.Command{
		Use:   "plan --target FILE",
		Short: "Say what a run would do and cost, without touching the target",
		Long: `plan says how many archives a run would record, for how long, how many bytes it would
send and receive, how long it takes, and which clauses it could judge in which way.
Figures come from a recorded run against the reference server.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := r.plan()
			if err != nil {
				return err
			}
			return printPlan(cmd.OutOrStdout(), p)
		},
	}
	r.flags(cmd)
	return cmd
}

func printPlan(w io.Writer, p runner.Plan) error {
	forecast := p.Forecast()
	n := verdict.Count(slices.Collect(maps.Values(forecast)))
	fmt.Fprintf(w, "%d clauses: %d to be judged, %d not applicable, %d pledged, %d pending\n", len(p.Clauses), len(p.Clauses)-len(forecast), n.NotApplicable, n.Pledged, n.Pending)
	fmt.Fprintf(w, "not applicable: they need what the target file does not declare or prepare; pending: the run may not wait for so long\n\n")
	e, err := p.Estimate()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "archives      %d\n", e.Archives)
	fmt.Fprintf(w, "minutes       %.1f archived", e.Minutes())
	for _, kind := range slices.Sorted(maps.Keys(e.Seconds)) {
		fmt.Fprintf(w, "; %s %.1f", kind, e.Seconds[kind]/60)
	}
	fmt.Fprintf(w, "\nbytes         %s sent, %s received\n", megabytes(e.Sent), megabytes(e.Received))
	fmt.Fprintf(w, "longest wait  %s\nduration      about %s\n\n", text.Span(e.Longest), text.Span(e.Takes))
	if err := printScenarios(w, p, e); err != nil {
		return err
	}
	return printModes(w, p)
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

func printScenarios(w io.Writer, p runner.Plan, e runner.Estimate) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var why []string // scenarios are not run
	fmt.Fprintln(t, "scenario\tat most\twaits\tarchives\twhat it does")
	for _, sc := range p.Scenarios {
		mode, most := "-", text.Span(sc.Within)
		if sc.Wait > 0 {
			mode = fmt.Sprintf("%s, %s", p.File.Time, text.Span(sc.Wait))
			most += " + wait"
		}
		if sc.Virtual {
			mode, most = "virtual", text.Span(sc.Within)
		}
		step, unmet := sc.Unmet(p.File)
		if unmet {
			mode, most = "-", "not run"
		}
		title := wrap(sc.Title, titleWidth)
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\n", sc.Name, most, mode, e.Scenarios[sc.Name].Archives, title[0])
		for _, rest := range title[1:] {
			fmt.Fprintf(t, "\t\t\t\t%s\n", rest)
		}
		if unmet {
			why = append(why, strings.Join(wrap(sc.Name+": "+step.Text, lineWidth-4), "\n    "))
		}
	}
	if err := t.Flush(); err != nil || len(why) == 0 {
		return err
	}
	_, err := fmt.Fprintf(w, "\nnot run\n  %s\n", strings.Join(why, "\n  "))
	return err
}

// Widths in characters, so that a terminal of 120 columns shows a line as one.
const (
	lineWidth  = 120
	titleWidth = 44
)

// wrap breaks text at spaces into lines of at most width bytes; a longer word keeps a line for itself.
func wrap(s string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(s) {
		switch last := &lines[len(lines)-1]; {
		case *last == "":
			*last = word
		case len(*last)+1+len(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}

// printModes says of each clause that needs policy time in which modes it can be judged.
func printModes(w io.Writer, p runner.Plan) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, m := range p.Modes() {
		if m.Clause.Time != spec.Virtual {
			continue
		}
		real, deferred := "-", "-"
		switch {
		case m.Real && m.Wait == 0:
			real = "at once"
		case m.Real:
			real = "--longest-wait " + text.Span(m.Wait)
		}
		if m.Deferred {
			deferred = "collect"
		}
		fmt.Fprintf(t, "%s\t%s\tvirtual\t%s\t%s\t%s\n", m.Clause.ID, text.Span(m.Clause.Wait), real, deferred, m.Clause.Title)
	}
	fmt.Fprintln(w, "\nclauses that need time, and the modes in which they can be judged: time virtual, real, deferred")
	fmt.Fprintln(w, "a wait is the shortest that can do: a clause stays pending where the target is slower, as in trying uploads again")
	return t.Flush()
}
