package mp4

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/Eyevinn/mp4ff/aac"
	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/mp4"

	"reelcheck/reference/internal/mux"
)

// writerTimescale is the unit of durations in the headers of files that [Writer] writes.
const writerTimescale = 48000

// Writer appends media data to a file and remembers where it is. It implements [mux.Writer].
type Writer struct {
	media  io.Writer
	size   int64
	tracks []*writing
}

var _ mux.Writer = (*Writer)(nil)

// writing is a track with the samples that were written.
type writing struct {
	*mux.Track
	sizes  []uint32
	keys   []uint32
	chunks []chunk
}

// NewWriter writes the media data of tracks to media.
func NewWriter(media io.Writer, tracks ...*mux.Track) *Writer {
	w := &Writer{media: media}
	for _, t := range tracks {
		w.tracks = append(w.tracks, &writing{Track: t})
	}
	return w
}

// Chunk appends samples of one track, which lie next to each other in the file. Nothing is kept of their data.
func (w *Writer) Chunk(t *mux.Track, samples []mux.Sample) error {
	for _, own := range w.tracks {
		if own.Track == t {
			return w.chunk(own, samples)
		}
	}
	return errors.New("internal error: mp4 track of another writer")
}

func (w *Writer) chunk(t *writing, samples []mux.Sample) error {
	if len(samples) == 0 {
		return nil
	}
	t.chunks = append(t.chunks, chunk{offset: w.size, samples: uint32(len(samples)), description: 1})
	for _, s := range samples {
		if len(s.Data) > math.MaxUint32 {
			return fmt.Errorf("mp4 sample of %d bytes is too large", len(s.Data))
		}
		n, err := w.media.Write(s.Data)
		w.size += int64(n)
		if err != nil {
			return fmt.Errorf("writing mp4 media data: %w", err)
		}
		t.sizes = append(t.sizes, uint32(len(s.Data)))
		if s.Key {
			t.keys = append(t.keys, uint32(len(t.sizes)))
		}
	}
	return nil
}

// Close does nothing: no sample waits for another.
func (w *Writer) Close() error { return nil }

// Size returns how much media data was written.
func (w *Writer) Size() int64 { return w.size }

// Head returns what goes in front of the media data. The parameter sets of the tracks must be complete.
func (w *Writer) Head(length time.Duration) ([]byte, error) {
	h := head{timescale: writerTimescale, media: w.size}
	for i, t := range w.tracks {
		described, err := t.head(length)
		if err != nil {
			return nil, fmt.Errorf("mp4 track %d: %w", i+1, err)
		}
		h.tracks = append(h.tracks, described)
	}
	return h.render()
}

func (t *writing) head(length time.Duration) (trackHead, error) {
	shown := uint64(length) * writerTimescale / uint64(time.Second)
	h := trackHead{
		timescale: t.Timescale, sizes: t.sizes, chunks: t.chunks,
		edits: []mp4.ElstEntry{{SegmentDuration: shown, MediaTime: t.Skip, MediaRateInteger: 1}},
		times: mp4.SttsBox{SampleCount: []uint32{uint32(len(t.sizes))}, SampleTimeDelta: []uint32{t.SampleDuration}},
	}
	var err error
	switch {
	case t.Channels > 0:
		err = t.describeSound(&h)
	case len(t.Sets.SPS) > 0 && len(t.Sets.PPS) > 0:
		err = t.describePicture(&h)
	default:
		err = errors.New("neither parameter sets nor channels are set")
	}
	return h, err
}

func (t *writing) describePicture(h *trackHead) error {
	sps, err := avc.ParseSPSNALUnit(t.Sets.SPS[0], false)
	if err != nil {
		return fmt.Errorf("sequence parameter set: %w", err)
	}
	config, err := mp4.CreateAvcC(t.Sets.SPS, t.Sets.PPS, true)
	if err != nil {
		return err
	}
	entry := mp4.CreateVisualSampleEntryBox("avc1", uint16(sps.Width), uint16(sps.Height), config)
	entry.CompressorName = ""
	h.kind, h.entries = "video", []mp4.Box{entry}
	h.width, h.height = uint32(sps.Width<<16), uint32(sps.Height<<16)
	h.keys = &mp4.StssBox{SampleNumber: t.keys}
	return nil
}

func (t *writing) describeSound(h *trackHead) error {
	config := aac.AudioSpecificConfig{ObjectType: aac.AAClc, ChannelConfiguration: t.Channels, SamplingFrequency: int(t.Timescale)}
	var b bytes.Buffer
	if err := config.Encode(&b); err != nil {
		return err
	}
	esds := mp4.CreateEsdsBox(b.Bytes())
	esds.DecConfigDescriptor.MaxBitrate, esds.DecConfigDescriptor.AvgBitrate = t.Bitrate, t.Bitrate
	entry := mp4.CreateAudioSampleEntryBox("mp4a", uint16(t.Channels), 16, uint16(t.Timescale), esds)
	h.kind, h.entries = "audio", []mp4.Box{entry}
	return nil
}
