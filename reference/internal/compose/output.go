package compose

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/compose/ffmpeg"
	"reelcheck/reference/internal/compose/picture"
	"reelcheck/reference/internal/mux/mp4"
	"reelcheck/reference/internal/mux/ts"
)

const (
	videoTimescale = 90000
	// The file is interleaved by the second of output. Queues hold several seconds of either kind, more than the
	// encoders keep to themselves, so that waiting for one kind never stops the other.
	interleave = ffmpeg.FrameRate
	unitsAhead = 8 * ffmpeg.FrameRate
	aacAhead   = 8 * ffmpeg.SampleRate / ffmpeg.AACFrame
	rawAhead   = 3
	// seiUserData is the SEI payload type user_data_unregistered (ITU-T H.264 section D.1).
	seiUserData = 5
)

// output encodes pictures and sound in children and writes them to a file.
type output struct {
	group    *errgroup.Group
	pictures chan *picture.Canvas // nil when there is no video
	blocks   chan []float32
	free     chan *picture.Canvas // to be drawn on again
	size     [2]int

	media        *os.File
	buffered     *bufio.Writer
	written      chan struct{} // says that a second of output was handed to the kernel
	file         file
	transport    bool
	video, audio *mp4.Track
}

// file is what samples are written to: an [mp4.Writer] or a [ts.Writer].
type file interface {
	Chunk(t *mp4.Track, samples []mp4.Sample) error
	Size() int64
}

// startOutput begins an output. What goes wrong ends the group's context.
func startOutput(ctx context.Context, g *errgroup.Group, o Options, media *os.File) (*output, error) {
	out := &output{group: g, media: media, transport: o.Transport, size: [2]int{o.Width, o.Height}}
	var tracks []*mp4.Track
	units, frames := make(chan mp4.Sample, unitsAhead), make(chan mp4.Sample, aacAhead)
	if o.HasVideo {
		enc, err := o.FFmpeg.EncodeH264(ctx, ffmpeg.Video{Width: o.Width, Height: o.Height, QP: o.QP, Bitrate: o.Bitrate})
		if err != nil {
			return nil, err
		}
		o.encoding(ctx, enc)
		out.video = &mp4.Track{Timescale: videoTimescale, SampleDuration: videoTimescale / ffmpeg.FrameRate}
		tracks = append(tracks, out.video)
		out.pictures, out.free = make(chan *picture.Canvas, rawAhead), make(chan *picture.Canvas, rawAhead+2)
		g.Go(func() error { return feed(ctx, enc, out.pictures, out.writePicture) })
		g.Go(func() error { defer close(units); return out.readVideo(ctx, enc, units) })
	} else {
		close(units)
	}
	if o.HasAudio {
		enc, err := o.FFmpeg.EncodeAAC(ctx)
		if err != nil {
			return nil, err
		}
		if !o.HasVideo {
			o.encoding(ctx, enc)
		}
		out.audio = &mp4.Track{
			Timescale: ffmpeg.SampleRate, SampleDuration: ffmpeg.AACFrame, Skip: ffmpeg.AACFrame, Channels: 1, Bitrate: ffmpeg.AudioBitrate,
		}
		tracks = append(tracks, out.audio)
		out.blocks = make(chan []float32, rawAhead)
		g.Go(func() error { return feed(ctx, enc, out.blocks, writeBlock) })
		g.Go(func() error { defer close(frames); return readAudio(ctx, enc, frames) })
	} else {
		close(frames)
	}
	out.buffered, out.written = bufio.NewWriterSize(o.through(media), 1<<20), make(chan struct{}, 1)
	if out.file = mp4.NewWriter(out.buffered, tracks...); o.Transport {
		var err error
		if out.file, err = ts.NewWriter(out.buffered, tracks...); err != nil {
			return nil, err
		}
	}
	g.Go(func() error { defer close(out.written); return out.mux(ctx, units, frames) })
	g.Go(out.flush)
	return out, nil
}

func (o Options) encoding(ctx context.Context, enc *ffmpeg.Encoder) {
	if o.Encoding != nil {
		context.AfterFunc(ctx, o.Encoding(enc.Kill))
	}
}

func (o Options) through(w io.Writer) io.Writer {
	if o.Output == nil {
		return w
	}
	return o.Output(w)
}

// flush has the kernel write out what the file has grown by, so that little is left to do at the end.
func (o *output) flush() error {
	for range o.written {
		if err := o.media.Sync(); err != nil {
			return fmt.Errorf("syncing media data: %w", err)
		}
	}
	return nil
}

// feed writes what comes to an encoder until there is no more.
func feed[T any](ctx context.Context, enc *ffmpeg.Encoder, in <-chan T, write func(io.Writer, T) error) error {
	for {
		select {
		case raw, ok := <-in:
			if !ok {
				return enc.CloseInput()
			}
			if err := write(enc, raw); err != nil {
				<-ctx.Done() // whoever reads from it says why it died
				return ctx.Err()
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (o *output) writePicture(w io.Writer, canvas *picture.Canvas) error {
	_, err := w.Write(canvas.Pix)
	select {
	case o.free <- canvas:
	default:
	}
	return err
}

func writeBlock(w io.Writer, samples []float32) error {
	b := make([]byte, 0, 4*len(samples))
	for _, x := range samples {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	_, err := w.Write(b)
	return err
}

// canvas returns what the next picture is drawn on: black at first, later with what it had several pictures ago, of which the new
// one may still have much.
func (o *output) canvas() *picture.Canvas {
	if o.pictures == nil {
		return nil
	}
	select {
	case c := <-o.free:
		return c
	default:
		return picture.NewCanvas(o.size[0], o.size[1])
	}
}

// readVideo turns the encoder's access units into samples, and its parameter sets into the track's.
func (o *output) readVideo(ctx context.Context, enc *ffmpeg.Encoder, units chan<- mp4.Sample) error {
	in := ffmpeg.NewAccessUnits(enc)
	var err error
	for {
		var unit []byte
		if unit, err = in.Next(); err != nil {
			break
		}
		if err = send(ctx, units, o.sample(unit)); err != nil {
			break
		}
	}
	return done(ctx, "video", enc, err)
}

// done reaps an encoder. One that ends by itself before it was told to has failed, whatever it says.
func done(ctx context.Context, kind string, enc *ffmpeg.Encoder, err error) error {
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), ignore(enc.Wait()))
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	told := enc.Told()
	if err = errors.Join(err, enc.Wait()); err == nil && !told {
		err = errors.New("ended before its input did")
	}
	if err != nil {
		return fmt.Errorf("%s encoder: %w", kind, err)
	}
	return nil
}

// ignore drops the error of a child that was killed on purpose.
func ignore(error) error { return nil }

// sample makes a file sample of an access unit. Parameter sets go to the sample description, or stay where a file has none; delimiters
// and the encoder's advertisement go nowhere.
func (o *output) sample(unit []byte) mp4.Sample {
	var s mp4.Sample
	for nal := range av.NALs(unit) {
		switch av.NALTypeOf(nal) {
		case av.NALAUD:
			continue
		case av.NALSPS:
			if !o.transport {
				o.video.SPS = addSet(o.video.SPS, nal)
				continue
			}
		case av.NALPPS:
			if !o.transport {
				o.video.PPS = addSet(o.video.PPS, nal)
				continue
			}
		case av.NALSEI:
			if len(nal) > 1 && nal[1] == seiUserData {
				continue
			}
		case av.NALIDR:
			s.Key = true
		case av.NALSlice:
		}
		s.Data = binary.BigEndian.AppendUint32(s.Data, uint32(len(nal)))
		s.Data = append(s.Data, nal...)
	}
	return s
}

func addSet(sets [][]byte, nal []byte) [][]byte {
	for _, s := range sets {
		if bytes.Equal(s, nal) {
			return sets
		}
	}
	return append(sets, bytes.Clone(nal))
}

func readAudio(ctx context.Context, enc *ffmpeg.Encoder, frames chan<- mp4.Sample) error {
	in := ffmpeg.NewADTS(enc)
	var err error
	for {
		var frame []byte
		if frame, err = in.Next(); err != nil {
			break
		}
		if err = send(ctx, frames, mp4.Sample{Data: frame, Key: true}); err != nil {
			break
		}
	}
	return done(ctx, "audio", enc, err)
}

func send[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// mux writes second after second: the video that begins in it, then the audio that does.
func (o *output) mux(ctx context.Context, units, frames <-chan mp4.Sample) error {
	moreVideo, moreAudio := o.video != nil, o.audio != nil
	audioFrames := 0
	for second := 1; moreVideo || moreAudio; second++ {
		var err error
		if moreVideo {
			if moreVideo, err = o.chunk(ctx, o.video, units, interleave); err != nil {
				return err
			}
		}
		if moreAudio {
			until := second*ffmpeg.SampleRate/ffmpeg.AACFrame + 1
			if moreAudio, err = o.chunk(ctx, o.audio, frames, until-audioFrames); err != nil {
				return err
			}
			audioFrames = until
		}
		if w, is := o.file.(*ts.Writer); is && !moreVideo && !moreAudio {
			if err := w.Close(); err != nil {
				return err
			}
		}
		if err = o.buffered.Flush(); err != nil {
			return fmt.Errorf("writing media data: %w", err)
		}
		select {
		case o.written <- struct{}{}:
		default: // the last one is not done yet
		}
	}
	return nil
}

// chunk writes up to n samples and reports whether more may come.
func (o *output) chunk(ctx context.Context, t *mp4.Track, from <-chan mp4.Sample, n int) (more bool, err error) {
	list := make([]mp4.Sample, 0, n)
	for len(list) < n {
		select {
		case s, ok := <-from:
			if !ok {
				return false, o.file.Chunk(t, list)
			}
			list = append(list, s)
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	return true, o.file.Chunk(t, list)
}

// close says that everything was put in.
func (o *output) close() {
	if o.pictures != nil {
		close(o.pictures)
	}
	if o.blocks != nil {
		close(o.blocks)
	}
}

// head returns the file's head, once the group has ended well. A transport stream has none.
func (o *output) head(length time.Duration) ([]byte, error) {
	w, is := o.file.(*mp4.Writer)
	if !is {
		return nil, nil
	}
	for _, t := range []*mp4.Track{o.video, o.audio} {
		if t != nil {
			t.Length = length
		}
	}
	return w.Head()
}
