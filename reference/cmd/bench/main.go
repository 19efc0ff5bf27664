// Command bench measures the reference server where its promises are about time. Every line it prints that begins with "bench:" is one
// measurement:
//
//	bench: case=16xvga-480p wall_ratio=0.981 cpu_ratio=1.012 pss_mb=312 ...
//	bench: case=live-16 backlog_s=1.31 lost=0 ...
//	bench: case=live-capacity step=4 cores=1.23 cores_per_archive=0.31 backlog_s=0.40 ...
//	bench: case=live-capacity archives=5 ...
//	bench: case=individual-50 lost=0 cores=0.71 rss_mb=180 ...
//	bench: case=stop-to-file minutes=10 seconds=0.412 ...
//	bench: case=zip-stop minutes=60 streams=8 seconds=9.120 copy_seconds=8.544 ratio=1.067 ...
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

	"reelcheck/reference/cmd/bench/internal/live"
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

const (
	stopCase    = "stop-to-file"
	stopMinutes = "1,10"
)

// bench is what the cases of rendering and of the stop share.
type bench struct {
	dir, cache string
	out        io.Writer
	peers      []string
}

// settings are the command line.
type settings struct {
	cases, minutes, peers, dir string
	seconds, runs              int
	// What the program does for itself.
	journal, size, out, profile string
	publish                     bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	all := []string{live.SessionCase, live.CapacityCase, live.IndividualCase, stopCase, zipCase}
	for _, c := range slices.Backward(renderings) {
		all = slices.Insert(all, 0, c.name)
	}
	var s settings
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.cases, "case", strings.Join(all, ","), "what to measure")
	flags.StringVar(&s.minutes, "minutes", "", stopCase+", "+zipCase+": lengths of the recordings, one measurement each (default: by case)")
	flags.IntVar(&s.seconds, "seconds", 0, "length of what is composed, or of each recording made live (default: by case)")
	flags.IntVar(&s.runs, "runs", 0, "how often each is composed by everybody (default: by case)")
	flags.StringVar(&s.peers, "peers", "ffmpeg,gstreamer", "whom to compare with")
	flags.StringVar(&s.dir, "dir", "", "folder for journals and files (default: a temporary one)")
	flags.StringVar(&s.journal, "compose", "", "compose this journal and nothing else")
	flags.StringVar(&s.size, "size", "640x480", "with -compose: size of the picture")
	flags.StringVar(&s.out, "o", "archive.mp4", "with -compose: file to write")
	flags.StringVar(&s.profile, "cpuprofile", "", "with -compose: write a CPU profile of our own process")
	flags.BoolVar(&s.publish, "publish", false, "be the publishing process of the live cases")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case s.journal != "":
		return profiled(s.profile, func() error { return composeJournal(ctx, s.journal, s.size, s.out) })
	case s.publish:
		return live.Publish(ctx, os.Stdin, stdout)
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	for _, name := range strings.Split(s.cases, ",") {
		if !slices.Contains(all, name) {
			return fmt.Errorf("case %q is not one of %s", name, strings.Join(all, ", "))
		}
	}
	return s.measure(ctx, stdout)
}

func (s settings) measure(ctx context.Context, stdout io.Writer) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	b := bench{dir: s.dir, cache: filepath.Join(cache, "reelcheck", "bench"), out: stdout, peers: strings.Split(s.peers, ",")}
	if err := os.MkdirAll(b.cache, 0o755); err != nil {
		return err
	}
	if b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "reelcheck-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(b.dir)
	}
	lives := live.Bench{Dir: b.dir, Cache: b.cache, Out: b.out}
	for _, name := range strings.Split(s.cases, ",") {
		switch name {
		case stopCase:
			err = b.stopToFile(ctx, cmp.Or(s.minutes, stopMinutes))
		case zipCase:
			err = b.zipStop(ctx, cmp.Or(s.minutes, zipMinutes))
		case live.SessionCase:
			err = lives.Session(ctx, cmp.Or(s.seconds, live.SessionSeconds))
		case live.IndividualCase:
			err = lives.Individual(ctx, cmp.Or(s.seconds, live.IndividualSeconds))
		case live.CapacityCase:
			err = lives.Capacity(ctx, cmp.Or(s.seconds, live.CapacitySeconds))
		default:
			c := renderings[slices.IndexFunc(renderings, func(c rendering) bool { return c.name == name })]
			c.seconds, c.runs = cmp.Or(s.seconds, c.seconds), cmp.Or(s.runs, c.runs)
			err = b.render(ctx, c)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
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
