// Command archived is the reference server: the archive API with real WebRTC ingest, real encoding and real uploads.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"reelcheck/reference/internal/tools/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		code := exitCode(ctx, err)
		if code == interrupted { // other errors are consequences
			err = errors.New("interrupted")
		}
		fmt.Fprintln(os.Stderr, "archived:", err)
		os.Exit(code)
	}
}

const (
	failed      = 1
	wrongUsage  = 2
	interrupted = 130
)

// exitCode returns 2 for wrong usage of a tool, 130 for an interruption, and 1 otherwise.
func exitCode(ctx context.Context, err error) int {
	var wrong command.UsageError
	switch {
	case errors.As(err, &wrong):
		return wrongUsage
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return interrupted
	default:
		return failed
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	root := &cobra.Command{
		Use:           "archived",
		Short:         "The archive API of the Vonage Video service on your own machine",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(serveCommand(stdout, stderr), command.Merge(stdout, stderr), command.Compose(stdout, stderr, toolServer))
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return root.ExecuteContext(ctx)
}

const serveHelp = `Serve the archive API until interrupted.

When the server is ready it prints one line of JSON on standard output and writes the same to ready.json in the data
directory: the URL and what a client needs to log in. Logs go to standard error.

The first start in a data directory creates a default application and stores its private key there, in default.key. Its archives
go to the built-in cloud; the API returns links for downloading them. A setting marked "default application" changes this application at
every start at which it is given. Settings that are not given do not change.

Callbacks and uploads go to public addresses only. If you trust the applications, as on a laptop or in CI,
--allow-private-addresses allows loopback and private addresses too.

Every setting can also be given as the environment variable ARCHIVED_NAME (upper case, "_" instead of "-") or as the key
"name" in the YAML file given by --config. A flag has priority over the environment, and the environment over the file. Everyone on the
machine can see command lines, so give secrets in the environment or the file.`

const serveExample = `  archived serve                         # http://127.0.0.1:8080, everything below ./data
  archived serve --port 0 --data /tmp/a  # any free port, printed in the ready line
  ARCHIVED_CONTROL=true archived serve   # with the control API for tests
  archived serve --config archived.yaml  # callbacks, storage and secrets from a file`

func serveCommand(stdout, stderr io.Writer) *cobra.Command {
	var c config
	var file string
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "Serve the archive API",
		Long:    serveHelp,
		Example: serveExample,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(fill(cmd.Flags(), file, os.LookupEnv), c.validate(cmd.Flags())); err != nil {
				return err
			}
			return serve(cmd.Context(), c, stdout, logger(c, stderr))
		},
	}
	c.register(cmd.Flags())
	cmd.Flags().StringVar(&file, "config", "", "YAML file with settings")
	return cmd
}

func logger(c config, w io.Writer) *slog.Logger {
	level, _ := c.logLevel() // validate has checked it
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
