package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"reelcheck/reference/cmd/bench/internal/measure"
	"reelcheck/reference/cmd/bench/internal/media"
	"reelcheck/reference/internal/compose"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/ffmpeg/decoding"
	"reelcheck/reference/internal/ffmpeg/encoding"
	"reelcheck/reference/internal/journal"
)

// rendering is a case in which streams that are all there already are composed by us and by the peers.
type rendering struct {
	name          string
	streams       int
	source        [2]int // width and height of every stream
	width, height int
	seconds       int
	runs          int
}

var renderings = []rendering{
	{"16xvga-480p", 16, [2]int{640, 480}, 640, 480, 60, 5},
	{"1xvga-480p", 1, [2]int{640, 480}, 640, 480, 60, 5},
	{"2xvga-480p", 2, [2]int{640, 480}, 640, 480, 60, 5},
	{"4x720p-720p", 4, [2]int{1280, 720}, 1280, 720, 30, 5},
	{"16xvga-1080p", 16, [2]int{640, 480}, 1920, 1080, 20, 5},
}

const archive = "archive"

// contender is one way to compose.
type contender struct {
	name string
	args []string
	out  string
	runs []measure.Figures
}

func (c *contender) run(ctx context.Context) error {
	f, err := measure.Run(ctx, c.args)
	c.runs = append(c.runs, f)
	return err
}

// render runs everybody in turn, several times, and compares the medians.
func (b bench) render(ctx context.Context, c rendering) error {
	inputs, err := media.Inputs(ctx, b.cache, c.streams, media.Form{Width: c.source[0], Height: c.source[1], Seconds: c.seconds})
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(b.dir, c.name+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := recordInputs(filepath.Join(dir, "journal"), inputs, time.Duration(c.seconds)*time.Second); err != nil {
		return err
	}
	contenders, err := b.contenders(c, dir, places(c, inputs))
	if err != nil {
		return err
	}
	for range c.runs {
		for _, who := range contenders {
			if err := who.run(ctx); err != nil {
				return err
			}
		}
	}
	return b.compare(ctx, c, contenders)
}

// contenders are we, first, and the peers.
func (b bench) contenders(c rendering, dir string, at []place) ([]*contender, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ours := &contender{name: "reelcheck", out: filepath.Join(dir, "reelcheck.mp4")}
	ours.args = []string{self, "-compose", filepath.Join(dir, "journal"), "-size", fmt.Sprintf("%dx%d", c.width, c.height), "-o", ours.out}
	list := []*contender{ours}
	for _, peer := range []struct {
		name string
		args func(rendering, []place, string) []string
	}{{"ffmpeg", ffmpegPeer}, {"gstreamer", gstreamerPeer}} {
		if !slices.Contains(b.peers, peer.name) {
			continue
		}
		out := filepath.Join(dir, peer.name+".mp4")
		list = append(list, &contender{name: peer.name, args: peer.args(c, at, out), out: out})
	}
	return list, nil
}

// recordInputs writes a finished recording.
func recordInputs(dir string, inputs []media.Input, length time.Duration) error {
	var loops []media.Loop
	for _, in := range inputs {
		l, err := in.Loop()
		if err != nil {
			return err
		}
		loops = append(loops, l)
	}
	r, err := record(dir, loops...)
	if err != nil {
		return err
	}
	if err := r.until(length); err != nil {
		return err
	}
	if err := r.stop(length); err != nil {
		return err
	}
	return r.journal.Close()
}

// children are what composes for us: those of archived as it ships.
func children() ffmpeg.Config {
	return ffmpeg.Config{Decoder: ffmpeg.Beside(decoding.Program, slog.Default()), Encoder: ffmpeg.Beside(encoding.Program, slog.Default())}
}

// composeJournal composes a journal to a complete file. It runs in a process of its own, which is measured.
func composeJournal(ctx context.Context, dir, size, out string) error {
	o := compose.Options{FFmpeg: children(), HasAudio: true, HasVideo: true}
	if _, err := fmt.Sscanf(size, "%dx%d", &o.Width, &o.Height); err != nil {
		return fmt.Errorf("size %q is not WIDTHxHEIGHT", size)
	}
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		return err
	}
	if _, err := compose.Run(ctx, j, archive, o, out, slog.Default()); err != nil {
		return err
	}
	if err := j.Close(); err != nil {
		return err
	}
	f, err := compose.Open(out)
	if err != nil {
		return err
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	if err := pour(file, f); err != nil {
		return err
	}
	return file.Close()
}

func median[T int64 | time.Duration](list []measure.Figures, of func(measure.Figures) T) T {
	var values []T
	for _, f := range list {
		values = append(values, of(f))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func (c *contender) median() measure.Figures {
	return measure.Figures{
		Wall: median(c.runs, func(f measure.Figures) time.Duration { return f.Wall }),
		CPU:  median(c.runs, func(f measure.Figures) time.Duration { return f.CPU }),
		PSS:  median(c.runs, func(f measure.Figures) int64 { return f.PSS }),
	}
}

// compare prints the medians, and ours in relation to the better peer's.
func (b bench) compare(ctx context.Context, c rendering, contenders []*contender) error {
	w := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%s, %d s\twall s\tCPU s\tPSS MB\tfile MB\tQP\tSSIM to ours\t\n", c.name, c.seconds)
	ours := contenders[0].median()
	best := measure.Figures{Wall: math.MaxInt64, CPU: math.MaxInt64}
	for i, who := range contenders {
		m := who.median()
		if i > 0 {
			best.Wall, best.CPU = min(best.Wall, m.Wall), min(best.CPU, m.CPU)
		}
		q, err := qualityOf(ctx, who.out, contenders[0].out)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%d\t%.1f\t%v\t%.4f\t\n",
			who.name, m.Wall.Seconds(), m.CPU.Seconds(), m.PSS/1e6, float64(q.size)/1e6, q.qp, q.ssim)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(contenders) > 1 {
		fmt.Fprintf(b.out, "bench: case=%s wall_ratio=%.3f cpu_ratio=%.3f pss_mb=%d seconds=%d runs=%d\n", c.name,
			ours.Wall.Seconds()/best.Wall.Seconds(), ours.CPU.Seconds()/best.CPU.Seconds(), ours.PSS/1e6, c.seconds, c.runs)
	}
	return nil
}
