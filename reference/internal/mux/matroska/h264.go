package matroska

import (
	"encoding/binary"

	"github.com/Eyevinn/mp4ff/avc"

	"reelcheck/reference/internal/av"
)

// frame sets Key and converts H.264 to Annex B. It looks at the media, because the writers of blocks' flags may not have done so. It reports
// whether there is anything to decode.
func (b *Block) frame() bool {
	switch b.Track.Codec {
	case av.VP8:
		_, _, b.Key = av.VP8Key(b.Data)
	case av.VP9:
		b.Key = av.VP9Key(b.Data)
	case av.H264:
		return b.annexB()
	default:
	}
	return len(b.Data) > 0
}

// annexB puts parameter sets before every key frame: the last ones in the stream, or else those of the track. It reports whether the block has a
// picture.
func (b *Block) annexB() (picture bool) {
	b.Data = b.Track.annexB(b.Data)
	var sets []byte
	hasSPS := false
	for nal := range av.NALs(b.Data) {
		switch kind := av.NALTypeOf(nal); {
		case kind == av.NALSPS, kind == av.NALPPS:
			sets = av.AppendNAL(sets, nal)
			hasSPS = hasSPS || kind == av.NALSPS
		case kind >= av.NALSlice && kind <= av.NALIDR:
			picture = true
			b.Key = b.Key || kind == av.NALIDR
			b.Reordered = b.Reordered || kind == av.NALSlice && bidirectional(nal)
		}
	}
	switch {
	case hasSPS:
		b.Track.inBand = sets
	case b.Key && b.Track.inBand != nil:
		b.Data = append(b.Track.inBand[:len(b.Track.inBand):len(b.Track.inBand)], b.Data...)
	case b.Key:
		b.Data = append(b.Track.sets(), b.Data...)
	}
	return picture
}

// bidirectional reports whether a slice is a B slice. Its type is among the first bytes.
func bidirectional(nal []byte) bool {
	kind, err := avc.GetSliceTypeFromNALU(nal[:min(len(nal), 16)])
	return err == nil && kind == avc.SLICE_B
}

func startsWithCode(b []byte) bool {
	return len(b) >= 4 && b[0] == 0 && b[1] == 0 && (b[2] == 1 || b[2] == 0 && b[3] == 1)
}

// annexB returns a frame in Annex B form. A length of 256 looks like a start code; whether it is one shows only if all lengths are valid to the
// end.
func (t *Track) annexB(b []byte) []byte {
	if out, whole := fromLengths(b, t.lengthSize()); whole || !startsWithCode(b) {
		return out
	}
	return b
}

// fromLengths converts NAL units with lengths of size bytes to Annex B. whole reports whether all lengths are valid.
func fromLengths(b []byte, size int) (annexB []byte, whole bool) {
	whole = true
	for len(b) > 0 {
		var nal []byte
		if nal, b, whole = av.CutLengthPrefixed(b, size); len(nal) > 0 {
			annexB = av.AppendNAL(annexB, nal)
		}
	}
	return annexB, whole
}

// lengthSize returns the size in bytes of a NAL unit's length (ISO/IEC 14496-15 section 5.3.3.1.2).
func (t *Track) lengthSize() int {
	if len(t.private) < 5 || startsWithCode(t.private) {
		return 4
	}
	return int(t.private[4]&3) + 1
}

// sets returns the parameter sets of the track, in Annex B form. It parses avcC (ISO/IEC 14496-15 section 5.3.3.1.2) itself, because package avc
// refuses lengths of less than four bytes, and returns nothing of a record that is cut off (decision 23).
func (t *Track) sets() []byte {
	var out []byte
	if startsWithCode(t.private) {
		for nal := range av.NALs(t.private) {
			out = av.AppendNAL(out, nal)
		}
		return out
	}
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
