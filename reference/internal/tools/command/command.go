// Package command has the commands of the tools that work on finished recordings: merge and compose. Each is a cobra
// command that checks its flags, shows progress, and runs the tool. It writes results to stdout, and progress and warnings
// to stderr.
//
// The caller adds the commands to its root command, which must not print errors itself, and says in [Server] what they
// share with the server. It turns a [UsageError] into exit code 2, as the help of the commands promises.
package command

import (
	"errors"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"reelcheck/reference/internal/ffmpeg"
)

// Server is what a tool shares with the server whose recordings it reads.
type Server struct {
	FFmpeg     string // default of the flag --ffmpeg
	FFmpegHelp string // its help
	// Programs returns the programs that decode and encode, given the value of --ffmpeg.
	Programs func(ffmpeg string, log *slog.Logger) ffmpeg.Config
	// KeyFile returns the path of the key file for a sealed journal if the user names none.
	KeyFile func(journal string) string
}

// UsageError is an error in the command line. The exit code is 2.
type UsageError struct{ error }

func (u UsageError) Unwrap() error { return u.error }

// asTool turns wrong flags and a missing output into usage errors.
func asTool(cmd *cobra.Command) *cobra.Command {
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return UsageError{err} })
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if out, err := cmd.Flags().GetString("output"); err == nil && out == "" {
			return UsageError{errors.New("output is missing: -o OUT.mp4")}
		}
		return nil
	}
	return cmd
}

func atLeast(n int, message string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < n {
			return UsageError{errors.New(message)}
		}
		return nil
	}
}

// toolLog returns a log for warnings, which do not stop a tool.
func toolLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
