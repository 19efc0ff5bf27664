package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"reelcheck/conformance/report"
	"reelcheck/conformance/runner"
	"reelcheck/conformance/target/config"
	"reelcheck/spec"
)

// selector adds the flags that choose clauses.
func selector(cmd *cobra.Command, s *runner.Selection) {
	cmd.Flags().StringSliceVar(&s.Clauses, "clause", nil, "judge only this clause, or those that match a pattern such as 'ARC-CB-*' (repeatable)")
	cmd.Flags().StringSliceVar(&s.Chapters, "chapter", nil, "judge only this chapter, such as CB (repeatable)")
}

// planOf reads ledger and target file and decides what to do.
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
			if o.Out, err = fresh(out); err != nil {
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

// conclude writes the reports and the closing lines.
func conclude(w io.Writer, got runner.Outcome, o runner.Options) error {
	err := got.Report.Write(o.Out)
	for _, note := range got.Notes {
		fmt.Fprintln(w, note)
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

// fresh makes the report folder absolute and takes an earlier report out of it.
// A folder that holds anything else is refused, so that nothing is lost.
func fresh(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return dir, os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return "", err
	}
	ours := map[string]bool{report.Files.JSON: true, report.Files.JUnit: true, report.Files.HTML: true, runner.EvidenceDir: true, "target.log": true, "s3": true, "azure": true}
	for _, e := range entries {
		if !ours[e.Name()] && !strings.HasPrefix(e.Name(), ".tmp-") {
			return "", fmt.Errorf("--out %s holds %q, which is no part of a report; choose another folder", dir, e.Name())
		}
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// terminal tells whether lines may be drawn over.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" || os.Getenv("NO_COLOR") != "" || os.Getenv("CI") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
