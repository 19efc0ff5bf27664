package frames

import (
	"bytes"
	"slices"
	"testing"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/unrecorded"
)

// TestSpatialLayers sends VP9 pictures with one, two and two layers. The upper layer of the second picture comes in two packets.
func TestSpatialLayers(t *testing.T) {
	const layered, begin, end = 0x20, 0x08, 0x04
	a := NewAssembler(av.VP9, func(unrecorded.Reason, int) {})
	var got []Frame
	send := func(stamp uint32, flags, layer byte, marker bool, data ...byte) {
		for _, f := range a.Push(&Packet{Stamp: stamp, Marker: marker, Payload: append([]byte{layered | flags, layer << 1, 0}, data...)}) {
			got = append(got, Frame{Data: slices.Clone(f.Data), Key: f.Key, Gap: f.Gap})
		}
	}
	send(1, begin|end, 0, true, 0x82, 1)
	send(2, begin|end, 0, false, 0x86, 2)
	send(2, begin, 1, false, 0x86, 3)
	send(2, end, 1, true, 4)
	send(3, begin|end, 0, false, 0x86, 5)
	send(3, begin|end, 1, true, 0x86, 6, 7)
	want := [][][]byte{{{0x82, 1}}, {{0x86, 2}, {0x86, 3, 4}}, {{0x86, 5}, {0x86, 6, 7}}}
	if len(got) != len(want) || !got[0].Key || got[1].Key {
		t.Fatalf("%v", got)
	}
	for i, f := range got {
		if !slices.EqualFunc(av.VP9Frames(f.Data), want[i], bytes.Equal) || f.Gap {
			t.Errorf("picture %d: % x", i, f.Data)
		}
	}
}
