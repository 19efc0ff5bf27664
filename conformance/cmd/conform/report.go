package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"reelcheck/conformance/report/folder"
)

func reportCommand(code *int) *cobra.Command {
	var outs outputs
	cmd := &cobra.Command{
		Use:   "report [DIR]",
		Short: "Write the other formats of a report again from its report.json",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "report"
			if len(args) > 0 {
				dir = args[0]
			}
			if err := outs.read(); err != nil {
				return err
			}
			r, err := folder.Read(dir)
			if errors.Is(err, os.ErrNotExist) && bundleOf(dir) != filepath.Clean(dir) {
				return fmt.Errorf("%s has evidence, but no %s: its run goes on, or was killed; conform regrade %s --out %s judges what it saw", dir, folder.JSON, dir, dir)
			}
			if err != nil {
				return err
			}
			if err := outs.write(cmd.OutOrStdout(), dir, r); err != nil {
				return &faultError{err}
			}
			*code = r.Run.ExitCode
			fmt.Fprintln(cmd.OutOrStdout(), r.Counts)
			return nil
		},
	}
	outs.flags(cmd)
	return cmd
}
