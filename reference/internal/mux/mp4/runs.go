package mp4

import (
	"fmt"
	"math"

	"github.com/Eyevinn/mp4ff/mp4"
)

// samples returns the sizes of all samples and the table of key samples, nil when all are.
func (t *Output) samples() (sizes []uint32, keys *mp4.StssBox) {
	keys = &mp4.StssBox{}
	for _, r := range t.Runs {
		for _, s := range r.Samples {
			if sizes = append(sizes, s.Size); s.Key {
				keys.SampleNumber = append(keys.SampleNumber, uint32(len(sizes)))
			}
		}
	}
	if len(keys.SampleNumber) == len(sizes) {
		return sizes, nil
	}
	return sizes, keys
}

// decoding returns the decoding times of all samples. Where a run begins, the samples before may be due at the same time or
// later, if the time from decoding to presentation varies, as it does with B-frames at a variable frame rate. Then they
// are decoded earlier.
func (t *Output) decoding() ([]int64, error) {
	var list []int64
	for _, r := range t.Runs {
		for i := range r.Samples {
			list = append(list, r.dts(i))
		}
	}
	for i := len(list) - 2; i >= 0; i-- {
		if late := list[i] - list[i+1] + 1; late > int64(t.Timescale) || late > 0 && i == 0 { // the first one tells what time 0 is
			return nil, fmt.Errorf("times of samples do not increase: %d after %d", list[i+1], list[i])
		} else if late > 0 {
			list[i] -= late
		}
	}
	return list, nil
}

// times returns the table of durations: the time from each sample to the next, across runs too.
func (t *Output) times(decoding []int64) (stts mp4.SttsBox, err error) {
	if len(decoding) == 0 {
		return stts, nil
	}
	duration := int64(0) // of the last sample
	for _, r := range t.Runs {
		if n := len(r.Samples); n > 0 {
			duration = int64(r.Samples[n-1].Duration)
		}
	}
	last := len(decoding) - 1
	for i := range decoding {
		d := max(duration, 1)
		if i < last {
			d = decoding[i+1] - decoding[i]
		}
		if d > math.MaxUint32 {
			return stts, fmt.Errorf("%d ticks from a sample to the next are too many", d)
		}
		if n := len(stts.SampleTimeDelta); n > 0 && stts.SampleTimeDelta[n-1] == uint32(d) {
			stts.SampleCount[n-1]++
			continue
		}
		stts.SampleTimeDelta, stts.SampleCount = append(stts.SampleTimeDelta, uint32(d)), append(stts.SampleCount, 1)
	}
	return stts, nil
}

// shifts returns the table of composition time offsets, or nil when all are 0.
func (t *Output) shifts(decoding []int64) *mp4.CttsBox {
	c := &mp4.CttsBox{EndSampleNr: []uint32{0}}
	any, n := false, uint32(0)
	for _, r := range t.Runs {
		for i := range r.Samples {
			shift := int32(r.pts(i) - decoding[n])
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
