// Package frames makes whole coded frames of the packets of one RTP stream. A [Buffer] puts the packets in order, waits for missing ones and says
// which to request. An [Assembler] joins the packets of a frame. Instants come with packets and calls.
//
//	buffer := frames.NewBuffer(1024, lose)
//	assembler := frames.NewAssembler(av.VP8, lose)
//	buffer.Push(packet)                                       // for each packet
//	for p := buffer.Pop(now); p != nil; p = buffer.Pop(now) { // after each packet, and every 50 ms
//		for _, frame := range assembler.Push(p) {
//			...
//		}
//		buffer.Recycle(p)
//	}
//	request(buffer.Missing(nil, now))
//
// The caller recycles the packets that it pops, and then no longer uses them. When the codec changes, and at the end, it calls Abandon for the
// Assembler and makes a new one.
package frames

import (
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/unrecorded"
)

const (
	// reorderHold is how long a packet waits for a missing one before it. With the delays of capture, network and calls added, it is less than
	// markLag in package rtp.
	reorderHold = 850 * time.Millisecond
	// reorderPrime is how long the first packets wait for packets that were sent before them.
	reorderPrime = 100 * time.Millisecond
	// strayReach is the largest difference between the sequence numbers of two packets, far from the rest, that proves a new sequence (cf.
	// RFC 3550 A.1).
	strayReach = 16
	// freePackets is the maximum number of unused packet buffers that a track keeps.
	freePackets = 64

	askAfter   = 10 * time.Millisecond // time before the first NACK, for packets that are only out of order
	askAgain   = 100 * time.Millisecond
	nackAtOnce = 256 // sequence numbers in one request
)

// MaxRequests is how often a missing packet is requested.
const MaxRequests = 9

// Packet is an RTP packet.
type Packet struct {
	Seq     uint16
	Stamp   uint32
	Marker  bool
	Format  uint8 // payload type
	Gap     bool  // set by Pop: packets just before this one are lost for good
	Payload []byte
	At      av.Instant // arrival
}

type ask struct {
	since, last av.Instant
	tries       int
	lost        bool // was given up; if it still comes, it is late
}

// Buffer puts the packets of one RTP stream in order. A packet leaves when all before it have left, or when it has waited for reorderHold. The
// window limits the memory. It is not safe for concurrent use.
type Buffer struct {
	slots   []*Packet // ring, by extended sequence number
	asks    []ask     // ring, for the holes between next and highest
	next    int64     // extended number of the next packet to release
	highest int64     // highest extended number seen
	held    int       // packets in slots
	started bool
	primed  bool
	first   av.Instant // arrival of the first packet since the start or a reset
	gap     bool       // the next packet released follows a loss
	ready   []*Packet  // released ahead of a reset, in order
	stray   *Packet    // a packet far outside the window that may begin a new sequence
	asked   av.Instant // last time that packets were requested
	lose    func(unrecorded.Reason, int)
	free    []*Packet
}

// NewBuffer returns a buffer for window packets, a power of two. It calls lose for packets that come too late.
func NewBuffer(window int, lose func(unrecorded.Reason, int)) *Buffer {
	return &Buffer{slots: make([]*Packet, window), asks: make([]ask, window), lose: lose}
}

// Push adds a packet and copies its payload.
func (b *Buffer) Push(a Packet) {
	now := a.At
	if !b.started {
		b.start(int64(a.Seq), now)
	}
	ext := b.highest + int64(int16(a.Seq-uint16(b.highest)))
	window := int64(len(b.slots))
	switch {
	case ext < b.next && !b.primed && b.highest-ext < window:
		b.expect(ext+1, b.next, now)
		b.next = ext
	case ext >= b.next+window || ext < b.next-window:
		b.far(b.packet(a), now)
		return
	case ext < b.next:
		if a := &b.asks[ext&(window-1)]; a.lost {
			a.lost = false
			b.lose(unrecorded.Late, 1)
		}
		return
	}
	if b.slot(ext) != nil {
		return
	}
	b.expect(b.highest+1, ext, now)
	b.put(ext, b.packet(a))
}

func (b *Buffer) start(ext int64, now av.Instant) {
	b.started, b.primed, b.first = true, false, now
	b.next, b.highest = ext, ext
	for i := range b.asks {
		b.asks[i].lost = true
	}
}

// expect notes that the packets from..to-1 are missing since now.
func (b *Buffer) expect(from, to int64, now av.Instant) {
	for ; from < to; from++ {
		b.asks[from&int64(len(b.asks)-1)] = ask{since: now}
	}
}

func (b *Buffer) put(ext int64, p *Packet) {
	at := ext & int64(len(b.slots)-1)
	b.slots[at], b.asks[at].lost = p, false
	b.highest = max(b.highest, ext)
	b.held++
}

func (b *Buffer) slot(ext int64) *Packet { return b.slots[ext&int64(len(b.slots)-1)] }

// far handles a packet outside the window. One such packet proves nothing. A second one near it proves that the sender began a new sequence, or
// that more packets were lost than the window holds.
func (b *Buffer) far(p *Packet, now av.Instant) {
	old := b.stray
	b.stray = p
	if old == nil {
		return
	}
	distance := int16(p.Seq - old.Seq)
	if distance == 0 || distance > strayReach || distance < -strayReach {
		if distance != 0 {
			b.lose(unrecorded.Late, 1)
		}
		b.Recycle(old)
		return
	}
	b.Flush()
	b.stray = nil
	low, high := old, p
	if distance < 0 {
		low, high = p, old
	}
	b.start(int64(low.Seq), min(old.At, now))
	b.gap, b.primed = true, true
	b.put(int64(low.Seq), low)
	end := int64(low.Seq) + int64(high.Seq-low.Seq)
	b.expect(b.next+1, end, now)
	b.put(end, high)
}

// Flush makes all held packets ready to leave, in order, without waiting for missing ones.
func (b *Buffer) Flush() {
	for b.held > 0 {
		b.ready = append(b.ready, b.take())
	}
	if b.started {
		b.started, b.gap = false, true
	}
}

// take removes the first held packet. There must be one.
func (b *Buffer) take() *Packet {
	at := b.next & int64(len(b.slots)-1)
	for ; b.slots[at] == nil; at = b.next & int64(len(b.slots)-1) {
		b.asks[at].lost = true
		b.next++
		b.gap = true
	}
	p := b.slots[at]
	b.slots[at] = nil
	b.next++
	b.held--
	p.Gap, b.gap = b.gap, false
	return p
}

// Pop returns the next packet that may leave, nil if there is none yet. It is valid until it is recycled.
func (b *Buffer) Pop(now av.Instant) *Packet {
	if len(b.ready) > 0 {
		p := b.ready[0]
		b.ready[0] = nil
		b.ready = b.ready[1:]
		return p
	}
	if b.held == 0 {
		return nil
	}
	if !b.primed {
		if now.Sub(b.first) < reorderPrime {
			return nil
		}
		b.primed = true
	}
	head := b.next
	for b.slot(head) == nil {
		head++
	}
	if head != b.next && now.Sub(b.slot(head).At) < reorderHold {
		return nil
	}
	return b.take()
}

// Missing writes the sequence numbers to request now into buf and returns it.
func (b *Buffer) Missing(buf []uint16, now av.Instant) []uint16 {
	buf = buf[:0]
	if b.held == 0 || b.highest-b.next+1 == int64(b.held) || now.Sub(b.asked) < askAfter {
		return buf
	}
	b.asked = now
	for ext := b.next; ext < b.highest && len(buf) < nackAtOnce; ext++ {
		if b.slot(ext) != nil {
			continue
		}
		a := &b.asks[ext&int64(len(b.slots)-1)]
		if a.tries >= MaxRequests || now.Sub(a.since) < askAfter || (a.tries > 0 && now.Sub(a.last) < askAgain) {
			continue
		}
		a.tries++
		a.last = now
		buf = append(buf, uint16(ext))
	}
	return buf
}

func (b *Buffer) packet(a Packet) *Packet {
	var p *Packet
	if n := len(b.free); n > 0 {
		p, b.free = b.free[n-1], b.free[:n-1]
	} else {
		p = new(Packet)
	}
	payload := append(p.Payload[:0], a.Payload...)
	*p = a
	p.Payload, p.Gap = payload, false
	return p
}

// Recycle takes a packet back for reuse.
func (b *Buffer) Recycle(p *Packet) {
	if len(b.free) < freePackets {
		b.free = append(b.free, p)
	}
}
