package forensics

import (
	"errors"
	"fmt"

	"github.com/Eyevinn/mp4ff/mp4"
)

// sample is one entry of a track's sample table; times are in its timescale.
type sample struct {
	offset   int64
	size     uint32
	duration uint32
	decoded  int64
	composed int64
	sync     bool
}

// sampleTable joins the tables of a progressive file. Nothing is believed: a sample lies inside
// the file, and the tables agree on how many there are.
func sampleTable(stbl *mp4.StblBox, fileSize int64) ([]sample, error) {
	if stbl.Stsz == nil || stbl.Stts == nil || stbl.Stsc == nil || (stbl.Stco == nil && stbl.Co64 == nil) {
		return nil, errors.New("sample table: stsz, stts, stsc or stco is missing")
	}
	n := int64(stbl.Stsz.SampleNumber)
	uniform := int64(stbl.Stsz.SampleUniformSize)
	switch {
	case uniform == 0 && int64(len(stbl.Stsz.SampleSize)) != n:
		return nil, fmt.Errorf("stsz: %d sizes for %d samples", len(stbl.Stsz.SampleSize), n)
	case uniform > 0 && n > fileSize/uniform:
		return nil, fmt.Errorf("stsz: %d samples of %d bytes in a file of %d", n, uniform, fileSize)
	}
	out := make([]sample, n)
	for i := range out {
		out[i].size = uint32(uniform)
		if uniform == 0 {
			out[i].size = stbl.Stsz.SampleSize[i]
		}
	}
	if err := setTimes(out, stbl); err != nil {
		return nil, err
	}
	return out, setOffsets(out, stbl, fileSize)
}

func setTimes(out []sample, stbl *mp4.StblBox) error {
	if len(stbl.Stts.SampleCount) != len(stbl.Stts.SampleTimeDelta) {
		return errors.New("stts: counts and deltas differ in number")
	}
	i, at := 0, int64(0)
	for k, count := range stbl.Stts.SampleCount {
		if int64(count) > int64(len(out)-i) {
			return fmt.Errorf("stts: durations for more than %d samples", len(out))
		}
		for range count {
			delta := stbl.Stts.SampleTimeDelta[k]
			out[i].duration, out[i].decoded, out[i].composed = delta, at, at
			at += int64(delta)
			i++
		}
	}
	if i != len(out) {
		return fmt.Errorf("stts: durations for %d of %d samples", i, len(out))
	}
	if stbl.Ctts != nil {
		i = 0
		for k := range stbl.Ctts.NrSampleCount() {
			for range min(int64(stbl.Ctts.SampleCount(k)), int64(len(out)-i)) {
				out[i].composed += int64(stbl.Ctts.SampleOffset[k])
				i++
			}
		}
	}
	for i := range out {
		out[i].sync = stbl.Stss == nil
	}
	if stbl.Stss != nil {
		for _, nr := range stbl.Stss.SampleNumber {
			if nr == 0 || int64(nr) > int64(len(out)) {
				return fmt.Errorf("stss: sample %d of %d", nr, len(out))
			}
			out[nr-1].sync = true
		}
	}
	return nil
}

func setOffsets(out []sample, stbl *mp4.StblBox, fileSize int64) error {
	var chunks []uint64
	if stbl.Co64 != nil {
		chunks = stbl.Co64.ChunkOffset
	} else {
		for _, o := range stbl.Stco.ChunkOffset {
			chunks = append(chunks, uint64(o))
		}
	}
	entries := stbl.Stsc.Entries
	if len(out) > 0 && (len(entries) == 0 || entries[0].FirstChunk != 1) {
		return errors.New("stsc: does not begin with chunk 1")
	}
	i, e := 0, 0
	for c, offset := range chunks {
		for e+1 < len(entries) && int64(entries[e+1].FirstChunk) <= int64(c)+1 {
			e++
		}
		for range min(int64(entriesIn(entries, e)), int64(len(out)-i)) {
			if offset > uint64(fileSize) || uint64(out[i].size) > uint64(fileSize)-offset {
				return fmt.Errorf("sample %d of %d bytes at byte %d is outside the file of %d bytes", i+1, out[i].size, offset, fileSize)
			}
			out[i].offset = int64(offset)
			offset += uint64(out[i].size)
			i++
		}
	}
	if i != len(out) {
		return fmt.Errorf("stsc and stco place %d of %d samples", i, len(out))
	}
	return nil
}

func entriesIn(entries []mp4.StscEntry, e int) uint32 {
	if e >= len(entries) {
		return 0
	}
	return entries[e].SamplesPerChunk
}
