package frames

import (
	"encoding/binary"
	"errors"

	"reelcheck/reference/internal/av"
)

var (
	errMalformed = errors.New("malformed payload")
	errNoSets    = errors.New("key frame before its parameter sets")
)

// Payload structures of RFC 6184 section 5.4. A payload with a lower number is one NAL unit.
const (
	stapA = 24
	fuA   = 28
)

// maxSets is the maximum number of parameter sets of each kind in a stream.
const maxSets = 32

// h264Format implements RFC 6184 in packetization mode 1. Its output is Annex B. It handles NAL units itself, because it must see fragments
// without a start and remember parameter sets.
type h264Format struct {
	fragment bool // the last NAL unit in the frame is incomplete
	inBand   bool // key frames come with their parameter sets
	sps, pps paramSets
}

// paramSets holds the newest parameter set for each id, in the order in which the ids first came.
type paramSets []paramSet

type paramSet struct {
	id  uint32
	nal []byte
}

// remember stores a parameter set. It returns false if the set has no valid id.
func (s *paramSets) remember(nal []byte) bool {
	id, ok := av.SetID(nal)
	if ok {
		s.put(id, nal)
	}
	return ok
}

func (s *paramSets) put(id uint32, nal []byte) {
	for i := range *s {
		if (*s)[i].id == id {
			(*s)[i].nal = clone(nal)
			return
		}
	}
	if len(*s) < maxSets {
		*s = append(*s, paramSet{id, clone(nal)})
	}
}

// maxSet is the maximum size in bytes of a parameter set in an offer. Encoders make about 30 bytes, or a few hundred with scaling lists.
const maxSet = 1 << 10

// declare adds parameter sets from the offer (RFC 6184 section 8.1, sprop-parameter-sets). Parameter sets in the stream have priority.
func (f *h264Format) declare(sets [][]byte) {
	for _, nal := range sets {
		if f.inBand || len(nal) == 0 || len(nal) > maxSet {
			continue
		}
		switch av.NALTypeOf(nal) {
		case av.NALSPS:
			f.sps.remember(nal)
		case av.NALPPS:
			f.pps.remember(nal)
		default:
		}
	}
}

func (f *h264Format) begins(payload []byte) bool {
	nal := payload
	switch payload[0] & 0x1f {
	case stapA:
		if len(payload) < 4 {
			return false
		}
		nal = payload[3:]
	case fuA:
		if len(payload) < 3 || payload[1]&0x80 == 0 {
			return false
		}
		return f.beginsPicture(av.NALType(payload[1]&0x1f), payload[2])
	}
	if len(nal) < 2 {
		return false
	}
	return f.beginsPicture(av.NALTypeOf(nal), nal[1])
}

// beginsPicture reports whether a NAL unit begins an access unit (ITU-T H.264 section 7.4.1.2.3). first is the byte after its header; in a slice
// it begins with first_mb_in_slice, where a 1 bit means macroblock 0. If parameter sets come in-band, a key frame without them has lost them,
// and they may have been new; beginsPicture then returns false.
func (f *h264Format) beginsPicture(t av.NALType, first byte) bool {
	switch t {
	case av.NALSPS, av.NALPPS, av.NALSEI, av.NALAUD:
		return true
	case av.NALIDR:
		return first&0x80 != 0 && !f.inBand
	case av.NALSlice:
		return first&0x80 != 0
	}
	return false
}

func (f *h264Format) add(buf, payload []byte) ([]byte, error) {
	if len(buf) == 0 {
		f.fragment = false
	}
	kind := payload[0] & 0x1f
	if f.fragment && (kind != fuA || len(payload) < 2 || payload[1]&0x80 != 0) {
		return nil, errMalformed
	}
	switch {
	case kind == fuA:
		return f.addFragment(buf, payload)
	case kind == stapA:
		return f.addAggregate(buf, payload[1:])
	case kind == 0 || kind > 23:
		return nil, errMalformed
	}
	return av.AppendNAL(buf, payload), nil
}

func (f *h264Format) addFragment(buf, payload []byte) ([]byte, error) {
	if len(payload) < 2 {
		return nil, errMalformed
	}
	start, end := payload[1]&0x80 != 0, payload[1]&0x40 != 0
	if start == f.fragment {
		return nil, errMalformed
	}
	if start {
		buf = append(append(buf, av.StartCode...), payload[0]&0xe0|payload[1]&0x1f)
	}
	f.fragment = !end
	return append(buf, payload[2:]...), nil
}

func (f *h264Format) addAggregate(buf, rest []byte) ([]byte, error) {
	for len(rest) > 0 {
		if len(rest) < 2 {
			return nil, errMalformed
		}
		size := int(binary.BigEndian.Uint16(rest))
		rest = rest[2:]
		if size == 0 || size > len(rest) {
			return nil, errMalformed
		}
		buf = av.AppendNAL(buf, rest[:size])
		rest = rest[size:]
	}
	return buf, nil
}

// finish remembers parameter sets, removes delimiters and filler, and adds the sets to a key frame that came without them. An access unit of
// parameter sets alone has nothing to decode.
func (f *h264Format) finish(buf []byte) ([]byte, bool, error) {
	if f.fragment {
		f.fragment = false
		return nil, false, errMalformed
	}
	const filler = 12
	var idr, slices, sps, pps bool
	size := 0
	for nal := range av.NALs(buf) {
		switch av.NALTypeOf(nal) {
		case av.NALAUD, filler:
			continue
		case av.NALSPS:
			sps = f.sps.remember(nal) || sps
		case av.NALPPS:
			pps = f.pps.remember(nal) || pps
		case av.NALIDR:
			idr = true
		case av.NALSlice, 2:
			slices = true
		default:
		}
		size += len(av.StartCode) + len(nal)
	}
	if !idr && !slices {
		return nil, false, nil
	}
	if idr && (len(f.sps) == 0 || len(f.pps) == 0) {
		return nil, false, errNoSets
	}
	f.inBand = f.inBand || idr && sps && pps
	var before []paramSet
	if idr && !(sps && pps) {
		before = append(append(before, f.sps...), f.pps...)
	}
	for _, set := range before {
		size += len(av.StartCode) + len(set.nal)
	}
	data := make([]byte, 0, size)
	for _, set := range before {
		data = av.AppendNAL(data, set.nal)
	}
	for nal := range av.NALs(buf) {
		if t := av.NALTypeOf(nal); t != av.NALAUD && t != filler {
			data = av.AppendNAL(data, nal)
		}
	}
	return data, idr, nil
}
