// Package compose turns a session's journal into the one file of a composed archive. It follows the journal while it is
// written, so that only the tail is left to do when an archive stops:
//
//	r, err := compose.Run(ctx, j, archiveID, compose.Options{Width: 640, Height: 480, HasAudio: true, HasVideo: true}, out, log)
//	f, err := compose.Open(out)
//
// It drops nothing: when the machine is slow, the file is late. What it writes depends on the journal and the options
// alone, so a composition that failed can be made again.
//
// The caller keeps the journal until the file is safe, lets only one Run write to out at a time, and calls [Remove] when
// the file is no longer needed.
package compose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/compose/picture"
	"reelcheck/reference/internal/compose/plan"
	"reelcheck/reference/internal/compose/sound"
	"reelcheck/reference/internal/durable"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/timeline"
)

// DefaultQP is the quantization parameter of an archive that does not ask for one.
const DefaultQP = 19 // ARC-RATE-01

// Options describes a composition.
type Options struct {
	FFmpeg             ffmpeg.Config
	Width, Height      int
	HasAudio, HasVideo bool
	Layout             layout.Layout // at the start; the timeline may change it
	QP                 int           // constant quantization parameter; 0 is DefaultQP
	Bitrate            int           // constant bit rate of the video in bit/s, used in place of QP if not 0
	// CatchUp, if set, replaces [picture.CatchUp]: the greatest age of the key frame from which a stream that gets a
	// place is decoded.
	CatchUp time.Duration
	// Progress, if set, is called with the media time that the composition has reached.
	Progress func(av.Instant)
	// Voice, if set, receives the samples of each stream that is heard in a frame of the output, before they are mixed.
	// It must not keep the samples.
	Voice func(stream string, frame int64, samples []float32) error
	// Encoding, if set, is called with the first encoder: kill ends it at once. The returned function is called when the
	// composition has ended.
	Encoding func(kill func()) (ended func())
	// Output, if set, wraps the file: all media data is written through the writer that it returns.
	Output func(io.Writer) io.Writer
	// Transport makes an MPEG transport stream instead of an MP4 file. All of it goes through Output; its size is a
	// multiple of 16 bytes.
	Transport bool
}

// Validate returns an error if the options cannot be composed.
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

// Result describes a finished composition.
type Result struct {
	Size     int64
	Duration time.Duration // without pauses
}

const (
	mediaSuffix = ".mdat"
	headSuffix  = ".moov"
)

// Run composes the archive until the timeline in the journal says that it has stopped. It writes the media to out.mdat
// as it goes, and at the end the head of the file to out.moov. Both are empty if nothing was published; the head of a
// transport stream is always empty. Run replaces whatever an earlier Run left. When it returns successfully both files
// are durable, so that the caller may give up the journal. No child process outlives Run.
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
func Open(out string) (*File, error) { return openFile(out+headSuffix, out+mediaSuffix) }

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

// finish writes the head. Its presence says that the composition is complete, so no file without its index is ever delivered (ARC-COMP-10).
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
	// The media must be durable before the head: after a crash, nobody checks the media again.
	if err := durable.Sync(out + mediaSuffix); err != nil {
		return Result{}, err
	}
	return r, durable.WriteFile(out+headSuffix, head, 0o644)
}

// run writes everything but the head. The sources read the journal and decode until the composing goroutine has all
// frames. Then they are stopped, while the encoders still drain.
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

// quiet drops the error of a source that was told to stop.
func quiet(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}
