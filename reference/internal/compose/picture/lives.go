package picture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/av/bitstream"
	"reelcheck/reference/internal/ffmpeg/decoding"
	"reelcheck/reference/internal/journal"
)

const (
	// settleAfter is how long a stream's video must rest before a frame without a picture is looked into,
	// settleTime how long its decoder then has to answer.
	settleAfter = 500 * time.Millisecond
	settleTime  = 2 * time.Second
)

// start starts a child.
func (f *feeder) start(ctx context.Context, s shape) error {
	d, err := f.decode(ctx, s)
	if err != nil {
		return fmt.Errorf("decoding stream %s: %w", f.ID, err)
	}
	f.child = bear(ctx, d, s, f.shelf.put)
	return nil
}

// begin makes sure that a child of shape s runs.
func (f *feeder) begin(ctx context.Context, s shape) error {
	if f.child != nil && f.child.shape == s {
		return nil
	}
	if err := f.finish(ctx); err != nil {
		return err
	}
	return f.start(ctx, s)
}

// finish lets the child hand out what it has and reaps it.
func (f *feeder) finish(ctx context.Context) error {
	for f.child != nil {
		s, early := f.child.shape, f.child.died()
		err := f.reap(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if waiting, next := f.shelf.status(); err == nil && !early || !waiting || f.deaths.hopeless(next, err) {
			break
		}
		if err := f.replay(ctx, s, f.given); err != nil {
			return err
		}
	}
	f.shelf.giveUp(f.latest)
	return nil
}

// revive replaces a child that died.
func (f *feeder) revive(ctx context.Context) error {
	for f.child != nil && f.child.died() {
		s := f.child.shape
		err := f.reap(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, next := f.shelf.status(); f.deaths.hopeless(next, err) {
			f.broken = true
			f.shelf.giveUp(f.latest)
			return nil
		}
		if err := f.replay(ctx, s, f.given); err != nil {
			return err
		}
	}
	return nil
}

func (f *feeder) reap(ctx context.Context) error {
	c := f.child
	f.child, f.pending = nil, nil
	err := c.finish()
	if err != nil && ctx.Err() == nil {
		f.Log.Warn("decoder failed", "stream", f.ID, "error", err)
	}
	return err
}

// settle deals with a sample that yields no picture while no other follows: nothing but its decoder's end tells that
// none will come. Pictures do not depend on it, because the next sample is preceded by all since the key frame.
func (f *feeder) settle(ctx context.Context, now av.Instant) error {
	if f.child == nil || now.Sub(f.lastGiven) < settleAfter || f.turned { // decoders keep pictures that are in another order
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	if err := f.shelf.settle(limited); err != nil && ctx.Err() == nil {
		return f.finish(ctx)
	}
	return ctx.Err()
}

// replay starts a child and gives it the samples that lead to, and include, the one that is so many samples from the beginning.
func (f *feeder) replay(ctx context.Context, s shape, to int64) error {
	here := f.reader.Position()
	f.given = max(f.given, to)
	next := f.shelf.replay()
	defer f.shelf.replayed()
	from := f.keys[0]
	for _, k := range f.keys[1:] {
		if k.before.latest < next {
			from = k
		}
	}
	f.pending = nil
	if err := errors.Join(f.start(ctx, s), f.reader.Seek(from.place)); err != nil {
		return err
	}
	size, broken := from.size, false
	for read := from.before; read.count < to; {
		it, err := f.reader.Next(ctx)
		var torn *journal.TornError
		switch {
		case errors.As(err, &torn):
			broken = true
			continue
		case err != nil:
			return err
		case it.Mark:
			continue
		}
		read.next(it.Sample)
		broken = broken || it.Gap && read.number > from.number
		if w, h, ok := bitstream.Size(it.Sample); ok {
			size, broken = [2]int{w, h}, w*h > decoding.MaxPixels
		}
		if !broken {
			f.give(read.number, it.Sample, size)
		}
	}
	if f.pending != nil && f.pending.number <= f.lastShown {
		f.release(endOfTime)
	}
	if err := f.reader.Seek(here); err != nil {
		return err
	}
	_, err := f.reader.Next(ctx)
	return err
}
