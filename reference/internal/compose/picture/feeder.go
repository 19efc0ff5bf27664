package picture

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/av/bitstream"
	"reelcheck/reference/internal/compose/plan"
	"reelcheck/reference/internal/ffmpeg/decoding"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/layout"
)

const (
	// fresh is the greatest age of the newest frame that a stream may show when it gets a place. An older one may come
	// from before a pause.
	fresh = 1500 * time.Millisecond

	endOfTime = av.Instant(1<<63 - 1)
)

// feeder reads a stream's samples and gives its child those that are seen and those that they depend on. All of it
// belongs to one goroutine.
type feeder struct {
	*Stream
	decode func(context.Context, shape) (decoder, error)
	reader *journal.Reader

	at      position
	keys    []keyFrame // the last one, and before it those whose frames the child may still hold
	broken  bool       // nothing after the last key frame can be decoded
	refused bool       // too large pictures were logged already
	absent  bool       // without a place, or without a picture since it got one
	since   av.Instant // when it got its place

	child     *child     // nil while none runs
	given     int64      // samples that were given to a child or skipped
	latest    int64      // the highest number among them
	pending   *pending   // the last of them, until it is written to the child
	lastShown int64      // number of the last sample written with show set
	turned    bool       // samples come in another order than their pictures
	lastGiven av.Instant // when the child was given something last
	deaths    deaths
}

// keyFrame is a place where decoding can begin.
type keyFrame struct {
	place  journal.Position
	before position
	number int64
	time   av.Instant
	codec  av.Codec
	size   [2]int
}

// pending is a sample that waits for its successor or for its frame of the output: only then is it certain whether
// anybody will see it. At 30 frames/s every sixth frame is never seen, and is neither scaled nor copied.
type pending struct {
	coming
	data []byte
}

func newFeeder(v *Stream, r *journal.Reader, decode func(context.Context, shape) (decoder, error)) *feeder {
	return &feeder{Stream: v, reader: r, decode: decode, broken: true, absent: true}
}

// run implements [Stream.Run].
func (f *feeder) run(ctx context.Context) (err error) {
	defer func() {
		err = errors.Join(err, f.reader.Close())
		if f.child != nil {
			f.child.Kill()
			<-f.child.done
		}
	}()
	waiting, cancel := f.Plan.UntilStopped(ctx)
	defer cancel()
	reached := av.Instant(0)
	for {
		it, err := f.reader.Next(waiting)
		var torn *journal.TornError
		switch {
		case errors.Is(err, io.EOF), f.Plan.Over(reached) && !errors.As(err, &torn):
			f.release(endOfTime)
			err = f.finish(ctx)
			f.shelf.end()
			return err
		case err != nil && waiting.Err() != nil && ctx.Err() == nil: // the archive stopped, but earlier samples are still on their way
			waiting = ctx
			continue
		case errors.As(err, &torn):
			f.Log.Warn("journal is damaged", "stream", f.ID, "error", err)
			f.broken = true
			continue
		case err != nil:
			return err
		}
		if err := f.item(ctx, it); err != nil {
			return err
		}
		reached = max(reached, it.Time)
		f.shelf.reach(reached)
	}
}

// item handles one item of the journal.
func (f *feeder) item(ctx context.Context, it journal.Item) error {
	if err := f.Plan.WaitKnown(ctx, it.Time); err != nil && !errors.Is(err, plan.ErrOver) {
		return err
	}
	f.release(it.Time)
	before := f.at
	key := f.note(it)
	tile, shown := f.Plan.At(it.Time).Tile(f.ID)
	if !shown {
		f.absent = true
		return f.finish(ctx)
	}
	if err := f.settle(ctx, it.Time); err != nil {
		return err
	}
	if err := f.revive(ctx); err != nil {
		return err
	}
	if f.absent {
		f.since = f.Plan.Since(f.ID, it.Time)
	}
	switch {
	case key: // a picture of another size gets a child for its new shape (ARC-COMP-30)
		if err := f.begin(ctx, f.lastKey().shape(tile)); err != nil {
			return err
		}
	case f.broken:
		return nil
	case f.absent:
		if ok, err := f.catchUp(ctx, tile, it, before); !ok || err != nil {
			return err
		}
	case f.child == nil && !it.Mark: // settle ended the child
		if err := f.replay(ctx, f.lastKey().shape(tile), before.count); err != nil {
			return err
		}
	}
	if f.absent || !it.Mark {
		f.lastGiven = it.Time
	}
	f.absent = false
	if !it.Mark {
		f.given = f.at.count
		f.give(f.at.number, it.Sample, f.lastKey().size)
	}
	return nil
}

func (f *feeder) lastKey() keyFrame { return f.keys[len(f.keys)-1] }

// note counts a sample and remembers key frames. It reports whether decoding can begin with this sample.
func (f *feeder) note(it journal.Item) (key bool) {
	if it.Mark {
		f.broken = f.broken || it.Gap
		return false
	}
	before := f.at
	f.at.next(it.Sample)
	f.broken = f.broken || it.Gap
	w, h, ok := bitstream.Size(it.Sample)
	if !it.Key || !ok {
		return false
	}
	if w*h > decoding.MaxPixels {
		f.refuse(w, h)
		return false
	}
	f.broken = false
	waiting, next := f.shelf.status()
	needed := 0 // the pictures after the key frames before it have all come out
	for needed < len(f.keys) && (!waiting || needed+1 < len(f.keys) && f.keys[needed+1].before.latest < next) {
		needed++
	}
	f.keys = append(f.keys[needed:], keyFrame{f.reader.Position(), before, f.at.number, it.Time, it.Codec, [2]int{w, h}})
	return true
}

// refuse skips everything that follows a key frame that is too large.
func (f *feeder) refuse(width, height int) {
	f.broken = true
	if f.refused {
		return
	}
	f.refused = true
	f.Log.Warn("pictures are too large to be decoded", "stream", f.ID, "width", width, "height", height, "pixels", decoding.MaxPixels)
}

// catchUp decodes a stream that has just got a place from its last key frame, so that the picture of the sample before
// is there at once. It reports whether that was possible.
func (f *feeder) catchUp(ctx context.Context, tile layout.Tile, it journal.Item, before position) (bool, error) {
	key := f.lastKey()
	stale := f.since.Sub(before.time) > fresh
	if f.since.Sub(key.time) > f.CatchUp || stale && it.Mark {
		return false, nil
	}
	if stale {
		f.shelf.wantFrom(before.latest + 1)
	} else { // not every sample yields a picture, but among the last three one does
		f.shelf.wantFrom(max(key.number, slices.Min(before.last[:])))
	}
	if err := f.replay(ctx, key.shape(tile), before.count); err != nil {
		return false, err
	}
	f.release(it.Time)
	return true, nil
}

// give makes a sample the pending one. If the child has died, revive replaces it and nothing is lost.
func (f *feeder) give(number int64, s av.Sample, size [2]int) {
	f.release(max(s.Time, f.since))
	if f.pending != nil {
		_ = f.child.Write(f.pending.number, false, f.pending.data)
	}
	f.latest = max(f.latest, number)
	f.pending = &pending{coming{number, max(s.Presented(), f.since), size}, s.Data}
	if s.Presented() > s.Time { // its successor in the stream is not the picture that replaces it
		f.turned = true
		f.release(endOfTime)
	}
}

// release writes the pending sample to the child if a frame of the output before t shows it.
func (f *feeder) release(t av.Instant) {
	p := f.pending
	if p == nil || f.child == nil || !f.Plan.Samples(p.time, t) {
		return
	}
	f.pending, f.lastShown = nil, max(f.lastShown, p.number)
	_ = f.child.Write(p.number, f.shelf.announce(p.coming), p.data)
}
