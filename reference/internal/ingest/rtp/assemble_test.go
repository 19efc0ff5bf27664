package rtp

import (
	"bytes"
	"slices"
	"testing"

	"reelcheck/reference/internal/av"
)

// TestSpatialLayers sends VP9 pictures with one, two and two layers. The upper layer of the second picture comes in two packets.
func TestSpatialLayers(t *testing.T) {
	const layered, begin, end = 0x20, 0x08, 0x04
	a := newAssembler(av.VP9)
	var got []frame
	send := func(stamp uint32, flags, layer byte, marker bool, data ...byte) {
		for _, f := range a.push(&packet{stamp: stamp, marker: marker, payload: append([]byte{layered | flags, layer << 1, 0}, data...)}) {
			got = append(got, frame{data: slices.Clone(f.data), key: f.key, gap: f.gap})
		}
	}
	send(1, begin|end, 0, true, 0x82, 1)
	send(2, begin|end, 0, false, 0x86, 2)
	send(2, begin, 1, false, 0x86, 3)
	send(2, end, 1, true, 4)
	send(3, begin|end, 0, false, 0x86, 5)
	send(3, begin|end, 1, true, 0x86, 6, 7)
	want := [][][]byte{{{0x82, 1}}, {{0x86, 2}, {0x86, 3, 4}}, {{0x86, 5}, {0x86, 6, 7}}}
	if len(got) != len(want) || !got[0].key || got[1].key {
		t.Fatalf("%v", got)
	}
	for i, f := range got {
		if !slices.EqualFunc(av.VP9Frames(f.data), want[i], bytes.Equal) || f.gap {
			t.Errorf("picture %d: % x", i, f.data)
		}
	}
}
