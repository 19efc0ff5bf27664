package movie

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/Eyevinn/mp4ff/mp4"
)

const (
	movieTimescale = 90000
	copyAtOnce     = 256 << 10
)

// Run is a row of samples of one source, one behind the other in decoding order.
type Run struct {
	Data        io.ReaderAt
	Samples     []Sample
	Later       int64 // is added to their times
	Reorder     int64 // is added to decoding times only, so that runs whose encoders were late by different times fit
	Description int   // index of the sample description
}

// Output is a track to be written. The presentation begins with composition time Start after Delay and ends with End; a track
// without End is presented as it is.
type Output struct {
	Timescale         uint32
	Runs              []Run
	Start, Delay, End int64
	Descriptions      []Description
	Matrix            [9]int32 // of video; the zero value turns nothing
}

// Description is a sample description taken over from a file, for video with the parameter sets of all that uses it.
type Description struct {
	SPS, PPS [][]byte
	InBand   bool // parameter sets may also be among the samples
	of       *Track
}

// Describe returns the description of a track.
func Describe(t *Track) Description {
	d := Description{of: t}
	if t.Picture != nil {
		d.SPS, d.PPS, d.InBand = t.Picture.SPS, t.Picture.PPS, t.entry.Type() == inBand
	}
	return d
}

// Write writes a file with the description in front. Progress, if not nil, is told how much of the media data was written.
func Write(ctx context.Context, w io.Writer, tracks []Output, progress func(done, total int64)) error {
	f := &file{ctx: ctx, tracks: tracks, progress: progress}
	f.layOut()
	head, err := f.head()
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 1<<20)
	if _, err := b.Write(head); err != nil {
		return err
	}
	if err := f.copy(b); err != nil {
		return err
	}
	return b.Flush()
}

// chunk is a piece of a run: samples from first to last, without last.
type chunk struct {
	track, run, first, last int
	offset                  int64 // in the media data
}

// file is a file being written.
type file struct {
	ctx      context.Context //nolint:containedctx // of one call
	tracks   []Output
	progress func(done, total int64)
	chunks   []chunk
	size     int64 // of the media data
}

// layOut interleaves the tracks by about a second.
func (f *file) layOut() {
	at := make([]place, len(f.tracks))
	for {
		until, more := int64(math.MaxInt64), false // the end of the second that comes next, which may be far away
		for i, p := range at {
			if t := &f.tracks[i]; p.run < len(t.Runs) {
				until, more = min(until, t.second(p)+1), true
			}
		}
		if !more {
			return
		}
		for i := range at {
			f.advance(i, &at[i], until)
		}
	}
}

// place is a sample of a track.
type place struct{ run, sample int }

func (t *Output) second(p place) int64 {
	if r := t.Runs[p.run]; p.sample < len(r.Samples) {
		return r.dts(p.sample) / int64(t.Timescale)
	}
	return 0
}

// advance adds the samples of a track before a second.
func (f *file) advance(i int, p *place, until int64) {
	t := &f.tracks[i]
	for p.run < len(t.Runs) {
		r := t.Runs[p.run]
		first := p.sample
		for p.sample < len(r.Samples) && r.dts(p.sample)/int64(t.Timescale) < until {
			p.sample++
		}
		f.add(chunk{track: i, run: p.run, first: first, last: p.sample})
		if p.sample < len(r.Samples) {
			return
		}
		p.run, p.sample = p.run+1, 0
	}
}

func (f *file) add(c chunk) {
	if c.first == c.last {
		return
	}
	c.offset = f.size
	for _, s := range f.tracks[c.track].Runs[c.run].Samples[c.first:c.last] {
		f.size += int64(s.Size)
	}
	f.chunks = append(f.chunks, c)
}

func (r Run) dts(i int) int64 { return r.Samples[i].DTS + r.Later + r.Reorder }
func (r Run) pts(i int) int64 { return r.Samples[i].PTS() + r.Later }

// copy writes the media data. Samples that lie next to each other are read at once.
func (f *file) copy(w io.Writer) error {
	done := int64(0)
	buf := make([]byte, copyAtOnce)
	for _, c := range f.chunks {
		r := f.tracks[c.track].Runs[c.run]
		for i := c.first; i < c.last; {
			from := r.Samples[i].Offset
			to := from
			for i < c.last && r.Samples[i].Offset == to {
				to += int64(r.Samples[i].Size)
				i++
			}
			if _, err := io.CopyBuffer(struct{ io.Writer }{w}, io.NewSectionReader(r.Data, from, to-from), buf); err != nil {
				return err
			}
			done += to - from
		}
		if err := f.ctx.Err(); err != nil {
			return err
		}
		if f.progress != nil {
			f.progress(done, f.size)
		}
	}
	if done != f.size {
		return fmt.Errorf("%d of %d bytes of media data copied", done, f.size)
	}
	return nil
}

// head renders everything in front of the media data. Its size does not depend on the offsets in it but on their width.
func (f *file) head() ([]byte, error) {
	large := false
	head, err := f.render(0, large)
	if err != nil {
		return nil, err
	}
	if large = int64(len(head))+f.size > math.MaxUint32; large {
		if head, err = f.render(0, large); err != nil {
			return nil, err
		}
	}
	return f.render(int64(len(head)), large)
}

func (f *file) render(base int64, large bool) ([]byte, error) {
	var b bytes.Buffer
	if err := mp4.NewFtyp("isom", 512, []string{"isom", "iso2", "avc1", "mp41"}).Encode(&b); err != nil {
		return nil, err
	}
	moov := mp4.NewMoovBox()
	mvhd := mp4.CreateMvhd()
	mvhd.Timescale, mvhd.NextTrackID = movieTimescale, uint32(len(f.tracks)+1)
	moov.AddChild(mvhd)
	for i := range f.tracks {
		trak, err := f.box(i, base, large)
		if err != nil {
			return nil, err
		}
		mvhd.Duration = max(mvhd.Duration, trak.Tkhd.Duration)
		moov.AddChild(trak)
	}
	mvhd.Version = version(mvhd.Duration)
	if err := moov.Encode(&b); err != nil {
		return nil, err
	}
	return append(b.Bytes(), f.mdat(large)...), nil
}

func (f *file) mdat(large bool) []byte {
	if !large {
		return append(binary.BigEndian.AppendUint32(nil, uint32(f.size+8)), "mdat"...)
	}
	return binary.BigEndian.AppendUint64([]byte("\x00\x00\x00\x01mdat"), uint64(f.size+16))
}

// version is that of a box with a duration.
func version(duration uint64) byte {
	if duration > math.MaxUint32 {
		return 1
	}
	return 0
}

func (f *file) box(i int, base int64, large bool) (*mp4.TrakBox, error) {
	t := &f.tracks[i]
	of := t.Descriptions[0].of
	kind := "audio"
	if of.Picture != nil {
		kind = "video"
	}
	trak := mp4.CreateEmptyTrak(uint32(i+1), t.Timescale, kind, "und")
	trak.Mdia.Hdlr.Name = kind
	if of.Picture != nil {
		trak.Tkhd.Matrix = t.Matrix
		trak.Tkhd.Width, trak.Tkhd.Height = of.Picture.shown()
	}
	for _, d := range t.Descriptions {
		entry, err := d.box()
		if err != nil {
			return nil, err
		}
		trak.Mdia.Minf.Stbl.Stsd.AddChild(entry)
	}
	total, err := f.tables(trak.Mdia.Minf.Stbl, i, base, large)
	if err != nil {
		return nil, err
	}
	trak.Mdia.Mdhd.Duration, trak.Mdia.Mdhd.Version = total, version(total)
	trak.Tkhd.Duration = t.inMovie(int64(total))
	if t.End > 0 {
		f.edit(trak, t)
	}
	trak.Tkhd.Version = version(trak.Tkhd.Duration)
	return trak, nil
}

// shown is the size with square pixels, before the picture is turned.
func (p *Picture) shown() (width, height mp4.Fixed32) {
	wide := uint64(p.Width) << 16 * uint64(p.Aspect[0]) / uint64(p.Aspect[1])
	return mp4.Fixed32(min(wide, math.MaxUint32)), mp4.Fixed32(p.Height << 16)
}

// edit adds the edit list that hides what is before Start and after End.
func (f *file) edit(trak *mp4.TrakBox, t *Output) {
	shown, delay := t.inMovie(t.End-t.Start), t.inMovie(t.Delay)
	elst := &mp4.ElstBox{Version: version(shown)}
	if delay > 0 {
		elst.Entries = append(elst.Entries, mp4.ElstEntry{SegmentDuration: delay, MediaTime: -1, MediaRateInteger: 1})
	}
	elst.Entries = append(elst.Entries, mp4.ElstEntry{SegmentDuration: shown, MediaTime: t.Start, MediaRateInteger: 1})
	edts := &mp4.EdtsBox{Elst: []*mp4.ElstBox{elst}, Children: []mp4.Box{elst}}
	trak.Edts = edts
	trak.Children = []mp4.Box{trak.Tkhd, edts, trak.Mdia}
	trak.Tkhd.Duration = shown + delay
}

func (t *Output) inMovie(ticks int64) uint64 {
	return uint64(max(0, math.Round(float64(ticks)*movieTimescale/float64(t.Timescale))))
}

// inBand is the type of sample entries of H.264 that allow parameter sets among the samples (ISO/IEC 14496-15 section 5.3.2).
const inBand = "avc3"

// box copies the description, with its parameter sets.
func (d Description) box() (mp4.Box, error) {
	var b bytes.Buffer
	if err := d.of.entry.Encode(&b); err != nil {
		return nil, err
	}
	box, err := mp4.DecodeBox(0, &b)
	if err != nil {
		return nil, err
	}
	switch e := box.(type) {
	case *mp4.VisualSampleEntryBox:
		e.DataReferenceIndex = 1
		e.AvcC.SPSnalus, e.AvcC.PPSnalus = d.SPS, d.PPS
		if d.InBand {
			e.SetType(inBand)
		}
	case *mp4.AudioSampleEntryBox:
		e.DataReferenceIndex = 1
	default:
		return nil, errors.New("sample description is neither video nor audio")
	}
	return box, nil
}
