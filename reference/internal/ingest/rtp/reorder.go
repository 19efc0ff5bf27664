package rtp

import (
	"time"

	"reelcheck/reference/internal/av"
)

const (
	// reorderHold is how long a packet waits for a missing one before it. With the delays of capture, network and tick added, a sample still
	// reaches the sink within markLag of its Time.
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
	askAtMost  = 9
	nackAtOnce = 256 // sequence numbers in one request
)

// packet is an RTP packet in the reorder buffer, which owns its payload until recycle.
type packet struct {
	seq     uint16
	stamp   uint32
	marker  bool
	format  uint8
	gap     bool // packets just before this one are lost for good
	arrived av.Instant
	payload []byte
}

type ask struct {
	since, last av.Instant
	tries       int
	lost        bool // was given up; if it still comes, it is late
}

// reorder puts the packets of one RTP stream in order. A packet leaves when all before it have left, or when it has waited for reorderHold. The
// window limits the memory. It is not safe for concurrent use.
type reorder struct {
	slots   []*packet // ring, by extended sequence number
	asks    []ask     // ring, for the holes between next and highest
	next    int64     // extended number of the next packet to release
	highest int64     // highest extended number seen
	held    int       // packets in slots
	started bool
	primed  bool
	first   av.Instant // arrival of the first packet since the start or a reset
	gap     bool       // the next packet released follows a loss
	ready   []*packet  // released ahead of a reset, in order
	stray   *packet    // a packet far outside the window that may begin a new sequence
	asked   av.Instant // last time that packets were requested
	lose    func(Reason, int)
	free    []*packet
}

// newReorder returns a buffer for window packets, a power of two.
func newReorder(window int) *reorder {
	return &reorder{slots: make([]*packet, window), asks: make([]ask, window), lose: func(Reason, int) {}}
}

// push adds a packet and copies its payload.
func (r *reorder) push(a Packet) {
	now := a.At
	if !r.started {
		r.start(int64(a.Seq), now)
	}
	ext := r.highest + int64(int16(a.Seq-uint16(r.highest)))
	window := int64(len(r.slots))
	switch {
	case ext < r.next && !r.primed && r.highest-ext < window:
		r.expect(ext+1, r.next, now)
		r.next = ext
	case ext >= r.next+window || ext < r.next-window:
		r.far(r.packet(a), now)
		return
	case ext < r.next:
		if a := &r.asks[ext&(window-1)]; a.lost {
			a.lost = false
			r.lose(Late, 1)
		}
		return
	}
	if r.slot(ext) != nil {
		return
	}
	r.expect(r.highest+1, ext, now)
	r.put(ext, r.packet(a))
}

func (r *reorder) start(ext int64, now av.Instant) {
	r.started, r.primed, r.first = true, false, now
	r.next, r.highest = ext, ext
	for i := range r.asks {
		r.asks[i].lost = true
	}
}

// expect notes that the packets from..to-1 are missing since now.
func (r *reorder) expect(from, to int64, now av.Instant) {
	for ; from < to; from++ {
		r.asks[from&int64(len(r.asks)-1)] = ask{since: now}
	}
}

func (r *reorder) put(ext int64, p *packet) {
	at := ext & int64(len(r.slots)-1)
	r.slots[at], r.asks[at].lost = p, false
	r.highest = max(r.highest, ext)
	r.held++
}

func (r *reorder) slot(ext int64) *packet { return r.slots[ext&int64(len(r.slots)-1)] }

// far handles a packet outside the window. One such packet proves nothing. A second one near it proves that the sender began a new sequence, or
// that more packets were lost than the window holds.
func (r *reorder) far(p *packet, now av.Instant) {
	old := r.stray
	r.stray = p
	if old == nil {
		return
	}
	distance := int16(p.seq - old.seq)
	if distance == 0 || distance > strayReach || distance < -strayReach {
		if distance != 0 {
			r.lose(Late, 1)
		}
		r.recycle(old)
		return
	}
	r.flush()
	r.stray = nil
	low, high := old, p
	if distance < 0 {
		low, high = p, old
	}
	r.start(int64(low.seq), min(old.arrived, now))
	r.gap, r.primed = true, true
	r.put(int64(low.seq), low)
	end := int64(low.seq) + int64(high.seq-low.seq)
	r.expect(r.next+1, end, now)
	r.put(end, high)
}

// flush makes all held packets ready to leave, in order, without waiting for missing ones.
func (r *reorder) flush() {
	for r.held > 0 {
		r.ready = append(r.ready, r.take())
	}
	if r.started {
		r.started, r.gap = false, true
	}
}

// take removes the first held packet. There must be one.
func (r *reorder) take() *packet {
	at := r.next & int64(len(r.slots)-1)
	for ; r.slots[at] == nil; at = r.next & int64(len(r.slots)-1) {
		r.asks[at].lost = true
		r.next++
		r.gap = true
	}
	p := r.slots[at]
	r.slots[at] = nil
	r.next++
	r.held--
	p.gap, r.gap = r.gap, false
	return p
}

// pop returns the next packet that may leave, nil if there is none yet. The caller must recycle it.
func (r *reorder) pop(now av.Instant) *packet {
	if len(r.ready) > 0 {
		p := r.ready[0]
		r.ready[0] = nil
		r.ready = r.ready[1:]
		return p
	}
	if r.held == 0 {
		return nil
	}
	if !r.primed {
		if now.Sub(r.first) < reorderPrime {
			return nil
		}
		r.primed = true
	}
	head := r.next
	for r.slot(head) == nil {
		head++
	}
	if head != r.next && now.Sub(r.slot(head).arrived) < reorderHold {
		return nil
	}
	return r.take()
}

// missing writes the sequence numbers to request now into buf and returns it.
func (r *reorder) missing(buf []uint16, now av.Instant) []uint16 {
	buf = buf[:0]
	if r.held == 0 || r.highest-r.next+1 == int64(r.held) || now.Sub(r.asked) < askAfter {
		return buf
	}
	r.asked = now
	for ext := r.next; ext < r.highest && len(buf) < nackAtOnce; ext++ {
		if r.slot(ext) != nil {
			continue
		}
		a := &r.asks[ext&int64(len(r.slots)-1)]
		if a.tries >= askAtMost || now.Sub(a.since) < askAfter || (a.tries > 0 && now.Sub(a.last) < askAgain) {
			continue
		}
		a.tries++
		a.last = now
		buf = append(buf, uint16(ext))
	}
	return buf
}

func (r *reorder) packet(a Packet) *packet {
	p := &packet{}
	if n := len(r.free); n > 0 {
		p, r.free = r.free[n-1], r.free[:n-1]
	}
	p.seq, p.stamp, p.marker, p.format, p.gap, p.arrived = a.Seq, a.Stamp, a.Marker, a.Format, false, a.At
	p.payload = append(p.payload[:0], a.Payload...)
	return p
}

// recycle takes a packet back for reuse.
func (r *reorder) recycle(p *packet) {
	if len(r.free) < freePackets {
		r.free = append(r.free, p)
	}
}
