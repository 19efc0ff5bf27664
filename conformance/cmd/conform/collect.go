package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"reelcheck/conformance/runner"
)

func collectCommand(code *int) *cobra.Command {
	c := runner.Collection{Version: version, Now: time.Now}
	var outs outputs
	cmd := &cobra.Command{
		Use:   "collect [DIR]",
		Short: "Redeem the pledges of an earlier run that are due, and judge again",
		Long: `collect looks at what an earlier run of time deferred left, as far as it is due, adds what
it sees to the evidence, and writes the report anew. It may come hours or days later, after
reboots, and again and again: pledges that are not due stay in pledges.json. The exit code
is 6 while nothing is wrong and pledges are open. It reads evidence as regrade does: damaged
evidence is refused, and a run that was interrupted stays that, with exit code 130.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := outs.read(); err != nil {
				return err
			}
			c.Dir = "report"
			if len(args) > 0 {
				c.Dir = args[0]
			}
			got, err := c.Collect(cmd.Context())
			if err != nil {
				return err
			}
			*code = got.Code
			for _, cl := range got.Report.Clauses {
				if cl.Time == "deferred" {
					fmt.Fprintf(cmd.OutOrStdout(), "%s  %s  %s\n", cl.ID, cl.Outcome, cl.Reason)
				}
			}
			return conclude(cmd.OutOrStdout(), got, runner.Options{Out: c.Dir}, outs)
		},
	}
	outs.flags(cmd)
	cmd.Flags().StringVar(&c.Target, "target", "", "target file, if it is elsewhere than at the time of the run")
	cmd.Flags().BoolVar(&c.Strict, "strict", false, "let failing recommendations (should, may) fail the run too, as a run with --strict has it")
	return cmd
}
