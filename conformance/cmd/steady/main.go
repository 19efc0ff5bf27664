// Command steady judges a server that is right again and again, and counts what conform has against it: each failure is a
// false alarm. Every second run has to share the processors with something else.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"reelcheck/conformance/report"
	"reelcheck/conformance/trial"
	"reelcheck/conformance/verdict"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program. It returns the exit code: 0 if there was no false alarm, 1 if there was one, 2 if that cannot
// be told.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s trial.Suite
	var out string
	var runs int
	var total tally
	root := &cobra.Command{
		Use: "steady", Short: "Judge a server that is right again and again, every second time on busy processors, and count false alarms",
		SilenceUsage: true, SilenceErrors: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			total, err = repeat(cmd.Context(), s, out, runs, stdout)
			return err
		},
	}
	root.Flags().StringVar(&s.Target, "target", "conformance/targets/archived.yaml", "target file")
	root.Flags().StringVar(&s.Conform, "conform", "bin/conform", "conform program")
	root.Flags().StringVar(&out, "out", "report-steady", "folder for the report of each run; evidence stays where something was not right")
	root.Flags().IntVar(&runs, "runs", 20, "how many runs")
	root.Flags().DurationVar(&s.Patience, "patience", 15*time.Minute, "how long one run may take")
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(stderr, "steady:", err)
		return 2
	}
	return min(total.falseAlarms, 1)
}

// tally is the sum of all runs.
type tally struct{ runs, falseAlarms, inconclusive int }

// repeat runs the suite and writes a line for each run, and a last one for all.
func repeat(ctx context.Context, s trial.Suite, out string, runs int, stdout io.Writer) (tally, error) {
	var sum tally
	for i := range runs {
		folder := filepath.Join(out, fmt.Sprintf("run-%d", i+1))
		began, busy := time.Now(), i%2 == 1
		rest := func() {}
		if busy {
			rest = load(runtime.NumCPU())
		}
		r, err := s.Run(ctx, folder, nil)
		rest()
		if err != nil {
			return sum, err
		}
		fmt.Fprintf(stdout, "run %d, %s, %.0f s: %s\n", i+1, map[bool]string{false: "quiet", true: "busy"}[busy], time.Since(began).Seconds(), r.Counts)
		one := judged(r, stdout)
		sum = tally{sum.runs + 1, sum.falseAlarms + one.falseAlarms, sum.inconclusive + one.inconclusive}
		if one == (tally{}) {
			if err := os.RemoveAll(filepath.Join(folder, "evidence")); err != nil {
				return sum, err
			}
		}
	}
	_, err := fmt.Fprintf(stdout, "steady: runs=%d false_alarms=%d inconclusive=%d\n", sum.runs, sum.falseAlarms, sum.inconclusive)
	return sum, err
}

// judged counts what is not right in a report, and writes it.
func judged(r *report.Report, stdout io.Writer) (one tally) {
	failed := trial.Failed(r)
	for _, id := range slices.Sorted(maps.Keys(failed)) {
		fmt.Fprintf(stdout, "  false alarm of %s: %s\n", id, failed[id])
	}
	for _, cl := range r.Clauses {
		switch {
		case cl.Outcome == verdict.Fail:
			one.falseAlarms++
			if failed[cl.ID] == "" {
				fmt.Fprintf(stdout, "  false alarm of %s: blocked\n", cl.ID)
			}
		case cl.Outcome == verdict.Inconclusive:
			one.inconclusive++
			fmt.Fprintf(stdout, "  inconclusive %s: %s\n", cl.ID, cmp.Or(cl.Reason, "no reason"))
		}
	}
	return one
}

// load keeps n processors busy until rest is called.
func load(n int) (rest func()) {
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for ctx.Err() == nil {
			}
		})
	}
	return func() { stop(); wg.Wait() }
}
