package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/av"
)

// Output is what a composition becomes.
type Output struct {
	Video *Video // nil without
	Sound bool
}

// Room is where a frame of the composition is put together: its picture, planar 4:2:0, and its sound, mono. What the output does not have
// is nil. A room that comes back has in it what was put there before.
type Room struct {
	Number  int
	Picture []byte
	Sound   []float32
}

// Encoding encodes the frames of a composition in children.
type Encoding struct {
	// Units are access units of the video, Frames are AAC. Each is closed after the last one, or when the group's context has ended.
	Units, Frames <-chan []byte

	free  chan *Room
	spare chan<- []byte // nil where nobody takes them
	encoder
}

// encoder is how frames get to the children. put and close are of one goroutine.
type encoder interface {
	put(ctx context.Context, r *Room) error
	close() error
	kill()
}

const (
	// Queues of what was encoded hold several seconds of either kind, more than the encoders keep to themselves, so that waiting for
	// one kind never stops the other.
	unitsAhead  = 8 * av.FrameRate
	framesAhead = 8 * av.SampleRate / av.AACFrame
)

// Encode starts what encodes costs least, where it can be had. What it needs runs in the group, whose context ctx is; what goes wrong there
// is an error of the group.
func (c Config) Encode(ctx context.Context, g *errgroup.Group, o Output) (*Encoding, error) {
	if c.Encoder != nil {
		e, err := c.shareEncoding(ctx, g, o)
		if err == nil {
			return e, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		c.Encoder.refuse(err)
	}
	return c.pipeEncoding(ctx, g, o)
}

// Room waits for one that is free. It is the caller's until Put.
func (e *Encoding) Room(ctx context.Context) (*Room, error) {
	select {
	case r := <-e.free:
		return r, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Put encodes a room's frame, after those before it.
func (e *Encoding) Put(ctx context.Context, r *Room) error { return e.put(ctx, r) }

// Reuse lets an access unit be written over.
func (e *Encoding) Reuse(unit []byte) {
	select {
	case e.spare <- unit:
	default:
	}
}

// Close says that no more comes.
func (e *Encoding) Close() error { return e.close() }

// Kill ends the first child at once. It may be called at any time.
func (e *Encoding) Kill() { e.kill() }

func send[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ended reaps a child that encodes. One that ends by itself before it was told to has failed, whatever it says.
func ended(ctx context.Context, kind string, p *process, err error) error {
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), ignore(p.wait()))
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	told := p.told.Load()
	if err = errors.Join(err, p.wait()); err == nil && !told {
		err = errors.New("ended before its input did")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	return nil
}

// ignore drops the error of a child that was killed on purpose.
func ignore(error) error { return nil }
