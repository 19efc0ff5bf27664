package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"reelcheck/conformance/report"
	"reelcheck/conformance/runner"
	"reelcheck/conformance/target/config"
	"reelcheck/spec"
)

// selector adds the flags that select clauses.
func selector(cmd *cobra.Command, s *runner.Selection) {
	cmd.Flags().StringSliceVar(&s.Clauses, "clause", nil, "judge only this clause, or those that match a pattern such as 'ARC-CB-*' (repeatable)")
	cmd.Flags().StringSliceVar(&s.Chapters, "chapter", nil, "judge only this chapter, such as CB (repeatable)")
}

// planOf reads the ledger and the target file and returns the plan.
func planOf(file string, s runner.Selection) (runner.Plan, error) {
	if file == "" {
		return runner.Plan{}, errors.New("--target is missing: name a target file, see conformance/targets")
	}
	ledger, err := spec.Load()
	if err != nil {
		return runner.Plan{}, err
	}
	f, err := config.ReadFile(file)
	if err != nil {
		return runner.Plan{}, err
	}
	return runner.NewPlan(ledger, s, f)
}

func runCommand(code *int) *cobra.Command {
	var file, baseline, out string
	var s runner.Selection
	o := runner.Options{RunID: uuid.NewString()[:8], Version: version, Now: time.Now}
	cmd := &cobra.Command{
		Use:   "run --target FILE",
		Short: "Drive a target and judge it",
		Long: `run drives the target through the scenarios that the selected clauses need, side by side,
judges each clause as soon as its evidence is in, and writes report.json, junit.xml,
report.html and the evidence bundle. Its last line is always

  conform: N passed, N failed, N inconclusive, N not applicable, N pledged, N pending`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := planOf(file, s)
			if err != nil {
				return err
			}
			if baseline != "" {
				if o.Baseline, err = report.ReadBaseline(baseline); err != nil {
					return err
				}
			}
			if o.Out, err = runner.Folder(out); err != nil {
				return err
			}
			o.Progress = runner.NewProgress(cmd.OutOrStdout(), terminal(cmd.OutOrStdout()))
			o.Progress.Line("%d clauses, %d scenarios, target %s", len(p.Clauses), len(p.Scenarios), file)
			got, err := runner.Run(cmd.Context(), p, s, o)
			o.Progress.Finish()
			if err != nil {
				return err
			}
			*code = got.Code
			return conclude(cmd.OutOrStdout(), got, o)
		},
	}
	cmd.Flags().StringVar(&file, "target", "", "target file (YAML): what to judge and what it declares")
	cmd.Flags().StringVar(&out, "out", "report", "report folder; an earlier report in it is replaced")
	cmd.Flags().StringVar(&baseline, "baseline", "", "known failures (YAML list of clause, reason, owner, expires)")
	cmd.Flags().BoolVar(&o.Strict, "strict", false, "let failing recommendations (should, may) fail the run too")
	selector(cmd, &s)
	return cmd
}

// conclude writes the reports and the last lines.
func conclude(w io.Writer, got runner.Outcome, o runner.Options) error {
	err := got.Report.Write(o.Out)
	for _, note := range got.Notes {
		fmt.Fprintln(w, note)
	}
	for _, line := range runner.Blocked(got.Report.Clauses) {
		fmt.Fprintln(w, line)
	}
	if advice := runner.Advice(got.Report.Clauses, o.Strict); advice != "" {
		fmt.Fprintln(w, advice)
	}
	fmt.Fprintf(w, "report: %s\n", filepath.Join(o.Out, report.Files.HTML))
	fmt.Fprintln(w, got.Report.Counts)
	if err != nil {
		return &faultError{err}
	}
	return nil
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
