package main

import (
	"errors"

	"github.com/spf13/cobra"

	"reelcheck/conformance/report/diff"
	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/verdict"
)

func diffCommand(code *int) *cobra.Command {
	var asJSON, asMarkdown bool
	cmd := &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "Compare two reports clause by clause; exit 1 if something regressed",
		Long: `diff compares two report folders, or two report.json files. A clause regressed if it fails
and did not before, or if it passed and is now inconclusive. A failure that the baseline of
the second report excuses is no regression, nor is one of a clause that a baseline calls
flaky. Clauses that the first report lacks are added, whatever their outcome. What one of
the two runs was not to judge, by its selection, is counted and not compared.

Exit codes: 0 no regression, 1 regressions, 2 a report cannot be read.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if asJSON && asMarkdown {
				return errors.New("--json and --markdown exclude each other")
			}
			before, err := folder.Read(args[0])
			if err != nil {
				return err
			}
			after, err := folder.Read(args[1])
			if err != nil {
				return err
			}
			result := diff.Compare(before, after)
			if result.Regressions() > 0 {
				*code = verdict.ExitNonConformant
			}
			switch w := cmd.OutOrStdout(); {
			case asJSON:
				return result.JSON(w)
			case asMarkdown:
				return result.Markdown(w)
			default:
				return result.Plain(w)
			}
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object")
	cmd.Flags().BoolVar(&asMarkdown, "markdown", false, "print Markdown, for a comment on a pull request")
	return cmd
}
