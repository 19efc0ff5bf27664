package movie

import (
	"fmt"
	"math"

	"github.com/Eyevinn/mp4ff/mp4"
)

// tables fills the sample tables of track i, in the order of ISO/IEC 14496-12 table 1, and returns the track's length.
func (f *file) tables(stbl *mp4.StblBox, i int, base int64, large bool) (total uint64, err error) {
	t := &f.tracks[i]
	if total, err = t.times(stbl); err != nil {
		return 0, err
	}
	ctts := t.shifts()
	stss := &mp4.StssBox{}
	all := true
	for _, r := range t.Runs {
		for _, s := range r.Samples {
			stbl.Stsz.SampleSize = append(stbl.Stsz.SampleSize, s.Size)
			if s.Key {
				stss.SampleNumber = append(stss.SampleNumber, uint32(len(stbl.Stsz.SampleSize)))
			} else {
				all = false
			}
		}
	}
	stbl.Stsz.SampleNumber = uint32(len(stbl.Stsz.SampleSize))
	children := []mp4.Box{stbl.Stsd, stbl.Stts}
	if ctts != nil {
		stbl.Ctts = ctts
		children = append(children, ctts)
	}
	children = append(children, stbl.Stsc, stbl.Stsz)
	if !all {
		stbl.Stss = stss
		children = append(children, stss)
	}
	offsets, err := f.where(stbl, i, base, large)
	if err != nil {
		return 0, err
	}
	stbl.Children = append(children, offsets)
	return total, nil
}

// where fills the tables of chunks.
func (f *file) where(stbl *mp4.StblBox, i int, base int64, large bool) (mp4.Box, error) {
	var small mp4.StcoBox
	var wide mp4.Co64Box
	number, last := uint32(0), chunk{}
	for _, c := range f.chunks {
		if c.track != i {
			continue
		}
		number++
		description := f.tracks[i].Runs[c.run].Description
		if number == 1 || c.last-c.first != last.last-last.first || description != f.tracks[i].Runs[last.run].Description {
			if err := stbl.Stsc.AddEntry(number, uint32(c.last-c.first), uint32(description+1)); err != nil {
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

// times fills the table of durations: the time from one sample to the next, whatever run it is in.
func (t *Output) times(stbl *mp4.StblBox) (total uint64, err error) {
	stts := stbl.Stts
	add := func(d int64) error {
		if d <= 0 || d > math.MaxUint32 {
			return fmt.Errorf("times of samples do not increase: %d after %d", d, total)
		}
		total += uint64(d)
		if n := len(stts.SampleTimeDelta); n > 0 && stts.SampleTimeDelta[n-1] == uint32(d) {
			stts.SampleCount[n-1]++
			return nil
		}
		stts.SampleTimeDelta, stts.SampleCount = append(stts.SampleTimeDelta, uint32(d)), append(stts.SampleCount, 1)
		return nil
	}
	last, duration := int64(0), int64(0)
	first := true
	for _, r := range t.Runs {
		for i, s := range r.Samples {
			if dts := r.dts(i); !first {
				if err := add(dts - last); err != nil {
					return 0, err
				}
			}
			first, last, duration = false, r.dts(i), int64(s.Duration)
		}
	}
	if first {
		return 0, nil
	}
	return total, add(max(duration, 1))
}

// shifts is the table of composition time offsets, nil when all are 0.
func (t *Output) shifts() *mp4.CttsBox {
	c := &mp4.CttsBox{EndSampleNr: []uint32{0}}
	any, n := false, uint32(0)
	for _, r := range t.Runs {
		for i := range r.Samples {
			shift := int32(r.pts(i) - r.dts(i))
			any = any || shift != 0
			if shift < 0 {
				c.Version = 1
			}
			n++
			if last := len(c.SampleOffset) - 1; last >= 0 && c.SampleOffset[last] == shift {
				c.EndSampleNr[last+1] = n
				continue
			}
			c.SampleOffset, c.EndSampleNr = append(c.SampleOffset, shift), append(c.EndSampleNr, n)
		}
	}
	if !any {
		return nil
	}
	return c
}
