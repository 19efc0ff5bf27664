package rtp

import (
	"errors"

	"github.com/pion/rtp/codecs"

	"reelcheck/reference/internal/av"
)

// maxFrame is the maximum size of a coded frame in bytes. A larger one is dropped as lost.
const maxFrame = 4 << 20

// frame is one whole coded frame with the RTP timestamp it was sent under.
type frame struct {
	data    []byte
	stamp   uint32
	arrived av.Instant // arrival of its first packet
	key     bool
	gap     bool
	packets int
}

// depacketizer implements one RTP payload format.
type depacketizer interface {
	// begins reports whether payload must be the first of a frame. It is called when the packet before it is unknown.
	begins(payload []byte) bool
	// add appends the media in payload to the frame in buf.
	add(buf, payload []byte) ([]byte, error)
	// finish turns the collected bytes into the frame. data is nil without an error if there is nothing to decode (only parameter sets).
	finish(buf []byte) (data []byte, key bool, err error)
}

// assembler turns packets in order into whole frames. It drops a frame if a packet of it is missing or malformed, and sets gap in the next whole
// frame. It is not safe for concurrent use.
type assembler struct {
	format  depacketizer
	whole   bool // every packet is a frame
	buf     []byte
	stamp   uint32
	arrived av.Instant
	open    bool // buf holds the beginning of the frame with timestamp stamp
	dead    bool // the rest of the frame with timestamp stamp is skipped
	unsure  bool // the packet before the next one is unknown
	lost    bool // something was dropped since the last whole frame
	packets int  // in buf
	lose    func(Reason, int)
	out     []frame
}

func newAssembler(codec av.Codec) *assembler {
	a := &assembler{unsure: true, lose: func(Reason, int) {}}
	switch codec {
	case av.VP8:
		a.format = &vp8Format{}
	case av.VP9:
		a.format = &vp9Format{}
	case av.H264:
		a.format = &h264Format{}
	default:
		a.format, a.whole = opusFormat{}, true
	}
	return a
}

// declare adds parameter sets that do not come in the stream.
func (a *assembler) declare(sets [][]byte) {
	if f, ok := a.format.(*h264Format); ok {
		f.declare(sets)
	}
}

// abandon gives up an incomplete frame, because no more packets will come.
func (a *assembler) abandon() {
	if a != nil && a.open {
		a.drop(Incomplete, a.packets)
	}
}

// push returns the frames that p completes: none, one, or two if p also shows that the frame before it has ended. The slice is valid until the
// next push; the frames' data stays valid.
func (a *assembler) push(p *packet) []frame {
	clear(a.out)
	a.out = a.out[:0]
	if p.gap {
		if a.open {
			a.lose(Incomplete, a.packets)
		}
		a.lost, a.unsure = true, true
		a.dead, a.open = a.dead || a.open, false
	}
	if len(p.payload) == 0 { // padding; only its sequence number counts
		return nil
	}
	if p.stamp != a.stamp {
		if a.open {
			a.complete()
		}
		a.dead = false
	}
	if a.dead {
		a.lose(Incomplete, 1)
		return a.out
	}
	if !a.open && !a.begin(p) {
		return a.out
	}
	a.packets++
	buf, err := a.format.add(a.buf, p.payload)
	switch {
	case err != nil:
		a.drop(Malformed, a.packets)
		return a.out
	case len(buf) > maxFrame:
		a.drop(Overflow, a.packets)
		return a.out
	}
	a.buf = buf
	if p.marker || a.whole {
		a.complete()
	}
	return a.out
}

func (a *assembler) begin(p *packet) bool {
	a.stamp, a.arrived = p.stamp, p.arrived
	if a.unsure && !a.format.begins(p.payload) {
		a.drop(Incomplete, 1)
		return false
	}
	a.open, a.unsure = true, false
	a.buf, a.packets = a.buf[:0], 0
	return true
}

func (a *assembler) drop(why Reason, packets int) {
	a.open, a.dead, a.lost, a.unsure = false, true, true, true
	a.lose(why, packets)
}

func (a *assembler) complete() {
	a.open = false
	data, key, err := a.format.finish(a.buf)
	if cap(a.buf) > maxFrame/8 { // one huge frame must not keep its buffer alive
		a.buf = nil
	}
	if err != nil {
		a.lost = true
		if errors.Is(err, errNoSets) {
			a.lose(Parameters, a.packets)
		} else {
			a.lose(Malformed, a.packets)
		}
		return
	}
	if data == nil {
		return
	}
	a.out = append(a.out, frame{data: data, stamp: a.stamp, arrived: a.arrived, key: key, gap: a.lost, packets: a.packets})
	a.lost = false
}

// clone returns a copy of exactly the needed size, so that a frame that is kept for long wastes no memory.
func clone(b []byte) []byte {
	c := make([]byte, len(b))
	copy(c, b)
	return c
}

// vp8Format implements RFC 7741.
type vp8Format struct{ header codecs.VP8Packet }

func (f *vp8Format) begins(payload []byte) bool { return payload[0]&0x17 == 0x10 } // S and partition 0

func (f *vp8Format) add(buf, payload []byte) ([]byte, error) {
	if len(buf) == 0 && !f.begins(payload) {
		return nil, errMalformed
	}
	data, err := f.header.Unmarshal(payload)
	if err != nil {
		return nil, err
	}
	return append(buf, data...), nil
}

func (f *vp8Format) finish(buf []byte) ([]byte, bool, error) {
	if len(buf) == 0 {
		return nil, false, errMalformed
	}
	_, _, key := av.VP8Key(buf)
	return clone(buf), key, nil
}

// vp9Format implements RFC 9628. The spatial layers of a picture have one timestamp and become one frame, a superframe. Without it, decoders
// would show only the lowest layer.
type vp9Format struct{ layers []int } // where the layers of the picture begin in the buffer

func (*vp9Format) begins(payload []byte) bool { return payload[0]&0x08 != 0 } // B

func (f *vp9Format) add(buf, payload []byte) ([]byte, error) {
	if len(buf) == 0 && !f.begins(payload) {
		return nil, errMalformed
	}
	var header codecs.VP9Packet
	data, err := header.Unmarshal(payload)
	if err != nil {
		return nil, err
	}
	if len(buf) == 0 {
		f.layers = f.layers[:0]
	}
	if header.B {
		f.layers = append(f.layers, len(buf))
	}
	return append(buf, data...), nil
}

func (f *vp9Format) finish(buf []byte) ([]byte, bool, error) {
	var frames [][]byte
	for i, from := range f.layers {
		to := len(buf)
		if i+1 < len(f.layers) {
			to = f.layers[i+1]
		}
		if from < to {
			frames = append(frames, buf[from:to])
		}
	}
	data := av.VP9Superframe(frames)
	if len(data) == 0 {
		return nil, false, errMalformed
	}
	return clone(data), av.VP9Key(data), nil
}

// opusFormat implements RFC 7587: every packet is a frame. The marker only says that a talk spurt begins.
type opusFormat struct{}

func (opusFormat) begins([]byte) bool { return true }

func (opusFormat) add(buf, payload []byte) ([]byte, error) {
	if _, err := av.OpusDuration(payload); err != nil {
		return nil, err
	}
	return append(buf[:0], payload...), nil
}

func (opusFormat) finish(buf []byte) ([]byte, bool, error) { return clone(buf), false, nil }
