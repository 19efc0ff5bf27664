package compose

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/compose/picture"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/mux/mp4"
	"reelcheck/reference/internal/mux/ts"
)

const (
	videoTimescale = 90000
	// The file is interleaved by the second of output.
	interleave = ffmpeg.FrameRate
	// seiUserData is the SEI payload type user_data_unregistered (ITU-T H.264 section D.1).
	seiUserData = 5
)

// output has what is composed encoded, and writes it to a file.
type output struct {
	encoding *ffmpeg.Encoding
	canvases map[int]*picture.Canvas // by the number of the room they lie in
	size     [2]int

	media        *os.File
	buffered     *bufio.Writer
	written      chan struct{} // says that a second of output was handed to the kernel
	file         file
	transport    bool
	video, audio *mp4.Track
	chunkData    []byte // of the pictures that are written at once
}

// file is what samples are written to: an [mp4.Writer] or a [ts.Writer].
type file interface {
	Chunk(t *mp4.Track, samples []mp4.Sample) error
	Size() int64
}

// startOutput begins an output. What goes wrong ends the group's context.
func startOutput(ctx context.Context, g *errgroup.Group, o Options, media *os.File) (*output, error) {
	out := &output{media: media, transport: o.Transport, size: [2]int{o.Width, o.Height}, canvases: map[int]*picture.Canvas{}}
	var tracks []*mp4.Track
	what := ffmpeg.Output{Sound: o.HasAudio}
	if o.HasVideo { // ARC-COMP-17
		what.Video = &ffmpeg.Video{Width: o.Width, Height: o.Height, QP: o.QP, Bitrate: o.Bitrate}
		out.video = &mp4.Track{Timescale: videoTimescale, SampleDuration: videoTimescale / ffmpeg.FrameRate}
		tracks = append(tracks, out.video)
	}
	if o.HasAudio { // ARC-COMP-18
		out.audio = &mp4.Track{
			Timescale: ffmpeg.SampleRate, SampleDuration: ffmpeg.AACFrame, Skip: ffmpeg.AACFrame, Channels: 1, Bitrate: ffmpeg.AudioBitrate,
		}
		tracks = append(tracks, out.audio)
	}
	var err error
	if out.encoding, err = o.FFmpeg.Encode(ctx, g, what); err != nil {
		return nil, err
	}
	if o.Encoding != nil {
		context.AfterFunc(ctx, o.Encoding(out.encoding.Kill))
	}
	out.buffered, out.written = bufio.NewWriterSize(o.through(media), 1<<20), make(chan struct{}, 1)
	if out.file = mp4.NewWriter(out.buffered, tracks...); o.Transport { // ARC-COMP-01, ARC-SEC-06
		if out.file, err = ts.NewWriter(out.buffered, tracks...); err != nil {
			return nil, err
		}
	}
	g.Go(func() error { defer close(out.written); return out.mux(ctx) })
	g.Go(out.flush)
	return out, nil
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

// frame is one of the output while it is put together.
type frame struct {
	room   *ffmpeg.Room
	canvas *picture.Canvas // nil when there is no video
	sound  []float32       // nil when there is none
}

// frame waits for one to be put together. Its canvas has what was drawn on it several frames ago, of which the new one may still
// have much. Its sound is silence.
func (o *output) frame(ctx context.Context) (frame, error) {
	room, err := o.encoding.Room(ctx)
	if err != nil {
		return frame{}, err
	}
	f := frame{room: room, sound: room.Sound}
	clear(f.sound)
	if o.video != nil {
		if o.canvases[room.Number] == nil {
			o.canvases[room.Number] = picture.NewCanvas(o.size[0], o.size[1], room.Picture)
		}
		f.canvas = o.canvases[room.Number]
	}
	return f, nil
}

// sample makes a file sample of an access unit. Parameter sets go to the sample description, or stay where a file has none; delimiters
// and the encoder's advertisement go nowhere.
func (o *output) sample(unit []byte) mp4.Sample {
	var s mp4.Sample
	from := len(o.chunkData)
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
		o.chunkData = binary.BigEndian.AppendUint32(o.chunkData, uint32(len(nal)))
		o.chunkData = append(o.chunkData, nal...)
	}
	o.encoding.Reuse(unit)
	s.Data = o.chunkData[from:len(o.chunkData):len(o.chunkData)]
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

// aac makes a file sample of a frame of AAC.
func aac(frame []byte) mp4.Sample { return mp4.Sample{Data: frame, Key: true} }

// mux writes second after second: the video that begins in it, then the audio that does.
func (o *output) mux(ctx context.Context) error {
	moreVideo, moreAudio := o.video != nil, o.audio != nil
	audioFrames := 0
	for second := 1; moreVideo || moreAudio; second++ {
		var err error
		if moreVideo {
			if moreVideo, err = o.chunk(ctx, o.video, o.encoding.Units, o.sample, interleave); err != nil {
				return err
			}
		}
		if moreAudio {
			until := second*ffmpeg.SampleRate/ffmpeg.AACFrame + 1
			if moreAudio, err = o.chunk(ctx, o.audio, o.encoding.Frames, aac, until-audioFrames); err != nil {
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

// chunk writes up to n samples made of what was encoded, and reports whether more may come.
func (o *output) chunk(ctx context.Context, t *mp4.Track, from <-chan []byte, sample func([]byte) mp4.Sample, n int) (more bool, err error) {
	list := make([]mp4.Sample, 0, n)
	if o.chunkData = o.chunkData[:0]; o.transport { // what is written keeps some
		o.chunkData = nil
	}
	for len(list) < n {
		select {
		case coded, ok := <-from:
			if !ok {
				return false, o.file.Chunk(t, list)
			}
			list = append(list, sample(coded))
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	return true, o.file.Chunk(t, list)
}

// head returns the file's head, once the group has ended well. A transport stream has none.
func (o *output) head(length time.Duration) ([]byte, error) {
	w, is := o.file.(*mp4.Writer)
	if !is {
		return nil, nil
	}
	for _, t := range []*mp4.Track{o.video, o.audio} {
		if t != nil {
			t.Length = length // ARC-COMP-15
		}
	}
	return w.Head()
}
