package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/report/site"
	"reelcheck/conformance/text"
)

func siteCommand(*int) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "site [NAME=]DIR...",
		Short: "Make a static web page of the reports of several implementations",
		Long: `site makes a page with a table of implementations and chapters, and a page and a badge for
each report. DIR is a report folder or a report.json. Everything is made anew from
report.json, so that a report of unknown origin brings no script with it, and the evidence
with its pictures stays behind. NAME is by default the name in the target file, or its
product and version.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var entries []site.Entry
			for _, arg := range args {
				name, dir, named := strings.Cut(arg, "=")
				if !named {
					name, dir = "", arg
				} else if name == "" || dir == "" {
					return fmt.Errorf("%q lacks a name or a folder; the form is NAME=DIR or DIR", arg)
				}
				r, err := folder.Read(dir)
				if err != nil {
					return err
				}
				if name == "" {
					name = r.Target.Title()
				}
				if i := slices.IndexFunc(entries, func(e site.Entry) bool { return e.Name == name }); i >= 0 {
					return fmt.Errorf("%q and %q are both named %q; tell them apart by NAME=DIR", args[i], arg, name)
				}
				entries = append(entries, site.Entry{Name: name, Report: r})
			}
			if err := site.Write(out, entries); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "site: %s in %s\n", text.Number(len(entries), "report", "reports"), filepath.Join(out, "index.html"))
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "site", "folder of the site; an earlier site in it is replaced")
	return cmd
}
