package mp4

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/Eyevinn/mp4ff/mp4"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/mux/movie"
)

const (
	movieTimescale = 90000 // of files that [Write] makes
	copyAtOnce     = 256 << 10
)

// Run is a series of consecutive samples of one source, in decoding order.
type Run struct {
	Data        io.ReaderAt
	Samples     []movie.Sample
	Later       int64 // ticks added to the times of the samples
	Reorder     int64 // ticks added to decoding times only, so that runs from encoders with different delays fit together
	Description int   // index of the sample description
}

// Output is a track to be written. The presentation begins at composition time Start, after Delay, and ends at End.
// Without End it has no edit list.
type Output struct {
	Timescale         uint32
	Runs              []Run
	Start, Delay, End int64
	Descriptions      []Description
	Matrix            [9]int32 // of video; the zero value means no rotation
}

// Description is a sample description taken from a file. For video it holds the parameter sets of all runs that use it.
type Description struct {
	Sets   av.ParameterSets
	InBand bool // parameter sets may also be among the samples
	of     *movie.Track
}

// Describe returns the description of a track.
func Describe(t *movie.Track) Description {
	d := Description{of: t}
	if t.Picture != nil {
		d.Sets, d.InBand = t.Picture.Sets, t.Picture.InBand
	}
	return d
}

// Write writes a file with the head in front. progress, if not nil, is called with the bytes of media data written so
// far.
func Write(ctx context.Context, w io.Writer, tracks []Output, progress func(done, total int64)) error {
	f := &file{ctx: ctx, tracks: tracks, progress: progress}
	f.layOut()
	h, err := f.head()
	if err != nil {
		return err
	}
	head, err := h.render()
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

// piece is a part of a run, the samples from first up to, but without, last. It becomes a chunk of the file.
type piece struct {
	track, run, first, last int
	offset                  int64 // in bytes, in the media data
}

// file is the state of one Write.
type file struct {
	ctx      context.Context //nolint:containedctx // of one call
	tracks   []Output
	progress func(done, total int64)
	pieces   []piece
	size     int64 // of the media data, in bytes
}

// layOut interleaves the tracks in steps of about a second.
func (f *file) layOut() {
	at := make([]place, len(f.tracks))
	for {
		until, more := int64(math.MaxInt64), false // the end of the next second that has samples, which may be far away
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

// place is the position of a sample in a track.
type place struct{ run, sample int }

func (t *Output) second(p place) int64 {
	if r := t.Runs[p.run]; p.sample < len(r.Samples) {
		return r.dts(p.sample) / int64(t.Timescale)
	}
	return 0
}

// advance adds the samples of a track that are decoded before the second until.
func (f *file) advance(i int, p *place, until int64) {
	t := &f.tracks[i]
	for p.run < len(t.Runs) {
		r := t.Runs[p.run]
		first := p.sample
		for p.sample < len(r.Samples) && r.dts(p.sample)/int64(t.Timescale) < until {
			p.sample++
		}
		f.add(piece{track: i, run: p.run, first: first, last: p.sample})
		if p.sample < len(r.Samples) {
			return
		}
		p.run, p.sample = p.run+1, 0
	}
}

func (f *file) add(p piece) {
	if p.first == p.last {
		return
	}
	p.offset = f.size
	for _, s := range f.tracks[p.track].Runs[p.run].Samples[p.first:p.last] {
		f.size += int64(s.Size)
	}
	f.pieces = append(f.pieces, p)
}

func (r Run) dts(i int) int64 { return r.Samples[i].DTS + r.Later + r.Reorder }
func (r Run) pts(i int) int64 { return r.Samples[i].PTS() + r.Later }

// copy writes the media data. It reads samples that lie next to each other at once.
func (f *file) copy(w io.Writer) error {
	done := int64(0)
	buf := make([]byte, copyAtOnce)
	for _, p := range f.pieces {
		r := f.tracks[p.track].Runs[p.run]
		for i := p.first; i < p.last; {
			from := r.Samples[i].Offset
			to := from
			for i < p.last && r.Samples[i].Offset == to {
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

// head returns the head of what was laid out.
func (f *file) head() (head, error) {
	h := head{timescale: movieTimescale, media: f.size}
	for i := range f.tracks {
		t, err := f.tracks[i].head()
		if err != nil {
			return head{}, err
		}
		for _, p := range f.pieces {
			if p.track == i {
				description := f.tracks[i].Runs[p.run].Description
				t.chunks = append(t.chunks, chunk{offset: p.offset, samples: uint32(p.last - p.first), description: uint32(description + 1)})
			}
		}
		h.tracks = append(h.tracks, t)
	}
	return h, nil
}

func (t *Output) head() (h trackHead, err error) {
	of := t.Descriptions[0].of
	decoding, err := t.decoding()
	if err != nil {
		return trackHead{}, err
	}
	h = trackHead{kind: "audio", timescale: t.Timescale, shifts: t.shifts(decoding), edits: t.edits()}
	if of.Picture != nil {
		h.kind, h.matrix = "video", t.Matrix
		h.width, h.height = of.Picture.Shown()
	}
	for _, d := range t.Descriptions {
		entry, err := d.box()
		if err != nil {
			return trackHead{}, err
		}
		h.entries = append(h.entries, entry)
	}
	h.sizes, h.keys = t.samples()
	h.times, err = t.times(decoding)
	return h, err
}

// edits returns the edit list that hides everything before Start and after End.
func (t *Output) edits() (list []mp4.ElstEntry) {
	if t.End <= 0 {
		return nil
	}
	if delay := rescale(t.Delay, t.Timescale, movieTimescale); delay > 0 {
		list = append(list, mp4.ElstEntry{SegmentDuration: delay, MediaTime: -1, MediaRateInteger: 1})
	}
	shown := rescale(t.End-t.Start, t.Timescale, movieTimescale)
	return append(list, mp4.ElstEntry{SegmentDuration: shown, MediaTime: t.Start, MediaRateInteger: 1})
}

// inBand is the type of H.264 sample entries that allow parameter sets among the samples (ISO/IEC 14496-15 section
// 5.3.2).
const inBand = "avc3"

// box returns a copy of the description with its parameter sets.
func (d Description) box() (mp4.Box, error) {
	box, err := mp4.DecodeBox(0, bytes.NewReader(d.of.Entry))
	if err != nil {
		return nil, err
	}
	switch e := box.(type) {
	case *mp4.VisualSampleEntryBox:
		e.DataReferenceIndex = 1
		e.AvcC.SPSnalus, e.AvcC.PPSnalus = d.Sets.SPS, d.Sets.PPS
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
