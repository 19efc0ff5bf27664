package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"reelcheck/conformance/doctor"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media"
	"reelcheck/conformance/media/forensics"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/publisher/command"
	"reelcheck/conformance/runner"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
	"reelcheck/conformance/verdict"
	"reelcheck/fixtures"
)

func doctorCommand(code *int) *cobra.Command {
	var file string
	var within time.Duration
	cmd := &cobra.Command{
		Use:   "doctor --target FILE",
		Short: "Prove the way to the target and back, in less than 20 s, before a run",
		Long: `doctor goes the way of a run once: it logs in, creates a session, publishes for 3 s,
records that, waits for a callback, and reads the file. It prints for each step

  ok              it worked
  FAIL            it did not, with the words of the server and what to do
  not applicable  the target file does not declare it
  not tried       something that it needs is wrong
  declared        capabilities of the target file for which doctor has no step

and at the end what to mend first, because later faults may only follow from it. It deletes
what it made. Exit code 3 means that something is wrong.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return errors.New("--target is missing: name a target file; conform init writes one")
			}
			if within <= 0 {
				return errors.New("--within: want a positive duration such as 20s")
			}
			f, err := launch.ReadFile(file)
			if err != nil {
				return err
			}
			o, err := doctorOptions(f, within, cmd.OutOrStdout())
			if err != nil {
				return err
			}
			steps, err := doctor.Examine(cmd.Context(), o)
			if err != nil {
				return err
			}
			*code = diagnose(cmd.OutOrStdout(), steps)
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "target", "", "target file (YAML)")
	cmd.Flags().DurationVar(&within, "within", 19*time.Second, "limit, counted from when the target runs; more helps where files take long")
	return cmd
}

func doctorOptions(f config.File, within time.Duration, w io.Writer) (doctor.Options, error) {
	manifest, err := fixtures.Load()
	if err != nil {
		return doctor.Options{}, &faultError{err}
	}
	p := f.Publisher // one that does not answer must leave time for the rest
	p.Command.AnswerWithin = config.Duration(min(p.Command.AnswerWithin.Or(command.AnswerWithin), (within / 3).Truncate(100*time.Millisecond)))
	return doctor.Options{File: f, Record: 3 * time.Second, Arrival: 4 * time.Second, Within: within,
		Clients: func(ctx context.Context, dir string, j *evidence.Journal) (publisher.Driver, error) {
			return runner.Driver(ctx, p, dir, j)
		},
		Look: func(ctx context.Context, path string) (media.Report, error) {
			return forensics.Analyze(ctx, path, forensics.Options{Fixtures: manifest})
		},
		FFmpeg: func(ctx context.Context) (string, error) { return forensics.Version(ctx, "ffmpeg") },
		Tell: func(s doctor.Step) {
			fmt.Fprintf(w, "%-14s  %-18s  %s\n", s.State, s.Name, s.Detail)
		},
	}, nil
}

// diagnose prints the last line and returns the exit code.
func diagnose(w io.Writer, steps []doctor.Step) int {
	if first, wrong := doctor.First(steps); wrong {
		fmt.Fprintf(w, "\nconform doctor: wrong first: %s: %s\n", first.Name, first.Detail)
		return verdict.ExitUnreachable
	}
	n := map[doctor.State]int{}
	for _, s := range steps {
		n[s.State]++
	}
	if n[doctor.Untried] > 0 {
		fmt.Fprintf(w, "\nconform doctor: %d steps were not tried\n", n[doctor.Untried])
		return verdict.ExitUnreachable
	}
	fmt.Fprintf(w, "\nconform doctor: ready, %d ok, %d not applicable\n", n[doctor.OK], n[doctor.Absent])
	return verdict.ExitConformant
}
