// Package ts writes MPEG transport streams (ISO/IEC 13818-1) of the tracks that package mux describes. The same samples give the same
// bytes. What it writes never has to be written again, so that it can be encrypted on its way.
package ts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/mux"
)

const (
	clock = 90000 // ticks per second
	// begin is the time stamp of what is presented first. The clock reference runs ahead of it, and what primes a decoder comes before it.
	begin = clock

	packetSize = 188
	// aligned is how many packets are whole blocks of any cipher of 16 bytes.
	aligned = 4
)

// Writer writes samples in the order of their times. It implements [mux.Writer].
type Writer struct {
	out    counter
	stream mpegts.Writer
	tracks []*track
}

var _ mux.Writer = (*Writer)(nil)

// counter counts what it passes on.
type counter struct {
	to io.Writer
	n  int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}

// track is a track with the samples that wait for earlier ones of the other track.
type track struct {
	*mux.Track
	pes     *mpegts.Track
	waiting []mux.Sample
	written int64
}

// NewWriter writes tracks to w. Parameter sets of video are in its samples.
func NewWriter(w io.Writer, tracks ...*mux.Track) (*Writer, error) {
	out := &Writer{out: counter{to: w}}
	for _, t := range tracks {
		pes := &mpegts.Track{Codec: &codecs.H264{}}
		if t.Channels > 0 {
			pes.Codec = &codecs.MPEG4Audio{Config: mpeg4audio.AudioSpecificConfig{
				Type: mpeg4audio.ObjectTypeAACLC, SampleRate: int(t.Timescale), ChannelConfig: t.Channels,
			}}
		}
		out.tracks = append(out.tracks, &track{Track: t, pes: pes})
		out.stream.Tracks = append(out.stream.Tracks, pes)
	}
	out.stream.W = &out.out
	if err := out.stream.Initialize(); err != nil {
		return nil, fmt.Errorf("transport stream: %w", err)
	}
	return out, nil
}

// Size is how much was written.
func (w *Writer) Size() int64 { return w.out.n }

// Chunk appends samples of one track. What lies behind the end of the other track waits for it.
func (w *Writer) Chunk(t *mux.Track, samples []mux.Sample) error {
	for _, own := range w.tracks {
		if own.Track == t {
			own.waiting = append(own.waiting, samples...)
		}
	}
	for {
		next := w.tracks[0]
		for _, t := range w.tracks {
			if len(t.waiting) == 0 {
				return nil
			}
			if t.time() < next.time() {
				next = t
			}
		}
		if err := w.write(next); err != nil {
			return err
		}
	}
}

// Close writes what waits and pads the stream to a multiple of 16 bytes.
func (w *Writer) Close() error {
	for {
		var next *track
		for _, t := range w.tracks {
			if len(t.waiting) > 0 && (next == nil || t.time() < next.time()) {
				next = t
			}
		}
		if next == nil {
			return w.pad()
		}
		if err := w.write(next); err != nil {
			return err
		}
	}
}

// Head returns nothing: a transport stream has no head.
func (w *Writer) Head(time.Duration) ([]byte, error) { return nil, nil }

// pad writes null packets (section 2.4.3.3).
func (w *Writer) pad() error {
	null := append([]byte{0x47, 0x1f, 0xff, 0x10}, bytes.Repeat([]byte{0xff}, packetSize-4)...)
	for w.out.n/packetSize%aligned != 0 {
		if _, err := w.out.Write(null); err != nil {
			return fmt.Errorf("writing transport stream: %w", err)
		}
	}
	return nil
}

// time is the time stamp of the first sample that waits.
func (t *track) time() int64 {
	return begin + (t.written*int64(t.SampleDuration)-t.Skip)*clock/int64(t.Timescale)
}

func (w *Writer) write(t *track) (err error) {
	at, s := t.time(), t.waiting[0]
	if t.Channels > 0 {
		err = w.stream.WriteMPEG4Audio(t.pes, at, [][]byte{s.Data})
	} else {
		var nals [][]byte
		if nals, err = av.SplitLengthPrefixed(s.Data); len(nals) == 0 && err == nil {
			err = errors.New("sample is empty")
		}
		if err == nil {
			err = w.stream.WriteH264(t.pes, at, at, nals)
		}
	}
	if err != nil {
		return fmt.Errorf("writing transport stream: %w", err)
	}
	t.waiting, t.written = t.waiting[1:], t.written+1
	return nil
}
