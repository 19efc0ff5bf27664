package mp4

import (
	"errors"
	"fmt"
	"math"

	"github.com/Eyevinn/mp4ff/mp4"

	"reelcheck/reference/internal/mux/movie"
)

// maxSamples is days of media.
const maxSamples = 16 << 20

// samples puts the tables of a track together. Each of them may contradict the others.
func samples(stbl *mp4.StblBox, size int64) ([]movie.Sample, error) {
	if stbl.Stts == nil || stbl.Stsc == nil || stbl.Stsz == nil || stbl.Stco == nil && stbl.Co64 == nil {
		return nil, errors.New("sample tables are missing")
	}
	n := int64(stbl.Stsz.SampleNumber)
	if n > maxSamples {
		return nil, fmt.Errorf("%d samples are too many: at most %d", n, maxSamples)
	}
	if u := int64(stbl.Stsz.SampleUniformSize); u > 0 && n > size/u || u == 0 && n != int64(len(stbl.Stsz.SampleSize)) {
		return nil, fmt.Errorf("%d samples do not fit into the file", n)
	}
	list := make([]movie.Sample, n)
	for i := range list {
		list[i].Size = stbl.Stsz.SampleUniformSize
		if list[i].Size == 0 {
			list[i].Size = stbl.Stsz.SampleSize[i]
		}
	}
	return list, errors.Join(timing(list, stbl), keys(list, stbl.Stss), locate(list, stbl, size))
}

// maxTicks is a time no sum of which overflows.
const maxTicks = math.MaxInt64 / 4

func timing(list []movie.Sample, stbl *mp4.StblBox) error {
	i, dts := 0, int64(0)
	for e, count := range stbl.Stts.SampleCount {
		for ; count > 0 && i < len(list); count-- {
			list[i].DTS, list[i].Duration = dts, stbl.Stts.SampleTimeDelta[e]
			dts += int64(list[i].Duration)
			i++
		}
	}
	if i < len(list) || dts > maxTicks {
		return fmt.Errorf("%d samples have times for %d", len(list), i)
	}
	if stbl.Ctts == nil {
		return nil
	}
	i = 0
	for e := range len(stbl.Ctts.SampleOffset) {
		for count := stbl.Ctts.SampleCount(e); count > 0 && i < len(list); count-- {
			list[i].Shift = stbl.Ctts.SampleOffset[e]
			i++
		}
	}
	return nil
}

// keys marks key samples. Without a table all are.
func keys(list []movie.Sample, stss *mp4.StssBox) error {
	if stss == nil {
		for i := range list {
			list[i].Key = true
		}
		return nil
	}
	for _, number := range stss.SampleNumber {
		if number < 1 || int64(number) > int64(len(list)) {
			return fmt.Errorf("key sample %d of %d", number, len(list))
		}
		list[number-1].Key = true
	}
	return nil
}

// locate gives samples their offsets: chunks lie anywhere, the samples of one behind each other.
func locate(list []movie.Sample, stbl *mp4.StblBox, size int64) error {
	chunks := 0
	if stbl.Stco != nil {
		chunks = len(stbl.Stco.ChunkOffset)
	} else {
		chunks = len(stbl.Co64.ChunkOffset)
	}
	i, entry := 0, 0
	entries := stbl.Stsc.Entries
	if len(list) > 0 && len(entries) == 0 {
		return errors.New("samples have no chunks")
	}
	for chunk := range chunks {
		for entry+1 < len(entries) && int64(entries[entry+1].FirstChunk) <= int64(chunk+1) {
			entry++
		}
		at := int64(0)
		if stbl.Stco != nil {
			at = int64(stbl.Stco.ChunkOffset[chunk])
		} else if o := stbl.Co64.ChunkOffset[chunk]; o <= maxTicks {
			at = int64(o)
		} else {
			return fmt.Errorf("chunk %d lies outside of the file", chunk+1)
		}
		for count := entries[entry].SamplesPerChunk; count > 0 && i < len(list); count-- {
			list[i].Offset = at
			at += int64(list[i].Size)
			if at > size {
				return fmt.Errorf("sample %d lies outside of the file, which may be cut off", i+1)
			}
			i++
		}
	}
	if i < len(list) {
		return fmt.Errorf("%d samples have chunks for %d", len(list), i)
	}
	return nil
}
