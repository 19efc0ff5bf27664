package picture

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/av/bitstream"
	"reelcheck/reference/internal/await"
	"reelcheck/reference/internal/compose/plan"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/ffmpeg/decoding"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/layout"
)

const (
	// CatchUp is how far back the key frame of a stream may be that gets a place, for its picture to be there at once: decoding
	// what lies between must not cost more than it is worth. Readers begin that much before the recording.
	CatchUp = 15 * time.Second
	// fresh is how old the newest frame of such a stream may be. What is older may be of before a pause.
	fresh = 1500 * time.Millisecond
	// settleAfter is how long a stream's video must rest before a frame without a picture is looked into,
	// settleTime how long its decoder then has to answer.
	settleAfter = 500 * time.Millisecond
	settleTime  = 2 * time.Second
)

// Stream decodes one stream. Its pictures depend on the journal only. They begin with a key frame or, when the stream gets a place
// while it runs, with what the frames since the last key frame make; after a loss they stand still until the next key frame. A
// child for another size takes over at the first key frame after tile or aspect have changed. One that dies is replaced by one that
// is given everything since the key frame again: nothing is lost with it.
type Stream struct {
	ID     string
	Plan   *plan.Plan
	FFmpeg ffmpeg.Config
	// CatchUp is how far back a key frame may be, most often [CatchUp].
	CatchUp time.Duration
	Log     *slog.Logger

	// Of the feeding goroutine.
	reader  *journal.Reader
	at      position
	keys    []keyFrame // the last one, and before it those whose frames the child may still have
	broken  bool       // nothing after the last key frame can be decoded
	refused bool       // too large pictures were logged
	absent  bool       // without a place, or without a picture since it has one
	since   av.Instant // when it got its place
	child   *child
	given   int64      // how many samples a child was given, and those skipped before
	latest  int64      // the latest number of them
	held    *held      // the last of them, while it has not been written to the child
	shown   int64      // the sample written last that is to be shown
	turned  bool       // samples are in another order than their pictures
	rested  av.Instant // when the child was given something last
	deaths  deaths

	mu      await.Mutex // guards the rest
	queue   []*Picture
	taken   *Picture   // what was taken last
	fed     []fed      // given to the child, in the order of their numbers; their pictures have not come
	again   bool       // a new child is being given what an earlier one was
	wanted  int64      // samples before it are decoded for the sake of later ones only
	reached av.Instant // every sample before it was given or skipped
	ended   bool
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

// Run feeds the stream's video from the journal until the log ends or ctx does.
func (v *Stream) Run(ctx context.Context, r *journal.Reader) (err error) {
	defer func() {
		err = errors.Join(err, r.Close())
		if v.child != nil {
			v.child.Kill()
			<-v.child.done
		}
	}()
	v.reader, v.broken, v.absent = r, true, true
	waiting, cancel := v.Plan.UntilStopped(ctx)
	defer cancel()
	for {
		it, err := r.Next(waiting)
		var torn *journal.TornError
		switch {
		case errors.Is(err, io.EOF), v.Plan.Over(v.reached) && !errors.As(err, &torn):
			v.release(endOfTime)
			err = v.finish(ctx)
			v.mu.Update(func() { v.ended = true })
			return err
		case err != nil && waiting.Err() != nil && ctx.Err() == nil: // stopped, but samples of before are on their way
			waiting = ctx
			continue
		case errors.As(err, &torn):
			v.Log.Warn("journal is damaged", "stream", v.ID, "err", err)
			v.broken = true
			continue
		case err != nil:
			return err
		}
		if err := v.item(ctx, it); err != nil {
			return err
		}
		v.mu.Update(func() { v.reached = max(v.reached, it.Time) })
	}
}

// item takes one item of the journal.
func (v *Stream) item(ctx context.Context, it journal.Item) error {
	if err := v.Plan.WaitKnown(ctx, it.Time); err != nil && !errors.Is(err, plan.ErrOver) {
		return err
	}
	v.release(it.Time)
	before := v.at
	key := v.note(it)
	tile, shown := v.Plan.At(it.Time).Tile(v.ID)
	if !shown {
		v.absent = true
		return v.finish(ctx)
	}
	if err := v.rest(ctx, it.Time); err != nil {
		return err
	}
	if err := v.revive(ctx); err != nil {
		return err
	}
	if v.absent {
		v.since = v.Plan.Since(v.ID, it.Time)
	}
	switch {
	case key:
		if err := v.begin(ctx, v.keys[len(v.keys)-1].shape(tile)); err != nil {
			return err
		}
	case v.broken:
		return nil
	case v.absent:
		if ok, err := v.catchUp(ctx, tile, it, before); !ok || err != nil {
			return err
		}
	case v.child == nil && !it.Mark: // it was ended to settle a frame
		if err := v.replay(ctx, v.keys[len(v.keys)-1].shape(tile), before.count); err != nil {
			return err
		}
	}
	if v.absent || !it.Mark {
		v.rested = it.Time
	}
	v.absent = false
	if !it.Mark {
		v.given = v.at.count
		v.give(v.at.number, it.Sample, v.keys[len(v.keys)-1].size)
	}
	return nil
}

// note counts a sample and keeps in mind where decoding can begin. It reports whether it can with this one.
func (v *Stream) note(it journal.Item) (key bool) {
	if it.Mark {
		v.broken = v.broken || it.Gap
		return false
	}
	before := v.at
	v.at.next(it.Sample)
	v.broken = v.broken || it.Gap
	w, h, ok := bitstream.Size(it.Sample)
	if !it.Key || !ok {
		return false
	}
	if w*h > decoding.MaxPixels {
		v.refuse(w, h)
		return false
	}
	v.broken = false
	v.mu.Lock()
	needed := 0 // the keys before it begin what has come out
	for needed < len(v.keys) && (len(v.fed) == 0 || needed+1 < len(v.keys) && v.keys[needed+1].before.latest < v.wanted) {
		needed++
	}
	v.mu.Unlock()
	v.keys = append(v.keys[needed:], keyFrame{v.reader.Position(), before, v.at.number, it.Time, it.Codec, [2]int{w, h}})
	return true
}

// refuse leaves out what follows a key frame that is too large.
func (v *Stream) refuse(width, height int) {
	v.broken = true
	if v.refused {
		return
	}
	v.refused = true
	v.Log.Warn("pictures are too large to be decoded", "stream", v.ID, "width", width, "height", height, "pixels", decoding.MaxPixels)
}

// catchUp brings a stream that has a place, but no picture, to where it is: the picture of the sample before. It reports whether that was
// possible.
func (v *Stream) catchUp(ctx context.Context, tile layout.Tile, it journal.Item, before position) (bool, error) {
	key := v.keys[len(v.keys)-1]
	stale := v.since.Sub(before.time) > fresh
	if v.since.Sub(key.time) > v.CatchUp || stale && it.Mark {
		return false, nil
	}
	v.mu.Lock()
	// Not every sample gives a picture: the last three are sure to have one.
	v.wanted = max(key.number, slices.Min(before.last[:]))
	if stale {
		v.wanted = before.latest + 1
	}
	v.mu.Unlock()
	if err := v.replay(ctx, key.shape(tile), before.count); err != nil {
		return false, err
	}
	v.release(it.Time)
	return true, nil
}

// replay starts a child and gives it the samples that lead to, and include, the one that is so many samples from the beginning.
func (v *Stream) replay(ctx context.Context, s shape, to int64) error {
	here := v.reader.Position()
	v.given = max(v.given, to)
	v.mu.Lock()
	from := v.keys[0]
	for _, k := range v.keys[1:] {
		if k.before.latest < v.wanted {
			from = k
		}
	}
	v.fed, v.again = v.fed[:0], true
	v.mu.Unlock()
	v.held = nil
	defer v.mu.Update(func() { v.again = false })
	if err := errors.Join(v.start(ctx, s), v.reader.Seek(from.place)); err != nil {
		return err
	}
	size, broken := from.size, false
	for read := from.before; read.count < to; {
		it, err := v.reader.Next(ctx)
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
			v.give(read.number, it.Sample, size)
		}
	}
	if v.held != nil && v.held.number <= v.shown {
		v.release(endOfTime)
	}
	if err := v.reader.Seek(here); err != nil {
		return err
	}
	_, err := v.reader.Next(ctx)
	return err
}
