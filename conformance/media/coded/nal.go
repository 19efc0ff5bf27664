package coded

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/Eyevinn/mp4ff/avc"
)

// NAL unit types of H.264 (ITU-T H.264 table 7-1).
const (
	nalIDR       = 5
	nalSPS       = 7
	nalPPS       = 8
	nalDelimiter = 9
	nalFiller    = 12
)

// AnnexB splits a byte stream at its start codes (ITU-T H.264 annex B). It drops the bytes before the first one and
// zeros after a unit.
func AnnexB(b []byte) [][]byte {
	var nals [][]byte
	at := bytes.Index(b, []byte{0, 0, 1})
	for at >= 0 {
		b = b[at+3:]
		unit := b
		if at = bytes.Index(b, []byte{0, 0, 1}); at >= 0 {
			unit = b[:at]
		}
		if unit = bytes.TrimRight(unit, "\x00"); len(unit) > 0 {
			nals = append(nals, unit)
		}
	}
	return nals
}

// StartsAnnexB reports whether b begins with a start code. Bytes with length prefixes of four bytes do so only if their
// first unit has a length of 1.
func StartsAnnexB(b []byte) bool {
	return bytes.HasPrefix(b, []byte{0, 0, 1}) || bytes.HasPrefix(b, []byte{0, 0, 0, 1})
}

// Prefixed splits units that each follow their length in a number of bytes (ISO/IEC 14496-15 section 5.3.2).
func Prefixed(b []byte, length int) ([][]byte, error) {
	if length < 1 || length > 4 {
		return nil, fmt.Errorf("length prefixes of %d bytes", length)
	}
	var nals [][]byte
	for at := 0; at < len(b); {
		if len(b)-at < length {
			return nals, fmt.Errorf("a length prefix is cut at byte %d of %d", at, len(b))
		}
		var word [4]byte
		copy(word[4-length:], b[at:])
		n := int64(binary.BigEndian.Uint32(word[:]))
		at += length
		if n > int64(len(b)-at) {
			return nals, fmt.Errorf("a NAL unit of %d bytes at byte %d of %d", n, at, len(b))
		}
		if unit := bytes.TrimRight(b[at:at+int(n)], "\x00"); len(unit) > 0 {
			nals = append(nals, unit)
		}
		at += int(n)
	}
	return nals, nil
}

// SumNALs returns the name of an access unit, made of the NAL units that carry its picture. It ignores delimiters and
// filler, which say nothing, and parameter sets, which may have moved to the header of the file.
func SumNALs(nals [][]byte) string {
	h := sha256.New()
	var length [4]byte
	for _, n := range nals {
		switch n[0] & 0x1f {
		case nalSPS, nalPPS, nalDelimiter, nalFiller:
			continue
		}
		binary.BigEndian.PutUint32(length[:], uint32(len(n)))
		h.Write(length[:])
		h.Write(n)
	}
	return short(h.Sum(nil))
}

// LookNALs does what [Look] does, for units that were split already. It takes the size from the first sequence parameter set.
func LookNALs(nals [][]byte) (p Picture, ok bool) {
	for _, n := range nals {
		switch n[0] & 0x1f {
		case nalIDR:
			p.Key = true
		case nalSPS:
			if w, h, known := sizeOfSPS(n); known && p.Width == 0 {
				p.Width, p.Height = w, h
			}
		}
	}
	return p, len(nals) > 0
}

// maxSPS is more bytes than any sequence parameter set has without scaling matrices for all kinds of blocks.
const maxSPS = 4096

func sizeOfSPS(nal []byte) (width, height int, ok bool) {
	defer func() { // mp4ff is fuzzed but still has index panics
		if recover() != nil {
			width, height, ok = 0, 0, false
		}
	}()
	if len(nal) > maxSPS {
		return 0, 0, false
	}
	sps, err := avc.ParseSPSNALUnit(nal, false)
	if err != nil || sps.Width > 1<<16 || sps.Height > 1<<16 {
		return 0, 0, false
	}
	return int(sps.Width), int(sps.Height), true
}

// Config is the content of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1).
type Config struct {
	Length int // of the prefix before each NAL unit, in bytes
	Sets   [][]byte
}

// ParseConfig reads an AVCDecoderConfigurationRecord.
func ParseConfig(b []byte) (c Config, err error) {
	if len(b) < 7 || b[0] != 1 {
		return c, fmt.Errorf("%d bytes are no AVC configuration of version 1", len(b))
	}
	c.Length = int(b[4]&3) + 1
	count, at := int(b[5]&0x1f), 6
	for _, kind := range []string{"sequence", "picture"} {
		for range count {
			if len(b)-at < 2 {
				return c, fmt.Errorf("AVC configuration: %s parameter set cut at byte %d", kind, at)
			}
			n := int(binary.BigEndian.Uint16(b[at:]))
			at += 2
			if n == 0 || n > len(b)-at {
				return c, fmt.Errorf("AVC configuration: %s parameter set of %d bytes at byte %d of %d", kind, n, at, len(b))
			}
			c.Sets = append(c.Sets, b[at:at+n])
			at += n
		}
		if kind == "sequence" {
			if at == len(b) {
				return c, fmt.Errorf("AVC configuration: cut at byte %d", at)
			}
			count, at = int(b[at]), at+1
		}
	}
	return c, nil
}
