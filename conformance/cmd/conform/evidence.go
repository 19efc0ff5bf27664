package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/report/exhibit"
	"reelcheck/conformance/text"
)

func evidenceCommand(*int) *cobra.Command {
	var dir, out string
	var request bool
	cmd := &cobra.Command{
		Use:   "evidence REF",
		Short: "Print the record that a finding names, such as list/list.all#812",
		Long: `evidence prints a record of the evidence: who asked what and what was answered, with a
curl line that repeats it, a callback, what was found in a file. REF is a reference as
reports print it; its number, 812, is enough.

--out writes the bytes instead: the body of the answer or of the callback, or the file.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dirs := []string{dir}
			if !cmd.Flags().Changed("dir") {
				dirs = append(dirs, ".")
			}
			v, err := openEvidence(dirs)
			if err != nil {
				return err
			}
			r, ok := v.Ref(args[0])
			if !ok {
				return fmt.Errorf("%q names no record of the evidence; a reference looks like list/list.all#812", args[0])
			}
			if out != "" || request {
				return writeBody(cmd.OutOrStdout(), v, r, out, request)
			}
			return printRecord(cmd.OutOrStdout(), v, r)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "report", "report folder; without the flag the current folder is tried too")
	cmd.Flags().StringVar(&out, "out", "", "write the bytes of the body to this file; - is stdout")
	cmd.Flags().BoolVar(&request, "request", false, "with --out: the body of the request")
	return cmd
}

// openEvidence opens the evidence in the first of the report folders that has some.
func openEvidence(dirs []string) (evidence.View, error) {
	for _, dir := range dirs {
		v, _, err := evidence.Open(bundleOf(dir))
		if !errors.Is(err, os.ErrNotExist) {
			return v, err
		}
	}
	return evidence.View{}, fmt.Errorf("there is no evidence in %s; name the report folder with --dir", strings.Join(dirs, " or in "))
}

// printRecord prints what a person needs of a record. Nothing that the target sent reaches the terminal as it is.
func printRecord(w io.Writer, v evidence.View, r evidence.Record) error {
	x := exhibit.Whole(r, v)
	fmt.Fprintf(w, "%s\n%s\n%s\n", text.Line(x.Ref), text.Line(x.Title), r.Sent().Format(time.RFC3339Nano))
	for _, p := range x.Parts {
		fmt.Fprintf(w, "\n--- %s\n%s\n", p.Name, text.Plain(p.Text))
	}
	if x.Curl != "" {
		fmt.Fprintf(w, "\n--- again, with curl\n%s\n", text.Plain(x.Curl))
	}
	return nil
}

// writeBody writes the bytes that a record holds or names.
func writeBody(w io.Writer, v evidence.View, r evidence.Record, out string, request bool) error {
	if out == "" {
		return errors.New("--request needs --out: name a file, or - for stdout")
	}
	body, ok := r.Bytes(request)
	if !ok {
		return fmt.Errorf("%s has no bytes", r.Ref())
	}
	from, err := v.Reader(body)
	if err != nil {
		return err
	}
	defer from.Close()
	if out == "-" {
		_, err = io.Copy(w, from)
		return err
	}
	to, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(to, from)
	if err = errors.Join(err, to.Close()); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %d bytes\n", out, n)
	return nil
}
