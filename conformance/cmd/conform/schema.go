package main

import (
	"github.com/spf13/cobra"

	"reelcheck/conformance/target/config"
)

func schemaCommand(*int) *cobra.Command {
	return &cobra.Command{
		Use:       "schema target",
		Short:     "Print the JSON Schema of target files, for editors",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"target"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(config.Schema)
			return err
		},
	}
}
