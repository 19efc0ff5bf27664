package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"reelcheck/conformance/judge"
	"reelcheck/conformance/runner"
	"reelcheck/conformance/scenario/all"
	"reelcheck/conformance/text"
	"reelcheck/spec"
)

// listed is a clause as list --json prints it.
type listed struct {
	ID         string            `json:"id"`
	Chapter    string            `json:"chapter"`
	Section    string            `json:"section,omitempty"`
	Source     string            `json:"source,omitempty"`
	Level      spec.Level        `json:"level"`
	Title      string            `json:"title"`
	Capability []spec.Capability `json:"capability,omitempty"`
	Time       spec.Time         `json:"time"`
	Verify     spec.Verify       `json:"verify"`
	Reason     string            `json:"reason,omitempty"`
	Scenarios  []string          `json:"scenarios,omitempty"`
	Wait       string            `json:"wait,omitempty"`
	Profiles   []string          `json:"profiles"`
}

func listCommand(*int) *cobra.Command {
	var s runner.Selection
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the clauses of the ledger",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ledger, err := spec.Load()
			if err != nil {
				return err
			}
			clauses, err := runner.Select(ledger, s)
			if err != nil {
				return err
			}
			if asJSON {
				return listJSON(cmd.OutOrStdout(), ledger, clauses)
			}
			return listText(cmd.OutOrStdout(), clauses)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object with the clauses and how many are pending")
	selector(cmd, &s)
	return cmd
}

func verifications(clauses []spec.Clause) (n map[spec.Verify]int) {
	n = map[spec.Verify]int{}
	for _, cl := range clauses {
		n[cl.Verify]++
	}
	return n
}

func listJSON(w io.Writer, ledger spec.Ledger, clauses []spec.Clause) error {
	n := verifications(clauses)
	out := struct {
		Checks   int      `json:"checks"`
		Pending  int      `json:"pending"`
		Excluded int      `json:"excluded"`
		Clauses  []listed `json:"clauses"`
	}{n[spec.Checks], n[spec.Pending], n[spec.Excluded], []listed{}}
	for _, cl := range clauses {
		l := listed{ID: cl.ID, Chapter: cl.Chapter(), Section: cl.Section, Source: cl.Source, Level: cl.Level, Title: cl.Title,
			Capability: cl.Capability, Time: cl.Time, Verify: cl.Verify, Reason: cl.Reason}
		if cl.Verify == spec.Checks {
			l.Scenarios = judge.Checks[cl.ID].Needs()
		}
		if cl.Wait > 0 {
			l.Wait = text.Span(cl.Wait)
		}
		l.Profiles = profilesOf(ledger, cl)
		out.Clauses = append(out.Clauses, l)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// profilesOf returns the names of the profiles that hold a clause.
func profilesOf(ledger spec.Ledger, cl spec.Clause) []string {
	names := []string{}
	for _, p := range ledger.Profiles {
		if p.Holds(cl) {
			names = append(names, p.Name)
		}
	}
	return names
}

func listText(w io.Writer, clauses []spec.Clause) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, cl := range clauses {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", cl.ID, cl.Level, cl.Verify, cl.Title)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	n := verifications(clauses)
	_, err := fmt.Fprintf(w, "%d clauses: %d verified by checks, %d pending, %d excluded\n", len(clauses), n[spec.Checks], n[spec.Pending], n[spec.Excluded])
	return err
}

func explainCommand(*int) *cobra.Command {
	return &cobra.Command{
		Use:   "explain ID",
		Short: "Explain one clause: text, source, reading, tolerance, and how it is verified",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ledger, err := spec.Load()
			if err != nil {
				return err
			}
			cl, ok := ledger.Clause(strings.ToUpper(args[0]))
			if !ok {
				return fmt.Errorf("%q is not a clause of the ledger; see conform list", args[0])
			}
			return explain(cmd.OutOrStdout(), ledger, cl)
		},
	}
}

func explain(w io.Writer, ledger spec.Ledger, cl spec.Clause) error {
	origin := ledger.Origin(cl)
	fmt.Fprintf(w, "%s  %s  (%s, %s)\n\n  %s\n", cl.ID, cl.Title, cl.Level, origin.Key, cl.Text)
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "\n  %-10s %s\n", name, text)
		}
	}
	line("source", origin.Title)
	for _, d := range origin.Links {
		fmt.Fprintf(w, "  %-10s %s: %s\n", "", d.Name, d.URL)
	}
	line("reading", cl.Reading)
	if cl.Tolerance != nil {
		line("tolerance", cl.Tolerance.Allow+": "+cl.Tolerance.Reason)
	}
	for _, limit := range ledger.Limits {
		if limit.Reason != "" && slices.Contains(limit.Clauses, cl.ID) {
			line("limit", fmt.Sprintf("%s, %s: %s", limit.Name, limit.Amount(), limit.Reason))
		}
	}
	var needs []string
	for _, need := range cl.Capability {
		needs = append(needs, string(need))
	}
	line("needs", strings.Join(needs, ", "))
	if cl.Time == spec.Virtual {
		line("time", text.Span(cl.Wait)+" of policy time; conform plan says in which modes of time it can be judged")
	}
	line("profiles", strings.Join(profilesOf(ledger, cl), ", "))
	switch cl.Verify {
	case spec.Checks:
		line("verified", "by a check over the evidence of "+strings.Join(judge.Checks[cl.ID].Needs(), ", "))
		line("by hand", all.ByHand(cl.ID, judge.Checks[cl.ID].Shown))
	case spec.Pending:
		line("verified", "not yet")
	case spec.Excluded:
		line("excluded", cl.Reason)
	}
	return nil
}
