// Command bench measures the reference server where its promises are about time. Every line it prints that begins with "bench:" is one
// measurement:
//
//	bench: case=16xvga-480p wall_ratio=0.981 cpu_ratio=1.012 pss_mb=312 ...
//	bench: case=live-16 backlog_s=1.31 lost=0 ...
//	bench: case=stop-to-file minutes=10 seconds=0.412 ...
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"slices"
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
	dir, cache string
	out        io.Writer
	peers      []string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var all []string
	for _, c := range renderings {
		all = append(all, c.name)
	}
	all = append(all, "live-16", "stop-to-file")
	which := flags.String("case", strings.Join(all, ","), "what to measure")
	minutes := flags.String("minutes", "1,10", "stop-to-file: lengths of the recordings, one measurement each")
	seconds := flags.Int("seconds", 0, "length of what is composed (default: by case)")
	runs := flags.Int("runs", 0, "how often each is composed by everybody (default: by case)")
	peers := flags.String("peers", "ffmpeg,gstreamer", "whom to compare with")
	dir := flags.String("dir", "", "folder for journals and files (default: a temporary one)")
	journalDir := flags.String("compose", "", "compose this journal and nothing else")
	size := flags.String("size", "640x480", "with -compose: size of the picture")
	out := flags.String("o", "archive.mp4", "with -compose: file to write")
	publishing := flags.Bool("publish", false, "be the publishing process of live-16")
	profile := flags.String("cpuprofile", "", "with -compose: write a CPU profile of our own process")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *journalDir != "" {
		return profiled(*profile, func() error { return composeJournal(ctx, *journalDir, *size, *out) })
	}
	if *publishing {
		return publish(ctx, os.Stdin, stdout)
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	b := bench{dir: *dir, cache: filepath.Join(cache, "reelcheck", "bench"), out: stdout, peers: strings.Split(*peers, ",")}
	if b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "reelcheck-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(b.dir)
	}
	for _, name := range strings.Split(*which, ",") {
		switch name {
		case "stop-to-file":
			if err := b.stopToFile(ctx, *minutes); err != nil {
				return err
			}
			continue
		case "live-16":
			if err := b.live(ctx, cmp.Or(*seconds, liveSeconds)); err != nil {
				return err
			}
			continue
		}
		i := slices.IndexFunc(renderings, func(c rendering) bool { return c.name == name })
		if i < 0 {
			return fmt.Errorf("case %q is not one of %s", name, strings.Join(all, ", "))
		}
		c := renderings[i]
		if *seconds > 0 {
			c.seconds = *seconds
		}
		if *runs > 0 {
			c.runs = *runs
		}
		if err := b.render(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// profiled writes a CPU profile of what f does, if asked for one.
func profiled(name string, f func() error) error {
	if name == "" {
		return f()
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	err = f()
	pprof.StopCPUProfile()
	return errors.Join(err, file.Close())
}
