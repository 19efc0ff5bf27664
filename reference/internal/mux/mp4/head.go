package mp4

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/Eyevinn/mp4ff/mp4"
)

// head is what goes in front of the media data of a file: file type, movie, and the header of the media data box.
type head struct {
	timescale uint32 // of durations in the movie, track and edit list headers
	tracks    []trackHead
	media     int64 // bytes of media data
}

// trackHead describes a track. Its tables say where its samples are and when they are presented.
type trackHead struct {
	kind          string // video or audio
	timescale     uint32
	width, height uint32          // of video, in units of 1/65536 pixel
	matrix        [9]int32        // of video; the zero value turns nothing
	entries       []mp4.Box       // sample descriptions
	edits         []mp4.ElstEntry // nil: the track is presented as it is

	times  mp4.SttsBox
	shifts *mp4.CttsBox // nil: all are 0
	sizes  []uint32
	keys   *mp4.StssBox // nil: all are key samples
	chunks []chunk
}

// chunk is a row of samples that lie next to each other.
type chunk struct {
	offset      int64 // in the media data
	samples     uint32
	description uint32 // from 1
}

// render returns the bytes. Offsets of chunks count from the start of the file, and the width of their fields depends on the largest: the
// first rendering tells where the media data begins.
func (h head) render() ([]byte, error) {
	large := false
	b, err := h.at(0, large)
	if err != nil {
		return nil, err
	}
	if large = int64(len(b))+h.media > math.MaxUint32; large {
		if b, err = h.at(0, large); err != nil {
			return nil, err
		}
	}
	return h.at(int64(len(b)), large)
}

// at renders the head of a file whose media data begins at base.
func (h head) at(base int64, large bool) ([]byte, error) {
	var b bytes.Buffer
	if err := mp4.NewFtyp("isom", 512, []string{"isom", "iso2", "avc1", "mp41"}).Encode(&b); err != nil {
		return nil, err
	}
	moov := mp4.NewMoovBox()
	mvhd := mp4.CreateMvhd()
	mvhd.Timescale, mvhd.NextTrackID = h.timescale, uint32(len(h.tracks)+1)
	moov.AddChild(mvhd)
	for i, t := range h.tracks {
		trak, err := t.box(uint32(i+1), h.timescale, base, large)
		if err != nil {
			return nil, fmt.Errorf("mp4 track %d: %w", i+1, err)
		}
		mvhd.Duration = max(mvhd.Duration, trak.Tkhd.Duration)
		moov.AddChild(trak)
	}
	mvhd.Version = version(mvhd.Duration)
	if err := moov.Encode(&b); err != nil {
		return nil, err
	}
	return append(b.Bytes(), mediaHeader(h.media, large)...), nil
}

func mediaHeader(size int64, large bool) []byte {
	if !large {
		return append(binary.BigEndian.AppendUint32(nil, uint32(size+8)), "mdat"...)
	}
	return binary.BigEndian.AppendUint64([]byte("\x00\x00\x00\x01mdat"), uint64(size+16))
}

// version is that of a box with a duration.
func version(duration uint64) byte {
	if duration > math.MaxUint32 {
		return 1
	}
	return 0
}

func (t trackHead) box(id, movieTimescale uint32, base int64, large bool) (*mp4.TrakBox, error) {
	trak := mp4.CreateEmptyTrak(id, t.timescale, t.kind, "und")
	trak.Mdia.Hdlr.Name = t.kind
	if t.kind == "video" {
		trak.Tkhd.Matrix = t.matrix
		trak.Tkhd.Width, trak.Tkhd.Height = mp4.Fixed32(t.width), mp4.Fixed32(t.height)
	}
	total := uint64(0)
	for i, n := range t.times.SampleCount {
		total += uint64(n) * uint64(t.times.SampleTimeDelta[i])
	}
	trak.Mdia.Mdhd.Duration, trak.Mdia.Mdhd.Version = total, version(total)
	trak.Tkhd.Duration = rescale(int64(total), t.timescale, movieTimescale)
	if t.edits != nil {
		t.edit(trak)
	}
	trak.Tkhd.Version = version(trak.Tkhd.Duration)
	return trak, t.tables(trak.Mdia.Minf.Stbl, base, large)
}

// edit adds the edit list.
func (t trackHead) edit(trak *mp4.TrakBox) {
	elst := &mp4.ElstBox{Entries: t.edits}
	trak.Tkhd.Duration = 0
	for _, e := range t.edits {
		trak.Tkhd.Duration += e.SegmentDuration
		elst.Version = max(elst.Version, version(e.SegmentDuration))
	}
	trak.Edts = &mp4.EdtsBox{Elst: []*mp4.ElstBox{elst}, Children: []mp4.Box{elst}}
	trak.Children = []mp4.Box{trak.Tkhd, trak.Edts, trak.Mdia}
}

// tables fills the sample tables, in the order of ISO/IEC 14496-12 table 1.
func (t trackHead) tables(stbl *mp4.StblBox, base int64, large bool) error {
	for _, e := range t.entries {
		stbl.Stsd.AddChild(e)
	}
	stbl.Stts, stbl.Ctts, stbl.Stss = &t.times, t.shifts, t.keys
	stbl.Stsz.SampleNumber, stbl.Stsz.SampleSize = uint32(len(t.sizes)), t.sizes
	children := []mp4.Box{stbl.Stsd, stbl.Stts}
	if t.shifts != nil {
		children = append(children, t.shifts)
	}
	children = append(children, stbl.Stsc, stbl.Stsz)
	if t.keys != nil {
		children = append(children, t.keys)
	}
	offsets, err := t.locate(stbl, base, large)
	stbl.Children = append(children, offsets)
	return err
}

// locate fills the tables of chunks.
func (t trackHead) locate(stbl *mp4.StblBox, base int64, large bool) (offsets mp4.Box, err error) {
	var small mp4.StcoBox
	var wide mp4.Co64Box
	last := chunk{}
	for i, c := range t.chunks {
		if i == 0 || c.samples != last.samples || c.description != last.description {
			if err := stbl.Stsc.AddEntry(uint32(i+1), c.samples, c.description); err != nil {
				return nil, err
			}
		}
		last = c
		small.ChunkOffset = append(small.ChunkOffset, uint32(base+c.offset))
		wide.ChunkOffset = append(wide.ChunkOffset, uint64(base+c.offset))
	}
	if large {
		stbl.Stco, stbl.Co64 = nil, &wide
		return &wide, nil
	}
	stbl.Stco = &small
	return &small, nil
}

// rescale converts ticks to those of another timescale, to the nearest.
func rescale(ticks int64, from, to uint32) uint64 {
	return uint64(max(0, math.Round(float64(ticks)*float64(to)/float64(from))))
}
