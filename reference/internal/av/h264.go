package av

import (
	"encoding/binary"
	"errors"
)

// NALType is the H.264 nal_unit_type (ITU-T H.264 table 7-1).
type NALType byte

const (
	NALSlice NALType = 1
	NALIDR   NALType = 5
	NALSEI   NALType = 6
	NALSPS   NALType = 7
	NALPPS   NALType = 8
	NALAUD   NALType = 9
)

// NALTypeOf returns the type of a NAL unit without start code; 0 (unspecified) for an empty one.
func NALTypeOf(nal []byte) NALType {
	if len(nal) == 0 {
		return 0
	}
	return NALType(nal[0] & 0x1f)
}

// StartCode is the Annex B prefix the server writes before every NAL unit.
const StartCode = "\x00\x00\x00\x01"

// AppendNAL appends nal in Annex B form.
func AppendNAL(annexB, nal []byte) []byte {
	return append(append(annexB, StartCode...), nal...)
}

// NALs iterates over the NAL units of an Annex B access unit, without start codes and trailing zeros. The slices
// alias annexB.
func NALs(annexB []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		start, after := nextStartCode(annexB, 0)
		for start < len(annexB) {
			end, next := nextStartCode(annexB, after)
			nal := annexB[after:end]
			for len(nal) > 0 && nal[len(nal)-1] == 0 {
				nal = nal[:len(nal)-1]
			}
			if len(nal) > 0 && !yield(nal) {
				return
			}
			start, after = end, next
		}
	}
}

// nextStartCode returns begin and end of the first 00 00 01 at or after from; len(b) twice if there is none.
func nextStartCode(b []byte, from int) (begin, end int) {
	for i := from; i+3 <= len(b); i++ {
		if b[i+2] > 1 {
			i += 2
			continue
		}
		if b[i] == 0 && b[i+1] == 0 && b[i+2] == 1 {
			return i, i + 3
		}
	}
	return len(b), len(b)
}

// lengthSize is the size in bytes of the length of a NAL unit in the server's files (ISO/IEC 14496-15 section 5.2.3).
const lengthSize = 4

// AppendLengthPrefixed appends the NAL units of an Annex B access unit for which keep returns true, each after its length, as files store
// them. It reports whether one of them is an IDR picture.
func AppendLengthPrefixed(b, annexB []byte, keep func(nal []byte) bool) (out []byte, idr bool) {
	for nal := range NALs(annexB) {
		if !keep(nal) {
			continue
		}
		idr = idr || NALTypeOf(nal) == NALIDR
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(nal))), nal...)
	}
	return b, idr
}

// SplitLengthPrefixed returns the NAL units of a file's sample. They alias the sample. If the sample is damaged, it returns an error and the
// NAL units before the damage.
func SplitLengthPrefixed(sample []byte) (nals [][]byte, err error) {
	for len(sample) > 0 {
		nal, rest, whole := CutLengthPrefixed(sample, lengthSize)
		if !whole || len(nal) == 0 {
			return nals, errors.New("sample is not made of NAL units with their lengths")
		}
		nals, sample = append(nals, nal), rest
	}
	return nals, nil
}

// CutLengthPrefixed returns the first NAL unit of a sample, whose length stands before it in size bytes, and what follows it. Both alias the
// sample. If the sample ends before the unit does, whole is false, and nal is what there is of the unit.
func CutLengthPrefixed(sample []byte, size int) (nal, rest []byte, whole bool) {
	if len(sample) < size {
		return nil, nil, false
	}
	length := 0
	for _, b := range sample[:size] {
		length = length<<8 | int(b)
	}
	if sample = sample[size:]; length > len(sample) {
		return sample, nil, false
	}
	return sample[:length], sample[length:], true
}
