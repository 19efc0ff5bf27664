package matroska

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/media/coded"
)

// readCluster reads a cluster, whose size may be unknown.
func (p *parser) readCluster(parent element, end int64) error {
	p.report.Clusters++
	if parent.size == unknown {
		p.report.UnknownClusters++
	}
	p.cluster, p.base, p.hasBase = parent, 0, false
	return p.children(parent, end, func(e element, last int64) (bool, error) {
		if parent.size == unknown && top(e.id) {
			return false, nil
		}
		switch e.id {
		case idTimestamp:
			b, ok, err := p.bytes(e, maxValue, &p.value)
			if ok && !setID(&p.base)(b) {
				p.note(Broken, e.at, "%v cannot be read", e)
			}
			p.hasBase = true
			return true, err
		case idSimpleBlock:
			p.report.SimpleBlocks++
			b, ok, err := p.bytes(e, maxBlock, &p.block)
			if ok {
				p.takeBlock(b, e.at, true, false)
			}
			return true, err
		case idBlockGroup:
			return true, p.group(e, last)
		case idEncryptedBlock:
			p.note(Unsupported, e.at, "an encrypted block")
			return true, p.pass(e, last)
		default:
			return true, p.pass(e, last)
		}
	})
}

// group reads a block group.
func (p *parser) group(parent element, end int64) error {
	p.report.BlockGroups++
	has, refers := false, false
	at := parent.at
	err := p.read(parent, end, fields{
		take: map[uint32]func([]byte) bool{idReferenceBlock: func([]byte) bool { refers = true; return true }},
		enter: map[uint32]func(element, int64) error{idBlock: func(e element, _ int64) (err error) {
			at = e.at
			_, has, err = p.bytes(e, maxBlock, &p.block)
			return err
		}},
	})
	switch {
	case err != nil: // what says whether it is a key frame may have followed
	case has:
		p.takeBlock(p.block, at, false, !refers)
	default:
		p.note(Missing, parent.at, "a BlockGroup without a Block")
	}
	return err
}

// takeBlock adds the frames of a block. Only a SimpleBlock says itself whether it is a key frame.
func (p *parser) takeBlock(b []byte, at int64, simple, key bool) {
	number, n := vintIn(b)
	if n == 0 || len(b) < n+3 {
		p.note(Broken, at, "a block of %d bytes has no head", len(b))
		return
	}
	relative, flags := int16(binary.BigEndian.Uint16(b[n:])), b[n+2]
	if simple {
		key = flags&0x80 != 0
	}
	t := p.byTrack[number]
	if t == nil {
		p.note(UnknownTrack, at, "a block of track %d, which is not declared", number)
		return
	}
	if !p.hasBase {
		p.note(Missing, at, "a block before the timestamp of its cluster, at byte %d", p.cluster.at)
	}
	when, ok := p.stamp(relative)
	if !ok {
		p.note(Broken, at, "timestamp %d in units of %d ns", p.base, p.scale)
		return
	}
	frames, err := unlace(b[n+3:], flags>>1&3)
	if err != nil {
		p.note(Broken, at, "%v", err)
	}
	if len(frames) > 1 {
		p.report.Laced++
	}
	for i, payload := range frames {
		p.frame(t, payload, at, Frame{At: when, Key: key, Laced: i > 0})
		when += t.lasts(payload)
	}
}

// lasts returns the time from a frame to the next one of its block.
func (t *track) lasts(payload []byte) time.Duration {
	if t.FrameLasts > 0 && t.FrameLasts < time.Hour {
		return t.FrameLasts
	}
	if t.codec == coded.Opus && !t.Encoded {
		return coded.Lasts(payload)
	}
	return 0
}

// frame adds one frame.
func (p *parser) frame(t *track, payload []byte, at int64, f Frame) {
	if p.frames++; p.frames > maxFrames {
		if p.frames == maxFrames+1 {
			p.note(Limit, at, "more than %d frames", maxFrames)
		}
		return
	}
	var picture coded.Picture
	ok := true
	f.Bytes = len(payload)
	switch {
	case t.Encoded || t.codec == "":
		f.Sum = coded.Sum("", payload)
	case t.codec == coded.H264:
		var nals [][]byte
		nals, ok = t.split(payload)
		f.Sum = coded.SumNALs(nals)
		if ok {
			picture, ok = coded.LookNALs(nals)
		}
	default:
		f.Sum = coded.Sum(t.codec, payload)
		picture, ok = coded.Look(t.codec, payload)
	}
	if !ok {
		p.note(BadFrame, at, "frame %d of track %d, of %d bytes, is no %s", len(t.Frames), t.Number, len(payload), t.codec)
	}
	f.Intra = picture.Key
	if s := (Size{len(t.Frames), picture.Width, picture.Height}); s.Width > 0 && !t.has(s) {
		t.Sizes = append(t.Sizes, s)
	}
	t.Frames = append(t.Frames, f)
}

// has reports whether s is the current size of the pictures.
func (t *track) has(s Size) bool {
	n := len(t.Sizes)
	return n > 0 && t.Sizes[n-1].Width == s.Width && t.Sizes[n-1].Height == s.Height
}

// split returns the NAL units of a frame. It splits by length prefixes, or by start codes if the track has no prefixes
// or they make no sense.
func (t *track) split(payload []byte) (nals [][]byte, ok bool) {
	var err error
	if t.prefix > 0 {
		if nals, err = coded.Prefixed(payload, t.prefix); err == nil {
			return nals, len(nals) > 0
		}
	}
	if coded.StartsAnnexB(payload) {
		t.AnnexB++
		return coded.AnnexB(payload), true
	}
	return nals, false
}

// The kinds of lacing (RFC 9559 section 10.3).
const (
	noLacing = iota
	xiphLacing
	fixedLacing
	ebmlLacing
)

// unlace splits the content of a block into frames. With an error it returns those that it could find.
func unlace(b []byte, kind byte) ([][]byte, error) {
	if kind == noLacing {
		return [][]byte{b}, nil
	}
	if len(b) == 0 {
		return nil, errors.New("a laced block without frames")
	}
	count, b := int(b[0])+1, b[1:]
	if count > len(b) { // an empty frame is invalid, and hundreds of them cost a file only a few bytes
		return nil, fmt.Errorf("%d laced frames in %d bytes", count, len(b))
	}
	var sizes []int
	var err error
	switch kind {
	case fixedLacing:
		if len(b)%count != 0 {
			return nil, fmt.Errorf("%d bytes in %d frames of one size", len(b), count)
		}
		sizes = slices.Repeat([]int{len(b) / count}, count-1)
	case xiphLacing:
		sizes, b, err = xiphSizes(b, count-1)
	default:
		sizes, b, err = ebmlSizes(b, count-1)
	}
	if err != nil {
		return nil, err
	}
	var frames [][]byte
	for _, n := range sizes {
		if n > len(b) {
			return frames, fmt.Errorf("a laced frame of %d bytes, %d are left in the block", n, len(b))
		}
		frames, b = append(frames, b[:n]), b[n:]
	}
	return append(frames, b), nil
}

func xiphSizes(b []byte, count int) ([]int, []byte, error) {
	var sizes []int
	for range count {
		n := 0
		for {
			if len(b) == 0 {
				return nil, nil, errors.New("the sizes of a laced block are cut")
			}
			c := int(b[0])
			n, b = n+c, b[1:]
			if c < 255 {
				break
			}
		}
		sizes = append(sizes, n)
	}
	return sizes, b, nil
}

// ebmlSizes reads the first size, and the others as differences to it.
func ebmlSizes(b []byte, count int) ([]int, []byte, error) {
	var sizes []int
	at := int64(0)
	for i := range count {
		v, n := vintIn(b)
		if n == 0 {
			return nil, nil, errors.New("the sizes of a laced block are cut")
		}
		if i == 0 {
			at = int64(v)
		} else {
			at += int64(v) - (int64(1)<<(7*n-1) - 1)
		}
		if at < 0 || at > maxBlock {
			return nil, nil, fmt.Errorf("a laced frame of %d bytes", at)
		}
		sizes, b = append(sizes, int(at)), b[n:]
	}
	return sizes, b, nil
}
