package frames

import (
	"bytes"
	"testing"

	"reelcheck/reference/internal/av"
)

// TestDeclaredSets checks that parameter sets of an offer are used until the stream brings its own, and that one that is too large is ignored.
func TestDeclaredSets(t *testing.T) {
	sps, pps, idr := []byte{0x67, 0x42, 0xe0, 0x1f, 0x80, 1}, []byte{0x68, 0xce, 1}, []byte{0x65, 0x88, 1}
	newer := []byte{0x67, 0x42, 0xe0, 0x1f, 0x80, 2}
	for name, c := range map[string]struct {
		declared [][]byte
		sent     []byte // access unit before the tested one
		want     []byte // nil = nothing to decode
	}{
		"declared":            {[][]byte{sps, pps}, nil, annexB(sps, pps, idr)},
		"of one kind":         {[][]byte{sps}, nil, nil},
		"empty":               {[][]byte{{}, nil, sps[:4], pps[:1]}, nil, nil},
		"neither":             {[][]byte{idr}, nil, nil},
		"too large":           {[][]byte{append(sps, make([]byte, maxSet)...), pps}, nil, nil},
		"newer in the stream": {[][]byte{sps, pps}, annexB(newer, pps, idr), annexB(newer, pps, idr)},
	} {
		t.Run(name, func(t *testing.T) {
			f := &h264Format{}
			f.declare(c.declared)
			if c.sent != nil {
				if _, _, err := f.finish(c.sent); err != nil {
					t.Fatal(err)
				}
				f.declare(c.declared) // as when the publisher changes its payload type
			}
			got, key, err := f.finish(annexB(idr))
			if !bytes.Equal(got, c.want) || key != (c.want != nil) || (err != nil) != (c.want == nil) {
				t.Errorf("% x, %v, %v", got, key, err)
			}
		})
	}
}

func annexB(nals ...[]byte) (out []byte) {
	for _, nal := range nals {
		out = av.AppendNAL(out, nal)
	}
	return out
}

// TestKeyFrameOf checks that the first packet tells whether a key frame begins, and how large it is if the packet says so.
func TestKeyFrameOf(t *testing.T) {
	sps := []byte{0x67, 0x42, 0xc0, 0x28, 0xd9, 0x00, 0x78, 0x02, 0x27, 0xe5, 0x84, 0, 0, 3, 0, 4, 0, 0, 3, 0, 0xf0, 0x3c, 0x60, 0xc9, 0x20}
	vp8 := []byte{0x10, 0x10, 2, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1}
	inter := []byte{0x10, 0x11, 2, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1}
	rest := append([]byte{0x00}, vp8[1:]...)
	vp9 := []byte{0x08, 0x82, 0x49, 0x83, 0x42, 0x20, 0x27, 0xf0, 0x16, 0x70}
	for name, c := range map[string]struct {
		codec   av.Codec
		payload []byte
		pixels  int
		key     bool
	}{
		"VP8":               {av.VP8, vp8, 640 * 360, true},
		"VP8 inter frame":   {av.VP8, inter, 0, false},
		"VP8 second packet": {av.VP8, rest, 0, false},
		"VP8 cut":           {av.VP8, vp8[:5], 0, false},
		"VP9":               {av.VP9, vp9, 640 * 360, true},
		"VP9 inter frame":   {av.VP9, []byte{0x08, 0x86, 0, 0}, 0, false},
		"SPS":               {av.H264, sps, 1920 * 1080, true},
		"STAP-A":            {av.H264, append([]byte{0x18, 0, byte(len(sps))}, sps...), 1920 * 1080, true},
		"IDR":               {av.H264, []byte{0x65, 0x88, 1}, 0, true},
		"FU-A of IDR":       {av.H264, []byte{0x7c, 0x85, 0x88, 1}, 0, true},
		"slice":             {av.H264, []byte{0x41, 0x88, 1}, 0, false},
		"sound":             {av.Opus, []byte{0xf8, 1}, 0, false},
		"unknown":           {"", vp8, 0, false},
		"empty":             {av.VP8, nil, 0, false},
	} {
		if pixels, key := KeyFrame(c.codec, c.payload); key != c.key || pixels != c.pixels {
			t.Errorf("%s: %d, %v", name, pixels, key)
		}
	}
}
