// Package media has what the publishers of a bench send. It is generated once, by FFmpeg, and kept in a cache folder: the
// caller names that folder and may delete it at any time.
package media

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
	// inputVersion is part of the names of cached inputs. Count it up when what is generated changes.
	inputVersion = 2
	Rate         = 30 // frames/s of an input
	LoopSeconds  = 10 // length of an input
	LoopFrames   = LoopSeconds * Rate
)

// MarkAt is the place of the mark in the picture of an input. Inputs carry the marks of the fixtures.
var MarkAt = mark.Box{X: 176, Y: 192, W: 288, H: 96}

// Form is the form of the inputs of a case.
type Form struct {
	Width, Height int
	Seconds       int // how long Both is
}

// VGA is the form of inputs of which only the loop is used.
var VGA = Form{Width: 640, Height: 480, Seconds: LoopSeconds}

// Input is what one publisher of a case sends, as files.
type Input struct {
	Video string // VP8 in IVF, LoopSeconds of it
	Sound string // Opus in Ogg, LoopSeconds of it
	Both  string // the two repeated to the length of the case, in WebM
}

// Inputs generates what is not there yet: textures that move under noise, each stream others, with voice-like sound, at the
// rate a browser sends.
func Inputs(ctx context.Context, cache string, n int, f Form) ([]Input, error) {
	dir := filepath.Join(cache, "inputs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	list := make([]Input, n)
	for i := range list {
		name := fmt.Sprintf("v%d-%dx%d-%02d", inputVersion, f.Width, f.Height, i+1)
		list[i] = Input{
			Video: filepath.Join(dir, name+".ivf"),
			Sound: filepath.Join(dir, fmt.Sprintf("v%d-%02d.ogg", inputVersion, i+1)),
			Both:  filepath.Join(dir, fmt.Sprintf("%s-%ds.webm", name, f.Seconds)),
		}
		g.Go(func() error { return list[i].generate(ctx, i+1, f) })
	}
	return list, g.Wait()
}

func (in Input) generate(ctx context.Context, number int, f Form) error {
	marked, err := in.marks(number)
	if err != nil {
		return err
	}
	defer os.Remove(marked)
	length := strconv.Itoa(LoopSeconds)
	scale := math.Pow(0.8, float64(number))
	picture := fmt.Sprintf("mandelbrot=size=%dx%d:rate=%d:maxiter=200:start_scale=%.6f:end_scale=%.6f:end_pts=%d",
		f.Width, f.Height, Rate, 3*scale, scale, LoopSeconds*Rate)
	if err := MakeFile(ctx, in.Video, "-f", "lavfi", "-i", picture, "-i", marked, "-t", length,
		"-lavfi", fmt.Sprintf("[1:v]crop=%[1]g:%[2]g:%[3]g:%[4]g[mark];[0:v]hue=h=%[5]d,noise=alls=8:allf=t:all_seed=%[6]d,format=yuv420p[v];"+
			"[v][mark]overlay=%[3]g:%[4]g,format=yuv420p", MarkAt.W, MarkAt.H, MarkAt.X, MarkAt.Y, 22*number, number),
		"-c:v", "libvpx", "-b:v", strconv.Itoa(f.Width*f.Height*10/3), "-g", "300",
		"-deadline", "realtime", "-cpu-used", "8", "-threads", "1"); err != nil {
		return err
	}
	if err := MakeFile(ctx, in.Sound, "-f", "lavfi", "-i", fmt.Sprintf("anoisesrc=color=pink:amplitude=0.1:seed=%d:sample_rate=48000,tremolo=f=3:d=0.9", number),
		"-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=%d:sample_rate=48000", 200+70*number), "-filter_complex", "amix=2", "-t", length,
		"-ac", "1", "-c:a", "libopus", "-b:a", "32k", "-application", "voip"); err != nil {
		return err
	}
	// The offset is twice what a player of Opus skips, because FFmpeg moves the pictures if a time is before 0.
	return MakeFile(ctx, in.Both, "-stream_loop", "-1", "-i", in.Video, "-itsoffset", "0.013", "-stream_loop", "-1", "-i", in.Sound,
		"-t", strconv.Itoa(f.Seconds), "-c", "copy")
}

// marks writes the fixture that carries the marks of a stream to a file.
func (in Input) marks(number int) (name string, err error) {
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
	name = in.Video + ".marks"
	return name, os.WriteFile(name, raw, 0o644)
}

// MakeFile has ffmpeg make a file, unless it exists.
func MakeFile(ctx context.Context, name string, args ...string) error {
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

// Loop reads the input as the media of a publisher.
func (in Input) Loop() (Loop, error) {
	l, err := pictures(in.Video)
	if err != nil {
		return Loop{}, err
	}
	raw, err := os.ReadFile(in.Sound)
	if err != nil {
		return Loop{}, err
	}
	f, err := ogg.Parse(raw)
	if err != nil {
		return Loop{}, fmt.Errorf("%s: %w", in.Sound, err)
	}
	for _, p := range f.Packets {
		d, err := av.OpusDuration(p)
		if err != nil {
			return Loop{}, fmt.Errorf("%s: %w", in.Sound, err)
		}
		l.Sound = append(l.Sound, av.Sample{Codec: av.Opus, Time: av.Instant(l.SoundLength), Data: p})
		l.SoundLength += d
	}
	return l, nil
}

// pictures reads VP8 from an IVF file as a loop without sound.
func pictures(name string) (Loop, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return Loop{}, err
	}
	f, err := ivf.Parse(raw)
	if err != nil {
		return Loop{}, fmt.Errorf("%s: %w", name, err)
	}
	var l Loop
	for i, fr := range f.Frames {
		_, _, key := av.VP8Key(fr.Data)
		l.Video = append(l.Video, av.Sample{Codec: av.VP8, Time: av.Instant(time.Duration(i) * time.Second / Rate), Key: key, Data: fr.Data})
	}
	l.VideoLength = time.Duration(len(f.Frames)) * time.Second / Rate
	return l, nil
}
