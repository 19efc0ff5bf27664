package mp4

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/Eyevinn/mp4ff/mp4"

	"reelcheck/reference/internal/mux/movie"
)

// maxMoof bounds the description of a fragment: that of an hour is smaller.
const maxMoof = 16 << 20

// fragments collects the samples of movie fragments (ISO/IEC 14496-12 section 8.8) by track.
type fragments struct {
	in     io.ReaderAt
	size   int64
	trex   map[uint32]*mp4.TrexBox
	tracks map[uint32][]movie.Sample
	ends   map[uint32]int64 // decoding time at which the next sample of a track follows
	count  int
}

func newFragments(r io.ReaderAt, size int64, mvex *mp4.MvexBox) *fragments {
	f := &fragments{in: r, size: size, trex: map[uint32]*mp4.TrexBox{}, tracks: map[uint32][]movie.Sample{}, ends: map[uint32]int64{}}
	for _, t := range mvex.Trexs {
		f.trex[t.TrackID] = t
	}
	return f
}

// begin tells of the samples that are in the movie box.
func (f *fragments) begin(track uint32, list []movie.Sample) {
	if n := len(list); n > 0 {
		f.tracks[track], f.ends[track] = list, list[n-1].DTS+int64(list[n-1].Duration)
	}
}

// collect goes through the top level boxes after the movie box, first to see that they are complete.
func (f *fragments) collect(at int64) error {
	var where, lengths []int64
	for at < f.size {
		kind, length, err := boxAt(f.in, at, f.size)
		if err != nil {
			return fmt.Errorf("%w; ffmpeg -i IN -c copy OUT.mp4 saves what there is", err)
		}
		if kind == "moof" {
			where, lengths = append(where, at), append(lengths, length)
		}
		at += length
	}
	for i := range where {
		if err := f.fragment(where[i], lengths[i]); err != nil {
			return fmt.Errorf("fragment at %d: %w", where[i], err)
		}
	}
	return nil
}

func (f *fragments) fragment(at, length int64) error {
	if length > maxMoof {
		return fmt.Errorf("description of %d bytes is too large", length)
	}
	b := make([]byte, length)
	if _, err := f.in.ReadAt(b, at); err != nil {
		return err
	}
	box, err := mp4.DecodeBox(uint64(at), bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("is damaged: %w", err)
	}
	moof, ok := box.(*mp4.MoofBox)
	if !ok {
		return errors.New("is damaged")
	}
	data := at // where the data of the next track begins unless it says so
	for _, traf := range moof.Trafs {
		if traf.Tfhd == nil {
			return errors.New("track fragment header is missing")
		}
		base := data
		switch h := traf.Tfhd; {
		case h.HasBaseDataOffset() && h.BaseDataOffset > maxTicks:
			return errors.New("data lies outside of the file")
		case h.HasBaseDataOffset():
			base = int64(h.BaseDataOffset)
		case h.DefaultBaseIfMoof():
			base = at
		}
		if data, err = f.track(traf, base); err != nil {
			return fmt.Errorf("track %d: %w", traf.Tfhd.TrackID, err)
		}
	}
	return nil
}

// track adds the samples of a track fragment, and returns where their data ends.
func (f *fragments) track(traf *mp4.TrafBox, base int64) (end int64, err error) {
	id := traf.Tfhd.TrackID
	defaults := f.trex[id]
	if defaults == nil {
		return 0, errors.New("is not in the movie box")
	}
	if traf.Tfhd.HasSampleDescriptionIndex() && traf.Tfhd.SampleDescriptionIndex != 1 {
		return 0, errors.New("must have one sample description")
	}
	dts, data := f.ends[id], base
	for i, run := range traf.Truns {
		if run.HasDataOffset() {
			data = base + int64(run.DataOffset)
		}
		if f.count += len(run.Samples); f.count > maxSamples {
			return 0, fmt.Errorf("more than %d samples", maxSamples)
		}
		run.AddSampleDefaultValues(traf.Tfhd, defaults)
		for k, s := range run.Samples {
			if i == 0 && k == 0 && traf.Tfdt != nil {
				if dts, s.Dur, err = f.place(id, traf.Tfdt.BaseMediaDecodeTime(), s.Dur); err != nil {
					return 0, err
				}
			}
			if data < 0 || data+int64(s.Size) > f.size {
				return 0, fmt.Errorf("sample %d lies outside of the file", len(f.tracks[id])+1)
			}
			f.tracks[id] = append(f.tracks[id], movie.Sample{
				Offset: data, DTS: dts, Size: s.Size, Duration: s.Dur, Shift: s.CompositionTimeOffset, Key: !mp4.DecodeSampleFlags(s.Flags).SampleIsNonSync,
			})
			data, dts = data+int64(s.Size), dts+int64(s.Dur)
		}
	}
	f.ends[id] = dts
	return data, nil
}

// place is where the first sample of a fragment with a time begins, and how long it lasts. FFmpeg writes fragments whose first sample lasts no
// time: theirs is the time at which that sample ends, so that the next fragment may have the same. It begins where the one before ends.
func (f *fragments) place(id uint32, start uint64, lasts uint32) (dts int64, length uint32, err error) {
	list, end := f.tracks[id], f.ends[id]
	if n := len(list); n > 0 && lasts == 0 && end > list[n-1].DTS && start > uint64(end) && start-uint64(end) <= math.MaxUint32 {
		return end, uint32(start - uint64(end)), nil
	}
	dts, err = f.follow(id, start)
	return dts, lasts, err
}

// follow has the last sample of a track last until its next fragment begins, as the tables of other files say: its own duration may
// have been a guess.
func (f *fragments) follow(id uint32, start uint64) (dts int64, err error) {
	list := f.tracks[id]
	if start > maxTicks {
		return 0, fmt.Errorf("time %d", start)
	}
	if n := len(list); n > 0 {
		d := int64(start) - list[n-1].DTS
		if d <= 0 || d > math.MaxUint32 {
			return 0, fmt.Errorf("time %d follows time %d; ffmpeg -i IN -c copy OUT.mp4 may mend it", start, list[n-1].DTS)
		}
		list[n-1].Duration = uint32(d)
	}
	return int64(start), nil
}
