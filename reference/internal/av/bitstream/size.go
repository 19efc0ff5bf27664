// Package bitstream parses coded pictures and splits the elementary streams of encoders into access units and frames.
package bitstream

import (
	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/vp9"

	"reelcheck/reference/internal/av"
)

// Size returns the size of a key frame in pixels, read from its bitstream.
func Size(s av.Sample) (width, height int, ok bool) {
	if !s.Key {
		return 0, 0, false
	}
	switch s.Codec {
	case av.VP8:
		return av.VP8Key(s.Data)
	case av.VP9:
		h, err := vp9.ParseFrameHeader(s.Data)
		if err != nil || !h.KeyFrame {
			return 0, 0, false
		}
		return int(h.Width), int(h.Height), true
	case av.H264:
		for nal := range av.NALs(s.Data) {
			if av.NALTypeOf(nal) != av.NALSPS {
				continue
			}
			sps, err := avc.ParseSPSNALUnit(nal, false)
			return spsSize(sps, err)
		}
	case av.Opus:
	}
	return 0, 0, false
}

func spsSize(sps *avc.SPS, err error) (width, height int, ok bool) {
	const limit = 1 << 16 // so that their product does not overflow
	if err != nil || sps.Width == 0 || sps.Height == 0 || sps.Width > limit || sps.Height > limit {
		return 0, 0, false
	}
	return int(sps.Width), int(sps.Height), true
}
