// Package compose turns a session's journal into the one file of a composed archive. It follows the journal while it is
// written, so that when an archive stops only its tail is left to do. It drops nothing: when it is slow, it is late. What it
// writes depends on the journal alone.
package compose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"reelcheck/reference/internal/durable"
	"reelcheck/reference/internal/timeline"
	"time"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/compose/picture"
	"reelcheck/reference/internal/compose/plan"
	"reelcheck/reference/internal/compose/sound"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/mux/mp4"
)

// DefaultQP is the quantization parameter of an archive that asks for none.
const DefaultQP = 19

// Options of a composition.
type Options struct {
	FFmpeg             ffmpeg.Config
	Width, Height      int
	HasAudio, HasVideo bool
	Layout             layout.Layout // at first; the timeline may change it
	QP                 int           // constant quantization parameter; 0 is DefaultQP
	Bitrate            int           // constant bit rate of the video in bit/s instead
	// CatchUp, if set, is how far back the key frame of a stream may be that gets a place, in place of [picture.CatchUp].
	CatchUp time.Duration
	// Progress, if set, is told how far the composition has come in media time.
	Progress func(av.Instant)
	// Voice, if set, is given what is heard of a stream during a frame of the output, before it is mixed; it must not keep the samples.
	Voice func(stream string, frame int64, samples []float32) error
	// Encoding, if set, is told of the first encoder: kill ends it at once. What it returns is called when the composition has ended.
	Encoding func(kill func()) (ended func())
	// Output, if set, returns what media data is written through on its way to the file.
	Output func(io.Writer) io.Writer
	// Transport makes an MPEG transport stream in place of an MP4 file. All of it goes through Output, a multiple of 16 bytes.
	Transport bool
}

// Validate reports what cannot be composed.
func (o Options) Validate() error {
	switch {
	case !o.HasAudio && !o.HasVideo:
		return errors.New("neither audio nor video is to be composed")
	case o.Width < 16 || o.Height < 16 || o.Width > 4096 || o.Height > 4096 || (o.Width|o.Height)&1 != 0:
		return fmt.Errorf("cannot compose %dx%d: width and height must be even, 16 to 4096", o.Width, o.Height)
	case o.QP < 0 || o.QP > 51:
		return fmt.Errorf("quantization parameter %d is not 1 to 51, or 0 for %d", o.QP, DefaultQP)
	case o.Bitrate < 0:
		return fmt.Errorf("bit rate %d is negative", o.Bitrate)
	}
	return nil
}

// Result is a finished composition.
type Result struct {
	Size     int64
	Duration time.Duration // without pauses
}

const (
	mediaSuffix = ".mdat"
	headSuffix  = ".moov"
)

// Run composes the archive until the journal's timeline says it has stopped. It writes out.mdat as it goes and, last, out.moov,
// what belongs in front of it; when nothing was published both are empty, and of a transport stream out.moov is. It starts over whatever an
// earlier Run left. The caller must call [Sync] before it gives up the journal. When Run returns, no child is left.
func Run(ctx context.Context, j *journal.Journal, archiveID string, o Options, out string, log *slog.Logger) (Result, error) {
	if err := o.Validate(); err != nil {
		return Result{}, err
	}
	if o.QP == 0 {
		o.QP = DefaultQP
	}
	if err := os.Remove(out + headSuffix); err != nil && !errors.Is(err, os.ErrNotExist) {
		return Result{}, err
	}
	media, err := os.Create(out + mediaSuffix)
	if err != nil {
		return Result{}, err
	}
	c := &composition{options: o, journal: j, archive: archiveID, log: log, media: media}
	err = c.run(ctx)
	err = errors.Join(err, media.Close())
	if err != nil {
		return Result{}, fmt.Errorf("composing archive %s: %w", archiveID, err)
	}
	return c.finish(out)
}

// Open reads a finished composition.
func Open(out string) (*mp4.File, error) { return mp4.OpenFile(out+headSuffix, out+mediaSuffix) }

// Complete reports whether there is a finished composition.
func Complete(out string) bool {
	_, err := os.Stat(out + headSuffix)
	return err == nil
}

// Remove deletes what Run wrote.
func Remove(out string) error {
	for _, suffix := range []string{headSuffix, mediaSuffix} {
		if err := os.Remove(out + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// finish puts the head where Open finds it. Its presence says that the composition is complete.
func (c *composition) finish(out string) (Result, error) {
	var r Result
	var head []byte
	if c.output != nil {
		r.Duration = time.Duration(c.written) * plan.FrameTime
		var err error
		if head, err = c.output.file.Head(r.Duration); err != nil { // ARC-COMP-15
			return Result{}, err
		}
		r.Size = int64(len(head)) + c.output.file.Size()
	}
	// The media are on disk before the head says so: after a crash nobody looks whether it is true.
	if err := durable.Sync(out + mediaSuffix); err != nil {
		return Result{}, err
	}
	return r, durable.WriteFile(out+headSuffix, head, 0o644)
}

// run does everything but the head. Sources read the journal and decode until the archive has stopped; then they are
// ended, wherever they are, while the output still drains.
func (c *composition) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	sources, stop := context.WithCancel(ctx)
	defer stop()
	c.group = g
	c.plan = &plan.Plan{Archive: c.archive, Width: c.options.Width, Height: c.options.Height, Layout: c.options.Layout}
	c.plan.Added = func(e timeline.Event) { c.source(sources, e) }
	c.video, c.audio = map[string]*picture.Stream{}, map[string]*sound.Stream{}
	g.Go(func() error { return quiet(sources, c.plan.Follow(sources, c.journal)) })
	g.Go(func() error {
		defer stop()
		return c.compose(ctx)
	})
	return g.Wait()
}

// quiet makes the end of a source that was told to end no error.
func quiet(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}
