// Command bench measures the reference server where its promises are about time. Every line it prints is one measurement:
//
//	bench: case=stop-to-file minutes=10 seconds=0.412 backlog_s=1.31 ...
//	bench: case=compose streams=16 ...
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		stop()
		os.Exit(1)
	}
}

// bench is what all cases share.
type bench struct {
	dir string
	out io.Writer
}

var cases = []string{"stop-to-file", "compose"}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	which := flags.String("case", "stop-to-file", "what to measure: "+strings.Join(cases, ", "))
	minutes := flags.String("minutes", "1,10", "stop-to-file: lengths of the recordings, one measurement each")
	streams := flags.Int("streams", 16, "compose: how many 640x480 streams with sound")
	seconds := flags.Int("seconds", 20, "compose: length of the recording")
	dir := flags.String("dir", "", "folder for journals and files (default: a temporary one)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || !slices.Contains(cases, *which) {
		return fmt.Errorf("case %q is not one of %s", strings.Join(append([]string{*which}, flags.Args()...), " "), strings.Join(cases, ", "))
	}
	if *dir == "" {
		temp, err := os.MkdirTemp("", "reelcheck-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		*dir = temp
	}
	b := bench{dir: *dir, out: stdout}
	if *which == "compose" {
		return b.compose(ctx, *streams, *seconds)
	}
	for _, field := range strings.Split(*minutes, ",") {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil || n <= 0 {
			return fmt.Errorf("minutes %q is not a positive number", field)
		}
		if err := b.stopToFile(ctx, n); err != nil {
			return err
		}
	}
	return nil
}
