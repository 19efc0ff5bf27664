package av

import (
	"bytes"
	"math"
	"slices"
	"testing"
)

// The id of a sequence parameter set comes after four bytes, that of a picture parameter set after one byte. It is coded as ue(v).
var (
	sps0      = []byte{0x67, 0x42, 0xc0, 0x1f, 0b1_000_0000, 1}
	sps0Other = []byte{0x67, 0x42, 0xc0, 0x1f, 0b1_000_0000, 2}
	sps1      = []byte{0x67, 0x42, 0xc0, 0x1f, 0b010_0_0000, 1}
	pps0      = []byte{0x68, 0b1_000_0000, 1}
	pps5      = []byte{0x68, 0b00110_000, 1}
	pps255    = []byte{0x68, 0x00, 0x80, 0x00}
	idr       = []byte{0x65, 0x88, 1}
	delimiter = []byte{0x09, 0xf0}
)

func TestSetID(t *testing.T) {
	for _, tt := range []struct {
		nal  []byte
		want uint32
		ok   bool
	}{
		{sps0, 0, true}, {sps1, 1, true}, {pps0, 0, true}, {pps5, 5, true}, {pps255, 255, true},
		{nil, 0, false}, {idr, 0, false}, {sps0[:4], 0, false}, {pps0[:1], 0, false},
		{[]byte{0x68, 0}, 0, false},           // ends within the id
		{[]byte{0x68, 0, 0x40, 0}, 0, false},  // more than 17 bits
		{[]byte{0x67, 0x42, 0}, 0, false},     // ends before the id
		{[]byte{0x68, 0b0000_0001}, 0, false}, // has only the leading zeros of the id
	} {
		if id, ok := SetID(tt.nal); id != tt.want || ok != tt.ok {
			t.Errorf("% x: id %d, %v", tt.nal, id, ok)
		}
	}
}

func TestParameterSets(t *testing.T) {
	var s ParameterSets
	for _, nal := range [][]byte{sps0, pps0, sps0, pps5} {
		if !s.Take(nal) {
			t.Errorf("% x was not taken", nal)
		}
	}
	if s.Take(idr) || s.Take(nil) || len(s.SPS) != 1 || len(s.PPS) != 2 {
		t.Errorf("%d, %d sets", len(s.SPS), len(s.PPS))
	}
	both := s.Union(ParameterSets{SPS: [][]byte{sps0, sps1}, PPS: [][]byte{pps255}})
	want := ParameterSets{[][]byte{sps0, sps1}, [][]byte{pps0, pps5, pps255}}
	if !slices.EqualFunc(both.SPS, want.SPS, bytes.Equal) || !slices.EqualFunc(both.PPS, want.PPS, bytes.Equal) || len(s.SPS) != 1 {
		t.Errorf("union is %x", both)
	}
	if !s.Agree(both) || !both.Agree(s) || !s.Agree(ParameterSets{}) {
		t.Error("sets do not agree with more of them")
	}
	if s.Agree(ParameterSets{SPS: [][]byte{sps0Other}}) {
		t.Error("different sets with one id agree")
	}
}

func TestLengthPrefixed(t *testing.T) {
	var unit []byte
	for _, nal := range [][]byte{delimiter, sps0, pps0, idr, idr} {
		unit = AppendNAL(unit, nal)
	}
	var sets ParameterSets
	sample, key := AppendLengthPrefixed([]byte("before"), unit, func(nal []byte) bool {
		return !sets.Take(nal) && NALTypeOf(nal) != NALAUD
	})
	nals, err := SplitLengthPrefixed(sample[len("before"):])
	if err != nil || !key || !slices.EqualFunc(nals, [][]byte{idr, idr}, bytes.Equal) || len(sets.SPS) != 1 || len(sets.PPS) != 1 {
		t.Errorf("% x, key %v, %v", nals, key, err)
	}
	if _, key := AppendLengthPrefixed(nil, unit, func(nal []byte) bool { return NALTypeOf(nal) != NALIDR }); key {
		t.Error("an IDR picture that is left out makes a key sample")
	}
	for _, bad := range []string{"\x00\x00", "\x00\x00\x00\x00", "\x00\x00\x00\x02ab\x00\x00\x00\x05abc", "\xff\xff\xff\xffabc"} {
		if nals, err := SplitLengthPrefixed([]byte(bad)); err == nil || len(nals) > 1 {
			t.Errorf("%q: %q, %v", bad, nals, err)
		}
	}
}

func TestCutLengthPrefixed(t *testing.T) {
	for _, tt := range []struct {
		sample    string
		size      int
		nal, rest string
		whole     bool
	}{
		{"\x00\x02abc", 2, "ab", "c", true},
		{"\x02ab", 1, "ab", "", true},
		{"\x00\x00\x00\x00a", 4, "", "a", true},
		{"\x00\x03ab", 2, "ab", "", false},
		{"\x00", 2, "", "", false},
		{"\xff\xff\xff\xffabc", 4, "abc", "", false},
	} {
		nal, rest, whole := CutLengthPrefixed([]byte(tt.sample), tt.size)
		if string(nal) != tt.nal || string(rest) != tt.rest || whole != tt.whole {
			t.Errorf("%q: %q, %q, %v", tt.sample, nal, rest, whole)
		}
	}
}

func TestFloats(t *testing.T) {
	want := []float32{0, 1, -0.5, math.MaxFloat32, float32(math.Inf(-1))}
	raw := AppendFloats([]byte{}, want)
	if got := Floats(append(raw, 1, 2, 3)); !slices.Equal(got, want) || !bytes.Equal(raw[4:8], []byte{0, 0, 0x80, 0x3f}) {
		t.Errorf("%v, % x", got, raw)
	}
}
