package av

import (
	"bytes"
	"slices"
)

// ParameterSets are H.264 parameter sets as NAL units without start codes.
type ParameterSets struct{ SPS, PPS [][]byte }

// Take adds a copy of a NAL unit that is a parameter set, unless s has it already. It reports whether the unit is a parameter set.
func (s *ParameterSets) Take(nal []byte) bool {
	switch NALTypeOf(nal) {
	case NALSPS:
		s.SPS = union(s.SPS, nal)
	case NALPPS:
		s.PPS = union(s.PPS, nal)
	default:
		return false
	}
	return true
}

// Union returns the sets of s and more, each once. It modifies neither.
func (s ParameterSets) Union(more ParameterSets) ParameterSets {
	return ParameterSets{union(s.SPS, more.SPS...), union(s.PPS, more.PPS...)}
}

func union(have [][]byte, more ...[]byte) [][]byte {
	for _, nal := range more {
		if !slices.ContainsFunc(have, func(other []byte) bool { return bytes.Equal(other, nal) }) {
			have = append(slices.Clip(have), bytes.Clone(nal))
		}
	}
	return have
}

// Agree reports whether sets with the same id are equal in s and other, so that pictures may refer to the sets of both.
func (s ParameterSets) Agree(other ParameterSets) bool {
	return agree(s.SPS, other.SPS) && agree(s.PPS, other.PPS)
}

func agree(a, b [][]byte) bool {
	for _, x := range a {
		for _, y := range b {
			id, _ := SetID(x)
			if of, _ := SetID(y); id == of && !bytes.Equal(x, y) {
				return false
			}
		}
	}
	return true
}

// SetID returns the id of a parameter set, seq_parameter_set_id or pic_parameter_set_id (ITU-T H.264 sections 7.3.2.1 and 7.3.2.2). ok is
// false for other units, and for sets that end before the end of their id. Ids are so small that they contain no emulation prevention.
func SetID(nal []byte) (id uint32, ok bool) {
	at := 1
	switch NALTypeOf(nal) {
	case NALSPS:
		at = 4 // after profile, constraints and level
	case NALPPS:
	default:
		return 0, false
	}
	if len(nal) <= at {
		return 0, false
	}
	return expGolomb(nal[at:])
}

// expGolomb reads a ue(v) value (ITU-T H.264 section 9.1) of at most 17 bits.
func expGolomb(b []byte) (uint32, bool) {
	bit := func(i int) uint32 {
		if i/8 >= len(b) {
			return 0
		}
		return uint32(b[i/8]>>(7-i%8)) & 1
	}
	zeros := 0
	for zeros <= 8 && bit(zeros) == 0 {
		zeros++
	}
	if zeros > 8 || 2*zeros >= len(b)*8 {
		return 0, false
	}
	value := uint32(1)
	for i := range zeros {
		value = value<<1 | bit(zeros+1+i)
	}
	return value - 1, true
}
