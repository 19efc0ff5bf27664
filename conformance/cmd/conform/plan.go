package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/report"
	"reelcheck/conformance/runner"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

func planCommand(*int) *cobra.Command {
	var file string
	var s runner.Selection
	cmd := &cobra.Command{
		Use:   "plan --target FILE",
		Short: "Say what a run would do, without touching the target",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := planOf(file, s)
			if err != nil {
				return err
			}
			return printPlan(cmd.OutOrStdout(), p)
		},
	}
	cmd.Flags().StringVar(&file, "target", "", "target file (YAML)")
	selector(cmd, &s)
	return cmd
}

func printPlan(w io.Writer, p runner.Plan) error {
	judged, pending, missing := 0, 0, 0
	for _, cl := range p.Clauses {
		switch {
		case p.Judged(cl):
			judged++
		case cl.Verify == spec.Pending:
			pending++
		default:
			missing++
		}
	}
	fmt.Fprintf(w, "%d clauses: %d to be judged, %d need what the target does not declare, %d pending\n\n", len(p.Clauses), judged, missing, pending)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "scenario\tat most\ttime\twhat it does")
	for _, sc := range p.Scenarios {
		mode := "real"
		if sc.Virtual {
			mode = "virtual"
		}
		if lack := sc.Missing(p.File); lack != "" {
			mode = "not run: needs " + string(lack)
		}
		fmt.Fprintf(t, "%s\t%v\t%s\t%s\n", sc.Name, sc.Within.Round(time.Second), mode, sc.Title)
	}
	return t.Flush()
}

func doctorCommand(code *int) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "doctor --target FILE",
		Short: "Check whether the target and the environment are ready for a run",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return errors.New("--target is missing")
			}
			f, err := config.ReadFile(file)
			if err != nil {
				return err
			}
			findings, err := doctor(cmd.Context(), f)
			for _, found := range findings {
				state := "ok  "
				if !found.OK {
					state, *code = "FAIL", verdict.ExitUnreachable
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %-22s %s\n", state, found.Name, found.Detail)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&file, "target", "", "target file (YAML)")
	return cmd
}

// doctor starts or finds the target and checks it. It discards the evidence.
func doctor(ctx context.Context, f config.File) (_ []launch.Finding, err error) {
	dir, err := os.MkdirTemp("", "conform-doctor-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t, err := launch.Start(ctx, f, "", dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	j, err := evidence.Create(filepath.Join(dir, "evidence"), evidence.About{Suite: "doctor"}, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	app, err := target.NewApp(t.Credentials)
	if err != nil {
		return nil, err
	}
	return t.Doctor(ctx, &target.Client{Base: t.Credentials.URL, App: app, Control: t.Credentials.ControlToken, Scenario: "doctor", Journal: j})
}

func reportCommand(code *int) *cobra.Command {
	return &cobra.Command{
		Use:   "report [DIR]",
		Short: "Write junit.xml and report.html again from the report.json of a run",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "report"
			if len(args) > 0 {
				dir = args[0]
			}
			f, err := os.Open(filepath.Join(dir, report.Files.JSON))
			if err != nil {
				return err
			}
			r, err := report.Read(f)
			if err = errors.Join(err, f.Close()); err != nil {
				return err
			}
			if err := r.Write(dir); err != nil {
				return &faultError{err}
			}
			*code = r.Run.ExitCode
			fmt.Fprintln(cmd.OutOrStdout(), r.Counts)
			return nil
		},
	}
}

func regradeCommand(code *int) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "regrade BUNDLE",
		Short: "Judge recorded evidence again, with the checks of this suite and without a target",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := runner.Regrade(args[0], version)
			if err != nil {
				return err
			}
			*code = r.Run.ExitCode
			w := cmd.OutOrStdout()
			for _, c := range r.Clauses {
				if (c.Outcome == verdict.Fail || c.Outcome == verdict.Inconclusive) && !r.Told(c) {
					fmt.Fprint(w, runner.Describe(verdict.Verdict{Clause: c.ID, Outcome: c.Outcome, Reason: c.Reason, Findings: c.Findings, BlockedBy: c.BlockedBy}, c.Level))
				}
			}
			for _, line := range runner.Blocked(r.Clauses) {
				fmt.Fprintln(w, line)
			}
			printChanges(w, r, filepath.Dir(filepath.Clean(args[0])))
			if out != "" {
				if err := r.Write(out); err != nil {
					return &faultError{err}
				}
			}
			fmt.Fprintln(w, r.Counts)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "write reports of the new verdicts to this folder")
	return cmd
}

// printChanges compares with the report beside the bundle, if there is one.
func printChanges(w io.Writer, r *report.Report, dir string) {
	data, err := os.ReadFile(filepath.Join(dir, report.Files.JSON))
	if err != nil {
		return
	}
	var old struct {
		Clauses []struct {
			ID      string          `json:"id"`
			Outcome verdict.Outcome `json:"outcome"`
		} `json:"clauses"`
	}
	if json.Unmarshal(data, &old) != nil {
		return
	}
	was := map[string]verdict.Outcome{}
	for _, c := range old.Clauses {
		was[c.ID] = c.Outcome
	}
	for _, c := range r.Clauses {
		if before, ok := was[c.ID]; ok && before != c.Outcome {
			fmt.Fprintf(w, "changed  %s  %s, was %s\n", c.ID, c.Outcome, before)
		}
	}
}
