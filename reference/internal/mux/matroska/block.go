package matroska

import "encoding/binary"

// Values of Lacing: how several frames share a block (RFC 9559 section 10.3).
const (
	lacingMask = 0x06
	lacingXiph = 0x02
	lacingSame = 0x04
	lacingEBML = 0x06
)

// rawBlock is a Block or SimpleBlock before its frames are interpreted.
type rawBlock struct {
	track  uint64
	ticks  int16 // counted from the time of its cluster
	frames [][]byte
}

func parseBlock(b []byte) (rawBlock, error) {
	track, n := vint(b, 8, true)
	if n == 0 || len(b) < n+3 {
		return rawBlock{}, errDamaged
	}
	out := rawBlock{track: track, ticks: int16(binary.BigEndian.Uint16(b[n:]))}
	flags, rest := b[n+2], b[n+3:]
	if flags&lacingMask == 0 {
		out.frames = [][]byte{rest}
		return out, nil
	}
	if len(rest) == 0 {
		return rawBlock{}, errDamaged
	}
	sizes := make([]int, int(rest[0])+1)
	var ok bool
	switch rest = rest[1:]; flags & lacingMask {
	case lacingXiph:
		rest, ok = xiphSizes(rest, sizes)
	case lacingEBML:
		rest, ok = ebmlSizes(rest, sizes)
	default:
		ok = len(rest)%len(sizes) == 0
		for i := range sizes {
			sizes[i] = len(rest) / len(sizes)
		}
	}
	if !ok {
		return rawBlock{}, errDamaged
	}
	for _, size := range sizes {
		out.frames = append(out.frames, rest[:size])
		rest = rest[size:]
	}
	return out, nil
}

// xiphSizes reads the sizes of all frames but the last, which takes the remaining bytes.
func xiphSizes(b []byte, sizes []int) (rest []byte, ok bool) {
	total := 0
	for i := range len(sizes) - 1 {
		for {
			if len(b) == 0 {
				return nil, false
			}
			x := b[0]
			b = b[1:]
			if sizes[i] += int(x); x < 255 {
				break
			}
		}
		total += sizes[i]
	}
	sizes[len(sizes)-1] = len(b) - total
	return b, total <= len(b)
}

// ebmlSizes is like xiphSizes, but each size after the first is coded as a difference.
func ebmlSizes(b []byte, sizes []int) (rest []byte, ok bool) {
	total, size := 0, 0
	for i := range len(sizes) - 1 {
		v, n := vint(b, 8, true)
		if n == 0 || v > maxElement {
			return nil, false
		}
		if b = b[n:]; i == 0 {
			size = int(v)
		} else {
			size += int(v) - (1<<(7*n-1) - 1)
		}
		if size < 0 || size > maxElement {
			return nil, false
		}
		sizes[i] = size
		total += size
	}
	sizes[len(sizes)-1] = len(b) - total
	return b, total <= len(b)
}
