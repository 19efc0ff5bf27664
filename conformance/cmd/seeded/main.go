// Command seeded plants faults in archived and tells which of them conform catches. It runs at the root of the
// repository, which it does not change; decision 30 says how.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"reelcheck/conformance/mutants/seeded"
	"reelcheck/conformance/target/config"
	"reelcheck/spec"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are what the command line says.
type options struct {
	target, out, conform string
	names                []string
	part                 string
	most                 int
	narrow, list         bool
	patience             time.Duration
}

// run is the whole program. It returns the exit code: 0 if every fault is caught, 1 if not, 2 if that cannot be told.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	good := false
	root := &cobra.Command{
		Use: "seeded", Short: "Plant faults in archived, and see which of them conform catches",
		SilenceUsage: true, SilenceErrors: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			good, err = hunt(cmd.Context(), o, stdout)
			return err
		},
	}
	root.Flags().StringVar(&o.target, "target", "conformance/targets/archived.yaml", "target file that launches bin/archived")
	root.Flags().StringVar(&o.out, "out", "report-seeded", "folder for the programs, and for the report of each run")
	root.Flags().StringVar(&o.conform, "conform", "", "conform program; it is built if none is named")
	root.Flags().StringSliceVar(&o.names, "names", nil, "only these faults, or those that match a pattern such as 'auto-*'")
	root.Flags().StringVar(&o.part, "part", "", "K/N: only every N-th fault, beginning with the K-th")
	root.Flags().IntVar(&o.most, "most", 10, "at most so many faults in one run")
	root.Flags().BoolVar(&o.narrow, "narrow", false, "judge only the clauses that the faults name")
	root.Flags().BoolVar(&o.list, "list", false, "print the groups that would be judged, and stop")
	root.Flags().DurationVar(&o.patience, "patience", 10*time.Minute, "how long one run may take")
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(stderr, "seeded:", err)
		return 2
	}
	if !good {
		return 1
	}
	return 0
}

// hunt builds the programs and judges the chosen faults.
func hunt(ctx context.Context, o options, stdout io.Writer) (good bool, err error) {
	root, err := filepath.Abs(".")
	if err != nil {
		return false, err
	}
	all, chosen, err := choose(o, stdout)
	if err != nil {
		return false, err
	}
	functions, err := seeded.Functions(root, all)
	if err != nil {
		return false, err
	}
	if o.list {
		for _, g := range seeded.Groups(chosen, functions, o.most) {
			fmt.Fprintln(stdout, seeded.Names(g))
		}
		return true, nil
	}
	s, err := build(ctx, root, o, all)
	if err != nil {
		return false, err
	}
	s.log = stdout
	h := seeded.Hunt{Judge: s.judge, Functions: functions, Most: o.most, Narrow: o.narrow, Log: stdout}
	tally, err := h.Run(ctx, chosen)
	if err != nil {
		return false, err
	}
	fmt.Fprintln(stdout, tally)
	return tally.Good(), nil
}

// choose returns all faults, and those to judge: those that were named, are in the part, and can show on the target.
func choose(o options, stdout io.Writer) (all, chosen []seeded.Fault, err error) {
	ledger, err := spec.Load()
	if err != nil {
		return nil, nil, err
	}
	if all, err = seeded.Load(); err == nil {
		err = seeded.Check(ledger, all)
	}
	if err != nil {
		return nil, nil, err
	}
	if chosen, err = seeded.Choose(all, o.names); err != nil {
		return nil, nil, err
	}
	if o.part != "" {
		var k, n int
		if _, err := fmt.Sscanf(o.part, "%d/%d", &k, &n); err != nil || k < 1 || k > n {
			return nil, nil, fmt.Errorf("part %q: want K/N, such as 3/10", o.part)
		}
		chosen = seeded.Part(chosen, k, n)
	}
	f, err := config.ReadFile(o.target)
	if err != nil {
		return nil, nil, err
	}
	chosen = slices.DeleteFunc(slices.Clone(chosen), func(fault seeded.Fault) bool {
		for _, need := range fault.Needs {
			if !f.Has(config.Capability(need)) {
				fmt.Fprintf(stdout, "left out: %s needs %s\n", fault.Name, need)
				return true
			}
		}
		return false
	})
	if len(chosen) == 0 {
		return nil, nil, errors.New("no fault is left to judge")
	}
	return all, chosen, nil
}
