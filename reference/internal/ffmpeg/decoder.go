package ffmpeg

import (
	"context"
	"errors"
	"fmt"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ffmpeg/decoding"
)

// Decoder is a child that decodes one video stream and scales it to one size, without bars. Write and CloseInput belong to
// one goroutine, Read to another. It stops while [decoding.Slots] pictures, or a few less, have not been released.
type Decoder struct {
	process  *process
	codec    av.Codec
	pictures pictures
	frame    []byte
}

// pictures is how those of a child come to be read.
type pictures interface {
	next(ctx context.Context) (tick int64, slot byte, err error)
	frame(number int64, slot byte) Frame
	close() error
}

// Scaling is how pictures are scaled: every pixel counts, linearly with its distance.
const Scaling = "bilinear"

var fourCC = map[av.Codec]string{av.VP8: "VP80", av.VP9: "VP90", av.H264: "H264"}

// Decode starts a decoder for frames of width x height, both even. It begins with a key frame. Frames go in as IVF, which also takes
// H.264 access units.
func (c Config) Decode(ctx context.Context, codec av.Codec, width, height int) (*Decoder, error) {
	cc, ok := fourCC[codec]
	if !ok {
		return nil, fmt.Errorf("no decoder for codec %q", codec)
	}
	p, pictures, err := c.begin(ctx, width, height)
	if err != nil {
		return nil, err
	}
	widen(p.stdin, 256<<10)
	_, _ = p.Write(decoding.AppendHeader(nil, cc)) // when it died at once, reading will tell why
	return &Decoder{process: p, codec: codec, pictures: pictures}, nil
}

// begin starts the program that costs less, where it can be had.
func (c Config) begin(ctx context.Context, width, height int) (*process, pictures, error) {
	if c.Decoder == nil {
		return c.pipe(ctx, width, height)
	}
	p, shared, err := c.sharePictures(ctx, width, height)
	if err == nil {
		return p, shared, nil
	}
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	c.Decoder.refuse(err)
	return c.pipe(ctx, width, height)
}

// Write feeds one sample. Numbers increase. Of a sample that is not to be shown no picture comes: it is decoded for the sake of others only.
func (d *Decoder) Write(number int64, show bool, data []byte) error {
	frames := [][]byte{data}
	if d.codec == av.VP9 {
		frames = av.VP9Frames(data)
	}
	picture := len(frames) // of several pictures, layers of growing size, the last is the whole one
	for i, f := range frames {
		if show && (len(frames) == 1 || av.VP9Shown(f)) {
			picture = i
		}
	}
	d.frame = d.frame[:0]
	for i, f := range frames {
		d.frame = decoding.AppendFrame(d.frame, decoding.Tick(number, i, i >= picture), f)
	}
	if show {
		d.process.asked.Store(number)
	}
	_, err := d.process.Write(d.frame)
	return err
}

// CloseInput tells the child that no more comes. It then hands out what it has.
func (d *Decoder) CloseInput() error { return d.process.closeInput() }

// Read returns the next picture; io.EOF at the end, or when the child has ended otherwise, which Wait tells. After any other error the
// child has to be killed.
func (d *Decoder) Read(ctx context.Context) (Frame, error) {
	tick, slot, err := d.pictures.next(ctx)
	if err != nil {
		return Frame{}, err
	}
	number := decoding.Sample(tick)
	d.process.answered.Store(number)
	return d.pictures.frame(number, slot), nil
}

// Kill ends the child without waiting for what it still has.
func (d *Decoder) Kill() { d.process.stop() }

// Wait reaps the child. Call it once Read has failed.
func (d *Decoder) Wait() error {
	return errors.Join(d.process.wait(), d.pictures.close())
}
