package ffmpeg

import (
	"context"
	"errors"
	"fmt"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ffmpeg/decoding"
)

// Decoder is a child that decodes one video stream and scales the pictures to one size, without bars. One goroutine
// calls Write and CloseInput, another calls Read. The child stops while [decoding.Slots] pictures, or a few less, are
// not released.
type Decoder struct {
	process  *process
	codec    av.Codec
	pictures pictures
	frame    []byte
}

// pictures reads the decoded pictures of a child, over a pipe or from shared memory.
type pictures interface {
	next(ctx context.Context) (tick int64, slot byte, err error)
	frame(number int64, slot byte) Frame
	close() error
}

// Scaling is the way in which pictures are scaled: every pixel counts, linearly with its distance.
const Scaling = "bilinear"

// fourCC has the codecs that can be decoded, spelled as in IVF (ARC-COMP-26, ARC-COMP-27).
var fourCC = map[av.Codec]string{av.VP8: "VP80", av.VP9: "VP90", av.H264: "H264"}

// Decode starts a decoder for pictures of width x height, both even. The first sample must be a key frame. Samples are
// sent as IVF, which also takes H.264 access units.
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
	_, _ = p.Write(decoding.AppendHeader(nil, cc)) // if the child died at once, reading will report why
	return &Decoder{process: p, codec: codec, pictures: pictures}, nil
}

// begin starts the decoder program, or the ffmpeg program if that cannot work.
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

// Write decodes one sample. Numbers increase. A sample with show false yields no picture; it is decoded only because
// others need it.
func (d *Decoder) Write(number int64, show bool, data []byte) error {
	frames := [][]byte{data}
	if d.codec == av.VP9 {
		frames = av.VP9Frames(data)
	}
	picture := len(frames) // of several layers of growing size, the last one is the whole picture
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

// CloseInput notes that no more samples come. The child then returns its remaining pictures.
func (d *Decoder) CloseInput() error { return d.process.closeInput() }

// Read returns the next picture. It returns io.EOF at the end and when the child has died, which Wait tells. After any
// other error the caller must kill the child.
func (d *Decoder) Read(ctx context.Context) (Frame, error) {
	tick, slot, err := d.pictures.next(ctx)
	if err != nil {
		return Frame{}, err
	}
	number := decoding.Sample(tick)
	d.process.answered.Store(number)
	return d.pictures.frame(number, slot), nil
}

// Kill ends the child. Its remaining pictures are lost.
func (d *Decoder) Kill() { d.process.stop() }

// Wait reaps the child. The caller calls it once Read has failed.
func (d *Decoder) Wait() error {
	return errors.Join(d.process.wait(), d.pictures.close())
}
