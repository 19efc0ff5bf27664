// Command conform judges whether an implementation of session archive recording conforms. It drives the implementation
// over REST and media, watches what it sends and stores, and reports for each clause whether it holds.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"reelcheck/conformance/built"
	"reelcheck/conformance/runner"
	"reelcheck/conformance/verdict"
)

// version says which suite judges.
var version = built.Version()

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	code := verdict.ExitConformant
	root := &cobra.Command{
		Use:   "conform",
		Short: "Judge an implementation of session archive recording, clause by clause",
		Long: `conform drives an implementation over REST and media, watches its callbacks and its
uploads, opens the files it made, and says clause by clause whether it conforms.

A target file says what to judge. "conform init" writes one, "conform doctor --target FILE"
proves that the way to the server and back is open, and
"conform run --target FILE" judges it.

Exit codes: 0 conformant, 1 not conformant, 2 usage or configuration, 3 target or
environment unreachable, 4 inconclusive or nothing judged, 5 fault of the suite itself,
6 nothing wrong but pledges are open, 130 interrupted.`,
		SilenceUsage: true, SilenceErrors: true, Version: version,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return errors.Join(cmd.Help(), errors.New("name a command"))
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	for _, add := range []func(*int) *cobra.Command{
		initCommand, doctorCommand, planCommand, runCommand, collectCommand, regradeCommand, reportCommand, evidenceCommand,
		diffCommand, siteCommand, verifyCommand, listCommand, explainCommand, schemaCommand, sinkCommand,
	} {
		cmd := add(&code)
		cmd.Args = fitting(cmd.Args)
		root.AddCommand(cmd)
	}
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(stderr, "conform:", err)
		return failed(ctx, err)
	}
	return code
}

// fitting refuses the arguments that fit refuses, and says which ones the command takes.
func fitting(fit cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch err := fit(cmd, args); {
		case err == nil:
			return nil
		case len(args) == 0:
			return fmt.Errorf("an argument is missing; the form is %s", cmd.UseLine())
		}
		return fmt.Errorf("the arguments %q do not fit; the form is %s", args, cmd.UseLine())
	}
}

// failed returns the exit code for an error that kept the command from its work. An error that neither the target nor
// the environment caused is a usage error.
func failed(ctx context.Context, err error) int {
	var fault *faultError
	switch {
	case ctx.Err() != nil:
		return verdict.ExitInterrupted
	case runner.Unreachable(err):
		return verdict.ExitUnreachable
	case errors.As(err, &fault):
		return verdict.ExitHarness
	}
	return verdict.ExitUsage
}

// faultError is trouble of the suite itself, such as a report that cannot be written.
type faultError struct{ err error }

func (e *faultError) Error() string { return e.err.Error() }
func (e *faultError) Unwrap() error { return e.err }
