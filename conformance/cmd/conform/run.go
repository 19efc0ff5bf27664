package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/runner"
	"reelcheck/conformance/runner/progress"
	"reelcheck/conformance/text"
	"reelcheck/spec"
)

func runCommand(code *int) *cobra.Command {
	var r request
	var baseline, out string
	var outs outputs
	o := runner.Options{RunID: uuid.NewString()[:8], Version: version, Now: time.Now}
	cmd := &cobra.Command{
		Use:   "run --target FILE",
		Short: "Drive a target and judge it",
		Long: `run drives the target through the scenarios that the selected clauses need, side by side,
judges each clause as soon as its evidence is in, and writes report.json, report.html,
junit.xml, summary.md, badge.svg and the evidence bundle. Its last line is always

  conform: N passed, N failed, N inconclusive, N not applicable, N pledged, N pending

followed by ", N excused" if the baseline expects N of the failures. Of a target that cannot be reached
it writes junit.xml and summary.md, which say so.`,
		Example: `  conform run --target target.yaml --profile smoke   # does it record at all? in seconds
  conform run --target target.yaml --clause 'ARC-CB-*' --skip ARC-CB-14
  conform run --target target.yaml --baseline known.yaml --out report --strict`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := r.plan()
			if err != nil {
				return err
			}
			o.Caps = r.caps
			if o.Target, err = filepath.Abs(r.target); err != nil {
				return err
			}
			if o.Baseline, err = excuses(baseline, p.Ledger, o.Now()); err != nil {
				return err
			}
			if err := outs.read(); err != nil {
				return err
			}
			if o.Out, err = runner.Folder(out); err != nil {
				return err
			}
			o.Progress = progress.New(cmd.OutOrStdout(), terminal(cmd.OutOrStdout()))
			o.Progress.Line("%s, %s, target %s", text.Number(len(p.Clauses), "clause", "clauses"), text.Number(len(p.Scenarios), "scenario", "scenarios"), r.target)
			got, err := runner.Run(cmd.Context(), p, r.selection, o)
			o.Progress.Finish()
			if err != nil {
				return errors.Join(err, outs.unjudged(cmd.OutOrStdout(), o.Out, p.File.Conceal(err.Error()), o.Now()))
			}
			*code = got.Code
			return conclude(cmd.OutOrStdout(), got, o, outs)
		},
	}
	cmd.Flags().StringVar(&out, "out", "report", "report folder; an earlier report in it is replaced")
	cmd.Flags().StringVar(&baseline, "baseline", "", "known failures (YAML list of clause, reason, owner, expires, and flaky)")
	cmd.Flags().BoolVar(&o.Strict, "strict", false, "let failing recommendations (should, may) fail the run too")
	r.flags(cmd)
	outs.flags(cmd)
	return cmd
}

// excuses reads the baseline, if there is one, and refuses entries that are wrong before the run begins.
func excuses(file string, l spec.Ledger, now time.Time) ([]report.Excuse, error) {
	if file == "" {
		return nil, nil
	}
	list, err := report.ReadBaseline(file)
	if err != nil {
		return nil, err
	}
	known := func(id string) bool { _, ok := l.Clause(id); return ok }
	return list, report.CheckBaseline(list, known, now)
}

// conclude writes the reports and the last lines.
func conclude(w io.Writer, got runner.Outcome, o runner.Options, outs outputs) error {
	err := outs.write(w, o.Out, got.Report)
	remark(w, got)
	fmt.Fprintf(w, "report: %s\n", filepath.Join(o.Out, folder.HTML))
	fmt.Fprintln(w, got.Report.Counts)
	if err != nil {
		return &faultError{err}
	}
	return nil
}

// remark writes what has to be said of the verdicts together, the most important first.
func remark(w io.Writer, got runner.Outcome) {
	r := got.Report
	var stale []string
	for _, e := range r.Run.Stale {
		stale = append(stale, e.Why)
	}
	for _, line := range slices.Concat([]string{text.Line(r.First())}, got.Notes, stale, r.Blocks(), []string{r.Advice(), r.Coverage()}) {
		if line != "" {
			fmt.Fprintln(w, line)
		}
	}
}

// terminal reports whether w is a terminal, whose lines can be redrawn.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" || os.Getenv("NO_COLOR") != "" || os.Getenv("CI") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
