package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"reelcheck/fixtures"
	"reelcheck/fixtures/ivf"
	"reelcheck/fixtures/mark"
	"reelcheck/fixtures/ogg"
	"reelcheck/reference/internal/av"
)

const (
	// inputVersion is part of the names of cached inputs. It must grow when the generated media changes.
	inputVersion = 2
	inputRate    = 30
	loopSeconds  = 10
	loopFrames   = loopSeconds * inputRate
)

// markAt is the place in the pictures of an input that shows the numbers of the stream and the frame. The marks are
// those of the fixtures.
var markAt = mark.Box{X: 176, Y: 192, W: 288, H: 96}

// input holds the files that one publisher of a case sends.
type input struct {
	video string // VP8 in IVF, loopSeconds long
	sound string // Opus in Ogg, loopSeconds long
	both  string // the two in WebM, repeated to the length of the case
}

// inputs returns n inputs and generates the missing ones: textures that move under noise, different for each stream,
// with voice-like sound, at the bit rate of a browser.
func (b bench) inputs(ctx context.Context, n int, c rendering) ([]input, error) {
	dir := filepath.Join(b.cache, "inputs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	list := make([]input, n)
	for i := range list {
		name := fmt.Sprintf("v%d-%dx%d-%02d", inputVersion, c.source[0], c.source[1], i+1)
		list[i] = input{
			video: filepath.Join(dir, name+".ivf"),
			sound: filepath.Join(dir, fmt.Sprintf("v%d-%02d.ogg", inputVersion, i+1)),
			both:  filepath.Join(dir, fmt.Sprintf("%s-%ds.webm", name, c.seconds)),
		}
		g.Go(func() error { return list[i].generate(ctx, i+1, c) })
	}
	return list, g.Wait()
}

func (in input) generate(ctx context.Context, number int, c rendering) error {
	marked, err := in.marks(number)
	if err != nil {
		return err
	}
	defer os.Remove(marked)
	length := strconv.Itoa(loopSeconds)
	scale := math.Pow(0.8, float64(number))
	picture := fmt.Sprintf("mandelbrot=size=%dx%d:rate=%d:maxiter=200:start_scale=%.6f:end_scale=%.6f:end_pts=%d",
		c.source[0], c.source[1], inputRate, 3*scale, scale, loopSeconds*inputRate)
	if err := makeFile(ctx, in.video, "-f", "lavfi", "-i", picture, "-i", marked, "-t", length,
		"-lavfi", fmt.Sprintf("[1:v]crop=%[1]g:%[2]g:%[3]g:%[4]g[mark];[0:v]hue=h=%[5]d,noise=alls=8:allf=t:all_seed=%[6]d,format=yuv420p[v];"+
			"[v][mark]overlay=%[3]g:%[4]g,format=yuv420p", markAt.W, markAt.H, markAt.X, markAt.Y, 22*number, number),
		"-c:v", "libvpx", "-b:v", strconv.Itoa(c.source[0]*c.source[1]*10/3), "-g", "300",
		"-deadline", "realtime", "-cpu-used", "8", "-threads", "1"); err != nil {
		return err
	}
	if err := makeFile(ctx, in.sound, "-f", "lavfi", "-i", fmt.Sprintf("anoisesrc=color=pink:amplitude=0.1:seed=%d:sample_rate=48000,tremolo=f=3:d=0.9", number),
		"-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=%d:sample_rate=48000", 200+70*number), "-filter_complex", "amix=2", "-t", length,
		"-ac", "1", "-c:a", "libopus", "-b:a", "32k", "-application", "voip"); err != nil {
		return err
	}
	// The offset is twice what an Opus player skips. Without it something would have a time before 0, and FFmpeg would
	// move the pictures.
	return makeFile(ctx, in.both, "-stream_loop", "-1", "-i", in.video, "-itsoffset", "0.013", "-stream_loop", "-1", "-i", in.sound,
		"-t", strconv.Itoa(c.seconds), "-c", "copy")
}

// marks writes the fixture with the marks of a stream to a file.
func (in input) marks(number int) (name string, err error) {
	m, err := fixtures.Load()
	if err != nil {
		return "", err
	}
	v, err := m.Video(fmt.Sprintf("vp8-%02d", number))
	if err != nil {
		return "", err
	}
	f, err := fixtures.Open(v.File)
	if err != nil {
		return "", err
	}
	raw, err := io.ReadAll(f)
	if err != nil {
		return "", err
	}
	name = in.video + ".marks"
	return name, os.WriteFile(name, raw, 0o644)
}

// makeFile runs ffmpeg to make a file, unless it exists.
func makeFile(ctx context.Context, name string, args ...string) error {
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	partial := filepath.Join(filepath.Dir(name), "part-"+filepath.Base(name))
	args = append(append([]string{"-hide_banner", "-nostdin", "-loglevel", "error", "-y"}, args...), partial)
	cmd := exec.CommandContext(ctx, "ffmpeg", args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("generating %s: %w", filepath.Base(name), err)
	}
	return os.Rename(partial, name)
}

// loop returns the media of a publisher of the input.
func (in input) loop() (loop, error) {
	l, err := pictures(in.video)
	if err != nil {
		return loop{}, err
	}
	raw, err := os.ReadFile(in.sound)
	if err != nil {
		return loop{}, err
	}
	f, err := ogg.Parse(raw)
	if err != nil {
		return loop{}, fmt.Errorf("%s: %w", in.sound, err)
	}
	for _, p := range f.Packets {
		d, err := av.OpusDuration(p)
		if err != nil {
			return loop{}, fmt.Errorf("%s: %w", in.sound, err)
		}
		l.sound = append(l.sound, av.Sample{Codec: av.Opus, Time: av.Instant(l.soundLength), Data: p})
		l.soundLength += d
	}
	return l, nil
}

// pictures returns the VP8 frames of an IVF file as a loop without sound.
func pictures(name string) (loop, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return loop{}, err
	}
	f, err := ivf.Parse(raw)
	if err != nil {
		return loop{}, fmt.Errorf("%s: %w", name, err)
	}
	var l loop
	for i, fr := range f.Frames {
		_, _, key := av.VP8Key(fr.Data)
		l.video = append(l.video, av.Sample{Codec: av.VP8, Time: av.Instant(time.Duration(i) * time.Second / inputRate), Key: key, Data: fr.Data})
	}
	l.videoLength = time.Duration(len(f.Frames)) * time.Second / inputRate
	return l, nil
}
