// Package mp4 writes progressive MP4 files (ISO/IEC 14496-12) in two parts: media data that only ever grows, and, at
// the end, the head that goes in front of it. The same samples give the same bytes.
package mp4

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/Eyevinn/mp4ff/aac"
	"github.com/Eyevinn/mp4ff/mp4"
)

// movieTimescale is the unit of durations in the movie, track and edit list headers.
const movieTimescale = 48000

// Sample is one coded sample as the file stores it: H.264 with length-prefixed NAL units, AAC without ADTS header.
type Sample struct {
	Data []byte
	Key  bool
}

// Track describes one track whose samples all last the same time. It is filled by Writer.Chunk.
type Track struct {
	Timescale      uint32
	SampleDuration uint32 // in the track's timescale

	// Presented is the part of the track that is shown: Skip ticks into it, for Length. With an encoder that needs to
	// be primed, Skip hides its delay.
	Skip   int64
	Length time.Duration

	SPS, PPS [][]byte // H.264, without start codes; a track with parameter sets is video
	Channels byte     // AAC-LC; a track with channels is audio, its timescale the sample rate
	Bitrate  uint32   // AAC, bit/s

	sizes  []uint32
	keys   []uint32
	chunks []chunk
}

type chunk struct {
	offset  uint64
	samples uint32
}

// Writer appends media data to a file and remembers where it is.
type Writer struct {
	media  io.Writer
	size   uint64
	tracks []*Track
}

// NewWriter writes the media data of tracks to media.
func NewWriter(media io.Writer, tracks ...*Track) *Writer {
	return &Writer{media: media, tracks: tracks}
}

// Chunk appends samples of one track, which lie next to each other in the file.
func (w *Writer) Chunk(t *Track, samples []Sample) error {
	if len(samples) == 0 {
		return nil
	}
	t.chunks = append(t.chunks, chunk{offset: w.size, samples: uint32(len(samples))})
	for _, s := range samples {
		if len(s.Data) > math.MaxUint32 {
			return fmt.Errorf("mp4 sample of %d bytes is too large", len(s.Data))
		}
		n, err := w.media.Write(s.Data)
		w.size += uint64(n)
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

// Size is how much media data was written.
func (w *Writer) Size() int64 { return int64(w.size) }

// Head returns what goes in front of the media data: file type, movie, and the header of the media data box.
func (w *Writer) Head() ([]byte, error) {
	// Chunk offsets count from the start of the file, and the width of their fields depends on the largest: render
	// once to learn where the media data begins.
	large := false
	head, err := w.head(0, large)
	if err != nil {
		return nil, err
	}
	if large = uint64(len(head))+w.size > math.MaxUint32; large {
		if head, err = w.head(0, large); err != nil {
			return nil, err
		}
	}
	return w.head(uint64(len(head)), large)
}

// head renders the head with media data beginning at base.
func (w *Writer) head(base uint64, large bool) ([]byte, error) {
	var b bytes.Buffer
	if err := mp4.NewFtyp("isom", 512, []string{"isom", "iso2", "avc1", "mp41"}).Encode(&b); err != nil {
		return nil, err
	}
	moov := mp4.NewMoovBox()
	mvhd := mp4.CreateMvhd()
	mvhd.Timescale, mvhd.NextTrackID = movieTimescale, uint32(len(w.tracks)+1)
	moov.AddChild(mvhd)
	for i, t := range w.tracks {
		trak, err := t.box(uint32(i+1), base, large)
		if err != nil {
			return nil, fmt.Errorf("mp4 track %d: %w", i+1, err)
		}
		mvhd.Duration = max(mvhd.Duration, trak.Tkhd.Duration)
		moov.AddChild(trak)
	}
	if mvhd.Duration > math.MaxUint32 {
		mvhd.Version = 1
	}
	if err := moov.Encode(&b); err != nil {
		return nil, err
	}
	return append(b.Bytes(), mdatHeader(w.size, large)...), nil
}

func mdatHeader(size uint64, large bool) []byte {
	if !large {
		size += 8
		return []byte{byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size), 'm', 'd', 'a', 't'}
	}
	b := []byte{0, 0, 0, 1, 'm', 'd', 'a', 't'}
	size += 16
	for shift := 56; shift >= 0; shift -= 8 {
		b = append(b, byte(size>>shift))
	}
	return b
}

func (t *Track) box(id uint32, base uint64, large bool) (*mp4.TrakBox, error) {
	media, err := t.media()
	if err != nil {
		return nil, err
	}
	trak := mp4.CreateEmptyTrak(id, t.Timescale, media, "und")
	trak.Mdia.Hdlr.Name = media
	if err := t.describe(trak); err != nil {
		return nil, err
	}
	total := uint64(len(t.sizes)) * uint64(t.SampleDuration)
	trak.Mdia.Mdhd.Duration = total
	if total > math.MaxUint32 {
		trak.Mdia.Mdhd.Version = 1
	}
	shown := uint64(t.Length) * movieTimescale / uint64(time.Second)
	trak.Tkhd.Duration = shown
	elst := &mp4.ElstBox{Entries: []mp4.ElstEntry{{SegmentDuration: shown, MediaTime: t.Skip, MediaRateInteger: 1}}}
	if shown > math.MaxUint32 {
		trak.Tkhd.Version, elst.Version = 1, 1
	}
	edts := &mp4.EdtsBox{Elst: []*mp4.ElstBox{elst}, Children: []mp4.Box{elst}}
	trak.Edts = edts
	trak.Children = []mp4.Box{trak.Tkhd, edts, trak.Mdia}
	return trak, t.tables(trak.Mdia.Minf.Stbl, base, large)
}

func (t *Track) media() (string, error) {
	switch {
	case len(t.SPS) > 0 && len(t.PPS) > 0:
		return "video", nil
	case t.Channels > 0:
		return "audio", nil
	}
	return "", errors.New("neither parameter sets nor channels are set")
}

func (t *Track) describe(trak *mp4.TrakBox) error {
	if t.Channels == 0 {
		if err := trak.SetAVCDescriptor("avc1", t.SPS, t.PPS, true); err != nil {
			return err
		}
		trak.Mdia.Minf.Stbl.Stsd.AvcX.CompressorName = ""
		return nil
	}
	config := aac.AudioSpecificConfig{ObjectType: aac.AAClc, ChannelConfiguration: t.Channels, SamplingFrequency: int(t.Timescale)}
	var b bytes.Buffer
	if err := config.Encode(&b); err != nil {
		return err
	}
	esds := mp4.CreateEsdsBox(b.Bytes())
	esds.DecConfigDescriptor.MaxBitrate, esds.DecConfigDescriptor.AvgBitrate = t.Bitrate, t.Bitrate
	trak.Mdia.Minf.Stbl.Stsd.AddChild(mp4.CreateAudioSampleEntryBox("mp4a", uint16(t.Channels), 16, uint16(t.Timescale), esds))
	return nil
}

// tables fills the sample tables. Their order in the file is that of ISO/IEC 14496-12 table 1.
func (t *Track) tables(stbl *mp4.StblBox, base uint64, large bool) error {
	stbl.Stts.SampleCount, stbl.Stts.SampleTimeDelta = []uint32{uint32(len(t.sizes))}, []uint32{t.SampleDuration}
	stbl.Stsz.SampleNumber, stbl.Stsz.SampleSize = uint32(len(t.sizes)), t.sizes
	for i, c := range t.chunks {
		if i > 0 && c.samples == t.chunks[i-1].samples {
			continue
		}
		if err := stbl.Stsc.AddEntry(uint32(i+1), c.samples, 1); err != nil {
			return err
		}
	}
	children := []mp4.Box{stbl.Stsd, stbl.Stts, stbl.Stsc, stbl.Stsz}
	if t.Channels == 0 {
		stbl.Stss = &mp4.StssBox{SampleNumber: t.keys}
		children = append(children, stbl.Stss)
	}
	if large {
		stbl.Stco, stbl.Co64 = nil, &mp4.Co64Box{}
		for _, c := range t.chunks {
			stbl.Co64.ChunkOffset = append(stbl.Co64.ChunkOffset, base+c.offset)
		}
		children = append(children, stbl.Co64)
	} else {
		for _, c := range t.chunks {
			stbl.Stco.ChunkOffset = append(stbl.Stco.ChunkOffset, uint32(base+c.offset))
		}
		children = append(children, stbl.Stco)
	}
	stbl.Children = children
	return nil
}
