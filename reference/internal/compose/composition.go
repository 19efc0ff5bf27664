package compose

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/await"
	"reelcheck/reference/internal/compose/picture"
	"reelcheck/reference/internal/compose/plan"
	"reelcheck/reference/internal/compose/sound"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/timeline"
)

// composition is the state of one Run.
type composition struct {
	options Options
	journal *journal.Journal
	archive string
	log     *slog.Logger
	media   *os.File
	group   *errgroup.Group
	plan    *plan.Plan

	clock await.Mutex // guards time
	time  av.Instant  // media time that the composition has reached, at least

	mu    sync.Mutex // guards video and audio
	video map[string]*picture.Stream
	audio map[string]*sound.Stream

	// The fields below belong to the composing goroutine.
	output  *output
	current map[string]*picture.Picture // the picture that each stream shows
	written int64                       // frames put into the output
}

const (
	// ahead is how long before a stream appears its decoding may begin. In a finished recording all streams are known at
	// once; without this limit, streams that followed each other would all be decoded at the same time.
	ahead = 10 * time.Second
	// pace is the step in which waiting sources learn of the progress.
	pace = time.Second
)

// source starts decoding a stream. The goroutine that follows the timeline calls it before the scenes with the stream
// are known.
func (c *composition) source(ctx context.Context, e timeline.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	log := c.log
	if c.options.HasVideo && e.HasVideo {
		v := &picture.Stream{ID: e.Stream, Plan: c.plan, FFmpeg: c.options.FFmpeg, CatchUp: cmp.Or(c.options.CatchUp, picture.CatchUp), Log: log}
		c.video[e.Stream] = v
		c.group.Go(func() error { return quiet(ctx, c.follow(ctx, e, true, v.Run)) })
	}
	if c.options.HasAudio && e.HasAudio {
		a := &sound.Stream{ID: e.Stream, Log: log}
		c.audio[e.Stream] = a
		c.group.Go(func() error { return quiet(ctx, c.follow(ctx, e, false, a.Run)) })
	}
}

// follow reads a stream from the beginning of the recording; video from a little earlier, where decoding may have to
// begin.
func (c *composition) follow(ctx context.Context, e timeline.Event, isVideo bool, run func(context.Context, *journal.Reader) error) error {
	first, err := c.plan.WaitSpan(ctx, 0)
	if err != nil {
		if errors.Is(err, plan.ErrOver) {
			return nil
		}
		return err
	}
	from := first.Start
	if isVideo {
		from = from.Add(-picture.CatchUp)
	}
	if err := c.clock.Until(ctx, func() bool { return c.time >= e.At.Add(-ahead) }); err != nil {
		return err
	}
	r, err := c.journal.Reader(e.Stream, isVideo, from)
	if err != nil {
		return err
	}
	return run(ctx, r)
}

// compose composes the recording frame by frame.
func (c *composition) compose(ctx context.Context) error {
	c.current = map[string]*picture.Picture{}
	empty := int64(0) // frames before anything was published
	for i := 0; ; i++ {
		s, err := c.plan.WaitSpan(ctx, i)
		if errors.Is(err, plan.ErrOver) {
			break
		} else if err != nil {
			return err
		}
		clear(c.current)
		for n := s.FirstFrame; ; n++ {
			if s, err = c.plan.WaitFrame(ctx, i, n, sound.Jitter); err != nil {
				return err
			}
			if !s.Has(n) {
				break
			}
			c.reach(s.Instant(n))
			if c.output == nil && !c.published(s, n) { // ARC-COMP-19, ARC-AUTO-03, decision 15
				empty++
				continue
			}
			if err := c.begin(ctx, empty); err != nil {
				return err
			}
			if err := c.frame(ctx, s, n); err != nil {
				return err
			}
			if c.options.Progress != nil {
				c.options.Progress(s.Instant(n + 1))
			}
		}
	}
	if c.output != nil {
		return c.output.encoding.Close()
	}
	return nil
}

// reach notes the media time that the composition has reached.
func (c *composition) reach(t av.Instant) {
	if t >= c.time.Add(pace) { // only this goroutine changes it
		c.clock.Update(func() { c.time = t })
	}
}

// published reports whether the archive has any stream during frame n.
func (c *composition) published(s plan.Span, n int64) bool {
	return slices.ContainsFunc(c.plan.Between(s.Instant(n), min(s.Instant(n+1), s.End)), func(s plan.Scene) bool { return s.Streams > 0 })
}

// begin starts the output at the first frame with a stream. It puts empty black frames before it.
func (c *composition) begin(ctx context.Context, empty int64) (err error) {
	if c.output != nil {
		return nil
	}
	if c.output, err = startOutput(ctx, c.group, c.options, c.media); err != nil {
		return err
	}
	for range empty {
		f, err := c.output.frame(ctx)
		if err != nil {
			return err
		}
		if f.canvas != nil {
			f.canvas.Draw(nil, nil) // ARC-COMP-33
		}
		if err := c.put(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// frame composes frame n of the output.
func (c *composition) frame(ctx context.Context, s plan.Span, n int64) error {
	t := s.Shown(n)
	here := c.plan.At(t)
	f, err := c.output.frame(ctx)
	if err != nil {
		return err
	}
	if c.options.HasVideo {
		if err := c.draw(ctx, f.canvas, here.Tiles, t); err != nil {
			return err
		}
	}
	c.pass(here, t)
	if c.options.HasAudio {
		if err := c.mix(ctx, s, n, f.sound); err != nil {
			return err
		}
	}
	return c.put(ctx, f)
}

// pass drops the pictures and packets of streams without a place, so that their decoders do not stand still.
func (c *composition) pass(here plan.Scene, t av.Instant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, v := range c.video {
		if _, shown := here.Tile(id); !shown {
			delete(c.current, id)
			if v.Pass(t) {
				delete(c.video, id)
			}
		}
	}
	for id, a := range c.audio {
		if !slices.Contains(here.Audio, id) && a.Pass(sound.SamplesAt(t)) {
			delete(c.audio, id)
		}
	}
}

// draw draws in every tile the newest picture of its stream.
func (c *composition) draw(ctx context.Context, canvas *picture.Canvas, tiles []layout.Tile, t av.Instant) error {
	pictures := make([]*picture.Picture, len(tiles))
	for i, tile := range tiles {
		c.mu.Lock()
		v := c.video[tile.Stream]
		c.mu.Unlock()
		if v == nil { // its log ended before it lost its place
			pictures[i] = c.current[tile.Stream]
			continue
		}
		p, err := v.Take(ctx, t)
		if err != nil {
			return fmt.Errorf("stream %s: %w", tile.Stream, err)
		}
		if p != nil {
			c.current[tile.Stream] = p
		}
		pictures[i] = c.current[tile.Stream]
	}
	canvas.Draw(tiles, pictures)
	return nil
}

// mix adds the streams that are heard during frame n to a silent block.
func (c *composition) mix(ctx context.Context, s plan.Span, n int64, block []float32) error {
	start := sound.SamplesAt(s.Start) + (n-s.FirstFrame)*sound.BlockSamples
	limit := min(s.Instant(n+1).Add(sound.Jitter), s.End)
	var mixed []string
	for _, scene := range c.plan.Between(min(s.Instant(n), s.End-1), limit) {
		for _, stream := range scene.Audio {
			if slices.Contains(mixed, stream) { // ARC-COMP-37
				continue
			}
			mixed = append(mixed, stream)
			c.mu.Lock()
			a := c.audio[stream]
			c.mu.Unlock()
			if a == nil { // it has ended and all of it was mixed
				continue
			}
			if err := c.voice(ctx, stream, a, start, limit, block); err != nil {
				return fmt.Errorf("stream %s: %w", stream, err)
			}
		}
	}
	sound.SoftClip(block)
	return nil
}

// voice adds the samples of one stream.
func (c *composition) voice(ctx context.Context, stream string, a *sound.Stream, start int64, limit av.Instant, block []float32) error {
	if c.options.Voice == nil {
		return a.Mix(ctx, start, limit, block)
	}
	alone := make([]float32, len(block))
	if err := a.Mix(ctx, start, limit, alone); err != nil {
		return err
	}
	for i, x := range alone {
		block[i] += x
	}
	return c.options.Voice(stream, c.written, alone)
}

// put passes a frame to the encoders.
func (c *composition) put(ctx context.Context, f frame) error {
	if err := c.output.encoding.Put(ctx, f.slot); err != nil {
		return err
	}
	c.written++
	return nil
}
