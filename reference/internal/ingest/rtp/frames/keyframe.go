package frames

import (
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/av/bitstream"
)

// formats are used only to recognise the first packet of a key frame, so they have no state.
var formats = map[av.Codec]depacketizer{av.VP8: &vp8Format{}, av.VP9: &vp9Format{}, av.H264: &h264Format{}}

// KeyFrame reports whether payload begins a key frame, and returns its size in pixels; 0 if the payload does not say.
func KeyFrame(codec av.Codec, payload []byte) (pixels int, key bool) {
	if len(payload) == 0 || !codec.Video() {
		return 0, false
	}
	if !formats[codec].begins(payload) {
		return 0, false
	}
	format := NewAssembler(codec, nil).format
	data, err := format.add(nil, payload)
	if err != nil {
		return 0, false
	}
	switch codec {
	case av.VP8:
		_, _, key = av.VP8Key(data)
	case av.VP9:
		key = av.VP9Key(data)
	default:
		for nal := range av.NALs(data) {
			t := av.NALTypeOf(nal)
			key = key || t == av.NALSPS || t == av.NALIDR
		}
	}
	width, height, _ := bitstream.Size(av.Sample{Codec: codec, Key: key, Data: data})
	return width * height, key
}
