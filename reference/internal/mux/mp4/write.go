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
	movieTimescale = 90000 // of files that are put together
	copyAtOnce     = 256 << 10
)

// Run is a row of samples of one source, one behind the other in decoding order.
type Run struct {
	Data        io.ReaderAt
	Samples     []movie.Sample
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

// Write writes a file with the description in front. Progress, if not nil, is told how much of the media data was written.
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

// piece is a part of a run: samples from first to last, without last. It becomes a chunk of the file.
type piece struct {
	track, run, first, last int
	offset                  int64 // in the media data
}

// file is a file being written.
type file struct {
	ctx      context.Context //nolint:containedctx // of one call
	tracks   []Output
	progress func(done, total int64)
	pieces   []piece
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

// copy writes the media data. Samples that lie next to each other are read at once.
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

// head describes what was laid out.
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
	h = trackHead{kind: "audio", timescale: t.Timescale, shifts: t.shifts(), edits: t.edits()}
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
	h.times, err = t.times()
	return h, err
}

// edits is the edit list that hides what is before Start and after End.
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

// inBand is the type of sample entries of H.264 that allow parameter sets among the samples (ISO/IEC 14496-15 section 5.3.2).
const inBand = "avc3"

// box copies the description, with its parameter sets.
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
