package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/av"
)

// Output describes what a composition is encoded to.
type Output struct {
	Video *Video // nil without video
	Sound bool
}

// Slot is the memory in which a frame of the composition is put together: its picture, planar 4:2:0, and its sound,
// mono. A part that the output does not have is nil. A slot that comes back still holds the frame that was in it before.
type Slot struct {
	Number  int
	Picture []byte
	Sound   []float32
}

// Encoding encodes the frames of a composition in child processes.
type Encoding struct {
	// Units are the access units of the video, Frames the AAC frames. Each channel is closed after the last one, or when
	// the group's context has ended.
	Units, Frames <-chan []byte

	free  chan *Slot
	spare chan<- []byte // nil where nobody reuses them
	encoder
}

// encoder passes frames to the children. One goroutine calls put and close.
type encoder interface {
	put(ctx context.Context, r *Slot) error
	close() error
	kill()
}

const (
	// The queues of encoded media hold several seconds, more than the encoders keep to themselves. So waiting for one
	// kind of media never stops the other.
	unitsAhead  = 8 * av.FrameRate
	framesAhead = 8 * av.SampleRate / av.AACFrame
)

// Encode starts the encoder program, or the ffmpeg program if that cannot work. Its goroutines run in the group, whose
// context must be ctx; their failure is an error of the group. The caller takes slots with Slot, passes them on with
// Put, reads both channels, and calls Close after the last frame.
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

// Slot waits for a free slot. The slot belongs to the caller until Put.
func (e *Encoding) Slot(ctx context.Context) (*Slot, error) {
	select {
	case r := <-e.free:
		return r, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Put encodes the frame in a slot, after the frames before it.
func (e *Encoding) Put(ctx context.Context, r *Slot) error { return e.put(ctx, r) }

// Reuse lets the encoder overwrite the memory of an access unit.
func (e *Encoding) Reuse(unit []byte) {
	select {
	case e.spare <- unit:
	default:
	}
}

// Close notes that no more frames come.
func (e *Encoding) Close() error { return e.close() }

// Kill ends the first child at once. Any goroutine may call it.
func (e *Encoding) Kill() { e.kill() }

func send[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ended reaps a child that encodes. A child that ends before the end of its input has failed, whatever its exit code.
func ended(ctx context.Context, kind string, p *process, err error) error {
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), ignore(p.wait()))
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	told := p.told.Load()
	if err = errors.Join(err, p.wait()); err == nil && !told {
		err = errors.New("ended before the end of its input")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	return nil
}

// ignore drops the error of a child that was killed on purpose.
func ignore(error) error { return nil }
