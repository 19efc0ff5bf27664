package matroska

import (
	"encoding/binary"

	"reelcheck/reference/internal/av"
)

// frame finds out whether a video block is a key frame, and brings H.264 into Annex B form. Flags of blocks are not asked: whoever
// wrote them did not look at the media.
func (b *Block) frame() {
	switch b.Track.Codec {
	case av.VP8:
		_, _, b.Key = av.VP8Key(b.Data)
	case av.VP9:
		b.Key = av.VP9Key(b.Data)
	case av.H264:
		b.annexB()
	default:
	}
}

func (b *Block) annexB() {
	if !startsWithCode(b.Data) {
		b.Data = fromLengths(b.Data, b.Track.lengthSize())
	}
	hasSets := false
	for nal := range av.NALs(b.Data) {
		switch av.NALTypeOf(nal) {
		case av.NALIDR:
			b.Key = true
		case av.NALSPS:
			hasSets = true
		default:
		}
	}
	if b.Key && !hasSets {
		b.Data = append(b.Track.sets(), b.Data...)
	}
}

func startsWithCode(b []byte) bool {
	return len(b) >= 4 && b[0] == 0 && b[1] == 0 && (b[2] == 1 || b[2] == 0 && b[3] == 1)
}

// lengthSize is how many bytes the length of a NAL unit takes (ISO/IEC 14496-15 section 5.3.3.1.2).
func (t *Track) lengthSize() int {
	if len(t.private) < 5 {
		return 4
	}
	return int(t.private[4]&3) + 1
}

func fromLengths(b []byte, size int) []byte {
	var out []byte
	for len(b) > size {
		n := 0
		for _, x := range b[:size] {
			n = n<<8 | int(x)
		}
		if b = b[size:]; n > len(b) || n < 0 {
			n = len(b)
		}
		out = av.AppendNAL(out, b[:n])
		b = b[n:]
	}
	return out
}

// sets are the parameter sets of the track's description, in Annex B form.
func (t *Track) sets() []byte {
	var out []byte
	if len(t.private) < 7 {
		return nil
	}
	rest := t.private[5:]
	for _, mask := range []byte{0x1f, 0xff} {
		if len(rest) == 0 {
			return out
		}
		count := int(rest[0] & mask)
		rest = rest[1:]
		for range count {
			if len(rest) < 2 {
				return out
			}
			n := int(binary.BigEndian.Uint16(rest))
			if rest = rest[2:]; n > len(rest) {
				return out
			}
			out = av.AppendNAL(out, rest[:n])
			rest = rest[n:]
		}
	}
	return out
}
