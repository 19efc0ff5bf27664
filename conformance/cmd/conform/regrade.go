package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"reelcheck/conformance/report/diff"
	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/runner"
	"reelcheck/conformance/runner/progress"
	"reelcheck/conformance/verdict"
)

func regradeCommand(code *int) *cobra.Command {
	var out string
	var outs outputs
	cmd := &cobra.Command{
		Use:   "regrade DIR",
		Short: "Judge recorded evidence again, with the checks of this suite and without a target",
		Long: `regrade judges the evidence in a report folder (or in the evidence folder inside of it)
again, with the ledger and the checks of this suite. It judges the clauses that the run had
selected, and is strict if the run was. A run that was killed is judged by the scenarios
that had ended by then; what it left behind that is not complete is cleared. If the folder has a report, regrade applies its baseline and prints
what changed. Evidence of which records or blobs are missing or changed is not judged; the
exit code is then 2. Exit code 130 means that the run was killed or interrupted; the others mean
the same as for run.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := outs.read(); err != nil {
				return err
			}
			bundle := bundleOf(args[0])
			old, err := folder.Read(filepath.Dir(bundle))
			if err != nil {
				old = nil // a run that was killed has none
			}
			got, err := runner.Regrade(bundle, version, old)
			if err != nil {
				return err
			}
			*code = got.Code
			w, r := cmd.OutOrStdout(), got.Report
			for _, c := range r.Causes() {
				if c.Shared() {
					continue // told below, with the clauses that it keeps from being shown
				}
				fmt.Fprint(w, progress.Describe(verdict.Verdict{Clause: c.ID, Outcome: c.Outcome, Reason: c.Reason, Findings: c.Findings, BlockedBy: c.BlockedBy}, c.Level))
			}
			remark(w, got)
			if old != nil {
				if err := diff.Compare(old, r).Plain(w); err != nil {
					return err
				}
			}
			switch {
			case out == "" && old == nil:
				fmt.Fprintf(w, "no report was written; conform regrade %s --out %s writes one\n", args[0], filepath.Dir(bundle))
			case out != "":
				if r.Run.Evidence, err = filepath.Rel(out, bundle); err != nil {
					r.Run.Evidence = bundle
				}
				if err := outs.write(w, out, r); err != nil {
					return &faultError{err}
				}
				fmt.Fprintf(w, "report: %s\n", filepath.Join(out, folder.HTML))
			}
			fmt.Fprintln(w, r.Counts)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "write reports of the new verdicts to this folder")
	outs.flags(cmd)
	return cmd
}

// bundleOf returns the evidence in a report folder, or dir itself if it is a bundle.
func bundleOf(dir string) string {
	dir = filepath.Clean(dir)
	inside := filepath.Join(dir, runner.EvidenceDir)
	if info, err := os.Stat(inside); err == nil && info.IsDir() {
		return inside
	}
	return dir
}
