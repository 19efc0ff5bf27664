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

// times returns the table of durations: the time from one sample to the next, whatever run it is in.
func (t *Output) times() (stts mp4.SttsBox, err error) {
	total := int64(0)
	add := func(d int64) error {
		if d <= 0 || d > math.MaxUint32 {
			return fmt.Errorf("times of samples do not increase: %d after %d", d, total)
		}
		total += d
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
					return stts, err
				}
			}
			first, last, duration = false, r.dts(i), int64(s.Duration)
		}
	}
	if first {
		return stts, nil
	}
	err = add(max(duration, 1))
	return stts, err
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
