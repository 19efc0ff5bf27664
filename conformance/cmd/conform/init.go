package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reelcheck/conformance/bounded"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/draft"
)

// schemaName is the name of the JSON Schema beside a target file, for editors.
const schemaName = "target.schema.json"

func initCommand(*int) *cobra.Command {
	var a draft.Answers
	var out string
	var force bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a target file for a server without the control API",
		Long: `init asks for what a target file needs, and writes it with comments, and beside it its
JSON Schema for editors. Every answer can be given by its flag; without a terminal the
questions that have no flag get their default. Secrets are not asked for: the file names
environment variables. At the end it says what to set in the console of the server.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := vacant(out, force); err != nil {
				return err
			}
			if in, ok := cmd.InOrStdin().(*os.File); !ok || isatty.IsTerminal(in.Fd()) {
				if err := interview(&a, cmd.Flags(), cmd.InOrStdin(), cmd.OutOrStdout()); err != nil {
					return err
				}
			}
			if err := a.Settle(); err != nil {
				return err
			}
			content, err := a.Render(filepath.Dir(out), "./"+schemaName)
			if err != nil {
				return err
			}
			if err := writeTarget(out, content, force); err != nil {
				return err
			}
			a.Advise(cmd.OutOrStdout(), out)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "target.yaml", "target file to write")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite the target file")
	cmd.Flags().SortFlags = false
	for _, q := range a.Questions() {
		cmd.Flags().StringVar(q.Answer, q.Flag, "", q.Text)
	}
	return cmd
}

// vacant refuses to overwrite a file.
func vacant(name string, force bool) error {
	if _, err := os.Lstat(name); err == nil && !force {
		return fmt.Errorf("%s exists; --force overwrites it, --out names another file", name)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// interview asks all questions that no flag answers. The end of in answers the rest by their defaults.
func interview(a *draft.Answers, flags *pflag.FlagSet, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	for _, q := range a.Questions() {
		if flags.Changed(q.Flag) || q.Applies != nil && !q.Applies() {
			if err := q.Settle(); err != nil {
				return fmt.Errorf("--%s: %w", q.Flag, err)
			}
			continue
		}
		for {
			fmt.Fprint(out, prompt(q))
			if !lines.Scan() {
				fmt.Fprintln(out)
				return lines.Err()
			}
			*q.Answer = lines.Text()
			err := q.Settle()
			if err == nil {
				break
			}
			fmt.Fprintf(out, "  %v\n", err)
			*q.Answer = ""
		}
	}
	return nil
}

func prompt(q draft.Question) string {
	byDefault := ""
	if q.Default != nil {
		byDefault = q.Default()
	}
	switch {
	case byDefault != "":
		return fmt.Sprintf("%s [%s]: ", q.Text, byDefault)
	case q.Required != nil && q.Required():
		return q.Text + ": "
	}
	if q.None {
		return q.Text + " [none]: "
	}
	return q.Text + " (may be empty): "
}

// writeTarget writes the target file and, beside it, its schema, unless something else has that name.
func writeTarget(name string, content []byte, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, flags, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	schema := filepath.Join(filepath.Dir(name), schemaName)
	if b, err := bounded.File(schema, 1<<20); !errors.Is(err, fs.ErrNotExist) && !strings.Contains(string(b), config.SchemaID) {
		return fmt.Errorf("%s is written, but %s exists and is no schema of ours, so that editors do not know the keys", name, schema)
	}
	return os.WriteFile(schema, config.Schema, 0o644)
}

// schemaCommand prints what a target file may have.
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
