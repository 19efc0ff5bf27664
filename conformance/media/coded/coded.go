// Package coded reads the headers of coded frames and gives frames names for comparisons, without decoding them. A frame
// has the same name as a publisher sent it and as a file holds it.
package coded

import (
	"crypto/sha256"
	"encoding/hex"
)

// The codecs, named as in the fixtures.
const (
	VP8  = "VP8"
	VP9  = "VP9"
	H264 = "H264"
	Opus = "Opus"
)

// Sum returns the name of a frame's bytes: the first 64 bits of their SHA-256, in hex. For H.264, in Annex B, it is the
// name of its NAL units; see [SumNALs].
func Sum(codec string, frame []byte) string {
	if codec == H264 {
		return SumNALs(AnnexB(frame))
	}
	sum := sha256.Sum256(frame)
	return short(sum[:])
}

func short(sum []byte) string { return hex.EncodeToString(sum[:8]) }

// Picture is what a coded video frame says about itself.
type Picture struct {
	// Key means that the frame can be decoded without any other.
	Key bool
	// Width and Height are the size of the coded picture. Only key frames state them.
	Width, Height int
}

// Look reads the header of a frame. ok is false when it is not a frame of the codec. H.264 must be in Annex B.
func Look(codec string, frame []byte) (p Picture, ok bool) {
	switch codec {
	case VP8:
		return lookVP8(frame)
	case VP9:
		return lookVP9(frame)
	case H264:
		return LookNALs(AnnexB(frame))
	default:
		return Picture{Key: true}, len(frame) > 0
	}
}

// lookVP8 reads the frame header of RFC 6386 section 9.1.
func lookVP8(b []byte) (p Picture, ok bool) {
	if len(b) < 3 {
		return p, false
	}
	if b[0]&1 != 0 {
		return p, true
	}
	if len(b) < 10 || b[3] != 0x9d || b[4] != 0x01 || b[5] != 0x2a {
		return p, false
	}
	// The upper two bits of each size say how a player may scale it.
	return Picture{Key: true, Width: int(b[6]) | int(b[7]&0x3f)<<8, Height: int(b[8]) | int(b[9]&0x3f)<<8}, true
}
