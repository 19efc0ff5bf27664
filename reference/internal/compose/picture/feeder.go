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
	// fresh is how old the newest frame of a stream that gets a place may be. What is older may be of before a pause.
	fresh = 1500 * time.Millisecond

	endOfTime = av.Instant(1<<63 - 1)
)

// feeder reads a stream's samples and gives its child those that are seen, and those that they need. All of it belongs to one goroutine.
type feeder struct {
	*Stream
	decode func(context.Context, shape) (decoder, error)
	reader *journal.Reader

	at      position
	keys    []keyFrame // the last one, and before it those whose frames the child may still have
	broken  bool       // nothing after the last key frame can be decoded
	refused bool       // too large pictures were logged
	absent  bool       // without a place, or without a picture since it has one
	since   av.Instant // when it got its place

	child     *child     // nil while none runs
	given     int64      // how many samples a child was given, and those skipped before
	latest    int64      // the latest number of them
	pending   *pending   // the last of them, while it has not been written to the child
	lastShown int64      // the number of the sample written last that is to be shown
	turned    bool       // samples are in another order than their pictures
	lastGiven av.Instant // when the child was given something last
	deaths    deaths
}

// keyFrame is where decoding can begin.
type keyFrame struct {
	place  journal.Position
	before position
	number int64
	time   av.Instant
	codec  av.Codec
	size   [2]int
}

// pending is a sample that waits for its successor: only when that is there, or its frame of the output, is it certain whether anybody
// will see it. Of 30 frames/s every sixth is seen by nobody, and needs neither scaling nor copying.
type pending struct {
	coming
	data []byte
}

func newFeeder(v *Stream, r *journal.Reader, decode func(context.Context, shape) (decoder, error)) *feeder {
	return &feeder{Stream: v, reader: r, decode: decode, broken: true, absent: true}
}

// run is [Stream.Run].
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
		case err != nil && waiting.Err() != nil && ctx.Err() == nil: // stopped, but samples of before are on their way
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

// item takes one item of the journal.
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
	case key:
		if err := f.begin(ctx, f.lastKey().shape(tile)); err != nil {
			return err
		}
	case f.broken:
		return nil
	case f.absent:
		if ok, err := f.catchUp(ctx, tile, it, before); !ok || err != nil {
			return err
		}
	case f.child == nil && !it.Mark: // it was ended to settle a frame
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

// note counts a sample and keeps in mind where decoding can begin. It reports whether it can with this one.
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
	needed := 0 // the keys before it begin what has come out
	for needed < len(f.keys) && (!waiting || needed+1 < len(f.keys) && f.keys[needed+1].before.latest < next) {
		needed++
	}
	f.keys = append(f.keys[needed:], keyFrame{f.reader.Position(), before, f.at.number, it.Time, it.Codec, [2]int{w, h}})
	return true
}

// refuse leaves out what follows a key frame that is too large.
func (f *feeder) refuse(width, height int) {
	f.broken = true
	if f.refused {
		return
	}
	f.refused = true
	f.Log.Warn("pictures are too large to be decoded", "stream", f.ID, "width", width, "height", height, "pixels", decoding.MaxPixels)
}

// catchUp brings a stream that has a place, but no picture, to where it is: the picture of the sample before. It reports whether that was
// possible.
func (f *feeder) catchUp(ctx context.Context, tile layout.Tile, it journal.Item, before position) (bool, error) {
	key := f.lastKey()
	stale := f.since.Sub(before.time) > fresh
	if f.since.Sub(key.time) > f.CatchUp || stale && it.Mark {
		return false, nil
	}
	if stale {
		f.shelf.wantFrom(before.latest + 1)
	} else { // not every sample gives a picture: the last three are sure to have one
		f.shelf.wantFrom(max(key.number, slices.Min(before.last[:])))
	}
	if err := f.replay(ctx, key.shape(tile), before.count); err != nil {
		return false, err
	}
	f.release(it.Time)
	return true, nil
}

// give hands one sample to the child. When it has died, nothing is lost: see revive.
func (f *feeder) give(number int64, s av.Sample, size [2]int) {
	f.release(max(s.Time, f.since))
	if f.pending != nil {
		_ = f.child.Write(f.pending.number, false, f.pending.data)
	}
	f.latest = max(f.latest, number)
	f.pending = &pending{coming{number, max(s.Presented(), f.since), size}, s.Data}
	if s.Presented() > s.Time { // what follows is not what replaces it
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
