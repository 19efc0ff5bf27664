package compose

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/compose/picture"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/mux"
	"reelcheck/reference/internal/mux/mp4"
	"reelcheck/reference/internal/mux/ts"
)

const (
	videoTimescale = 90000
	// interleave is the number of frames of one second, in which the file is interleaved.
	interleave = av.FrameRate
	// seiUserData is the SEI payload type user_data_unregistered (ITU-T H.264 section D.1).
	seiUserData = 5
)

// output encodes the composed frames and writes them to a file.
type output struct {
	encoding *ffmpeg.Encoding
	canvases map[int]*picture.Canvas // by the number of the slot that they draw in
	size     [2]int

	media        *os.File
	buffered     *bufio.Writer
	written      chan struct{} // signals that a second of output was handed to the kernel
	file         mux.Writer
	transport    bool // the file is a transport stream, not an MP4 file
	video, audio *mux.Track
	chunkData    []byte // memory of the pictures of one chunk
}

// startOutput begins an output. A later failure is an error of the group.
func startOutput(ctx context.Context, g *errgroup.Group, o Options, media *os.File) (*output, error) {
	out := &output{media: media, transport: o.Transport, size: [2]int{o.Width, o.Height}, canvases: map[int]*picture.Canvas{}}
	var tracks []*mux.Track
	what := ffmpeg.Output{Sound: o.HasAudio}
	if o.HasVideo { // ARC-COMP-17
		what.Video = &ffmpeg.Video{Width: o.Width, Height: o.Height, QP: o.QP, Bitrate: o.Bitrate}
		out.video = &mux.Track{Timescale: videoTimescale, SampleDuration: videoTimescale / av.FrameRate}
		tracks = append(tracks, out.video)
	}
	if o.HasAudio { // ARC-COMP-18
		out.audio = &mux.Track{
			Timescale: av.SampleRate, SampleDuration: av.AACFrame, Skip: av.AACFrame, Channels: 1, Bitrate: ffmpeg.AudioBitrate, // ARC-COMP-04, ARC-COMP-06
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
	if o.Transport { // ARC-COMP-01, ARC-SEC-06
		out.file, err = ts.NewWriter(out.buffered, tracks...)
	} else {
		out.file = mp4.NewWriter(out.buffered, tracks...) // ARC-STOP-03
	}
	if err != nil {
		return nil, err
	}
	g.Go(func() error { defer close(out.written); return out.write(ctx) })
	g.Go(out.flush)
	return out, nil
}

func (o Options) through(w io.Writer) io.Writer {
	if o.Output == nil {
		return w
	}
	return o.Output(w)
}

// flush makes the kernel write out what was added to the file, so that little is left to do at the end.
func (o *output) flush() error {
	for range o.written {
		if err := o.media.Sync(); err != nil {
			return fmt.Errorf("syncing media data: %w", err)
		}
	}
	return nil
}

// frame is a frame of the output while it is composed.
type frame struct {
	slot   *ffmpeg.Slot
	canvas *picture.Canvas // nil without video
	sound  []float32       // nil without sound
}

// frame waits for a free frame. Its canvas still shows what was drawn on it several frames ago, of which the new frame
// may reuse much. Its sound is silence.
func (o *output) frame(ctx context.Context) (frame, error) {
	slot, err := o.encoding.Slot(ctx)
	if err != nil {
		return frame{}, err
	}
	f := frame{slot: slot, sound: slot.Sound}
	clear(f.sound)
	if o.video != nil {
		if o.canvases[slot.Number] == nil {
			o.canvases[slot.Number] = picture.NewCanvas(o.size[0], o.size[1], slot.Picture)
		}
		f.canvas = o.canvases[slot.Number]
	}
	return f, nil
}

// sample returns an access unit as a sample of the file.
func (o *output) sample(unit []byte) mux.Sample {
	var s mux.Sample
	from := len(o.chunkData)
	o.chunkData, s.Key = av.AppendLengthPrefixed(o.chunkData, unit, o.keeps)
	o.encoding.Reuse(unit)
	s.Data = o.chunkData[from:len(o.chunkData):len(o.chunkData)]
	return s
}

// keeps reports whether a NAL unit belongs in a sample. Parameter sets go to the sample description instead, unless the
// file is a transport stream. Delimiters and the encoder's advertisement are dropped.
func (o *output) keeps(nal []byte) bool {
	switch av.NALTypeOf(nal) {
	case av.NALAUD:
		return false
	case av.NALSPS, av.NALPPS:
		return o.transport || !o.video.Sets.Take(nal)
	case av.NALSEI:
		return len(nal) < 2 || nal[1] != seiUserData
	default:
		return true
	}
}

// aac returns an AAC frame as a sample of the file.
func aac(frame []byte) mux.Sample { return mux.Sample{Data: frame, Key: true} }

// write writes the file second by second: first the video that begins in it, then the audio.
func (o *output) write(ctx context.Context) error {
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
			until := second*av.SampleRate/av.AACFrame + 1
			if moreAudio, err = o.chunk(ctx, o.audio, o.encoding.Frames, aac, until-audioFrames); err != nil {
				return err
			}
			audioFrames = until
		}
		if !moreVideo && !moreAudio {
			if err := o.file.Close(); err != nil {
				return err
			}
		}
		if err = o.buffered.Flush(); err != nil {
			return fmt.Errorf("writing media data: %w", err)
		}
		select {
		case o.written <- struct{}{}:
		default: // flush is still busy with an earlier second
		}
	}
	return nil
}

// chunk writes up to n samples of what was encoded. It reports whether more may come.
func (o *output) chunk(ctx context.Context, t *mux.Track, from <-chan []byte, sample func([]byte) mux.Sample, n int) (more bool, err error) {
	list := make([]mux.Sample, 0, n)
	if o.chunkData = o.chunkData[:0]; o.transport { // the transport writer keeps some
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
