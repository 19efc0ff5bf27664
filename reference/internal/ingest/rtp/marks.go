package rtp

import (
	"time"

	"github.com/pion/rtcp"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/unrecorded"
)

// Advance does the work that is due without packets: reorder deadlines, marks, repeated requests. It returns what to send to the publisher.
func (r *Receiver) Advance(now av.Instant) []rtcp.Packet {
	for _, t := range r.tracks {
		if t != nil {
			r.drain(t, now)
			r.flush(t, now, false)
		}
	}
	r.release(now)
	if video := r.tracks[1]; video != nil && r.keyFrame.Swap(false) {
		video.need(now)
	}
	var feedback []rtcp.Packet
	for _, t := range r.tracks {
		if t == nil {
			continue
		}
		feedback = t.feedback(feedback, now)
		r.advanceTo(t, r.marked(t, now), markStep)
	}
	return feedback
}

// hear notes that a packet or report of the publisher arrived.
func (r *Receiver) hear(at av.Instant) {
	if at.Sub(r.heard) > silence {
		r.silent, r.back = r.heard, at
	}
	r.heard = at
}

// marked returns the instant up to which all media of a track has come. While nothing comes from a publisher, the network may hold its media up,
// and afterwards the media of one track may come later than that of the other.
func (r *Receiver) marked(t *track, now av.Instant) av.Instant {
	mark := now.Add(-markLag)
	if now.Sub(r.heard) < patience {
		mark = min(mark, r.heard)
	}
	if t.came < r.back && now.Sub(r.back) < silence {
		mark = min(mark, r.silent)
	}
	if len(t.pending) > 0 {
		mark = min(mark, t.clock.origin().Add(av.Duration(t.pending[0].ext, t.clock.rate)-t.order.depth))
	}
	return max(t.last, mark)
}

// advanceTo passes a mark to the sink if it is at least step later than the last one.
func (r *Receiver) advanceTo(t *track, mark av.Instant, step time.Duration) {
	if r.held || mark.Sub(t.mark) < step {
		return
	}
	t.mark = mark
	r.check(r.sink.Advance(t.video, mark))
}

// Cut makes the next sample of each kind the first one after a reconnection, and asks for a key frame. It delivers what was held. A second Cut
// without a packet in between does nothing.
func (r *Receiver) Cut(now av.Instant) {
	if !r.fresh {
		return
	}
	r.fresh = false
	for _, t := range r.tracks {
		if t != nil && t.reorder != nil {
			t.reorder.Flush()
			r.drain(t, now)
		}
	}
	r.cuts = min(r.cuts+1, maxCuts)
	for _, t := range r.tracks {
		if t == nil || t.reorder == nil {
			continue
		}
		t.cut = true
		if t.video {
			t.need(now)
		}
	}
}

// Flush delivers everything that is held and marks the end. It reports whether there is a sink.
func (r *Receiver) Flush(at av.Instant) bool {
	if r.sink == nil {
		for _, t := range r.tracks {
			if t != nil {
				r.losePending(t, unrecorded.Refused)
			}
		}
		return false
	}
	r.first = at.Add(-startHold)
	for _, t := range r.tracks {
		if t != nil && t.reorder != nil {
			t.reorder.Flush()
			r.drain(t, at)
			t.assemble.Abandon()
		}
	}
	r.release(at)
	for _, t := range r.tracks {
		if t != nil {
			r.flush(t, at, true)
			r.advanceTo(t, max(t.last, at), 0)
		}
	}
	return true
}
