package frames

import (
	"errors"

	"github.com/pion/rtp/codecs"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/unrecorded"
)

// MaxSize is the maximum size of a coded frame in bytes. A larger one is dropped as lost.
const MaxSize = 4 << 20

// Frame is one whole coded frame with the RTP timestamp it was sent under.
type Frame struct {
	Data    []byte
	Stamp   uint32
	Arrived av.Instant // arrival of its first packet
	Key     bool
	Gap     bool // something was dropped before it
	Packets int  // of which it was made
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

// Assembler turns packets in order into whole frames. It drops a frame if a packet of it is missing or malformed, and sets Gap in the next whole
// frame. It is not safe for concurrent use.
type Assembler struct {
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
	lose    func(unrecorded.Reason, int)
	out     []Frame
}

// NewAssembler returns an assembler for one codec. It calls lose with the number of packets that it drops, and the reason.
func NewAssembler(codec av.Codec, lose func(unrecorded.Reason, int)) *Assembler {
	a := &Assembler{unsure: true, lose: lose}
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

// Declare adds H.264 parameter sets that do not come in the stream. Other codecs ignore them.
func (a *Assembler) Declare(sets [][]byte) {
	if f, ok := a.format.(*h264Format); ok {
		f.declare(sets)
	}
}

// Abandon gives up an incomplete frame, because no more packets will come. The Assembler may be nil.
func (a *Assembler) Abandon() {
	if a != nil && a.open {
		a.drop(unrecorded.Incomplete, a.packets)
	}
}

// Push returns the frames that p completes: none, one, or two if p also shows that the frame before it has ended. The slice is valid until the
// next Push; the frames' data stays valid. Push keeps nothing of p.
func (a *Assembler) Push(p *Packet) []Frame {
	clear(a.out)
	a.out = a.out[:0]
	if p.Gap {
		if a.open {
			a.lose(unrecorded.Incomplete, a.packets)
		}
		a.lost, a.unsure = true, true
		a.dead, a.open = a.dead || a.open, false
	}
	if len(p.Payload) == 0 { // padding; only its sequence number counts
		return nil
	}
	if p.Stamp != a.stamp {
		if a.open {
			a.complete()
		}
		a.dead = false
	}
	if a.dead {
		a.lose(unrecorded.Incomplete, 1)
		return a.out
	}
	if !a.open && !a.begin(p) {
		return a.out
	}
	a.packets++
	buf, err := a.format.add(a.buf, p.Payload)
	switch {
	case err != nil:
		a.drop(unrecorded.Malformed, a.packets)
		return a.out
	case len(buf) > MaxSize:
		a.drop(unrecorded.Overflow, a.packets)
		return a.out
	}
	a.buf = buf
	if p.Marker || a.whole {
		a.complete()
	}
	return a.out
}

func (a *Assembler) begin(p *Packet) bool {
	a.stamp, a.arrived = p.Stamp, p.At
	if a.unsure && !a.format.begins(p.Payload) {
		a.drop(unrecorded.Incomplete, 1)
		return false
	}
	a.open, a.unsure = true, false
	a.buf, a.packets = a.buf[:0], 0
	return true
}

func (a *Assembler) drop(why unrecorded.Reason, packets int) {
	a.open, a.dead, a.lost, a.unsure = false, true, true, true
	a.lose(why, packets)
}

func (a *Assembler) complete() {
	a.open = false
	data, key, err := a.format.finish(a.buf)
	if cap(a.buf) > MaxSize/8 { // one huge frame must not keep its buffer alive
		a.buf = nil
	}
	if err != nil {
		a.lost = true
		if errors.Is(err, errNoSets) {
			a.lose(unrecorded.Parameters, a.packets)
		} else {
			a.lose(unrecorded.Malformed, a.packets)
		}
		return
	}
	if data == nil {
		return
	}
	a.out = append(a.out, Frame{Data: data, Stamp: a.stamp, Arrived: a.arrived, Key: key, Gap: a.lost, Packets: a.packets})
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
