package rtp

import (
	"time"

	"github.com/pion/rtcp"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/rtp/frames"
)

// track is one kind of media of a publication, over all RTP streams that carry it in turn.
type track struct {
	video    bool
	source   int // number of the RTP stream; packets of older ones are ignored
	ssrc     uint32
	formats  map[uint8]Format
	format   uint8 // payload type of the assembler's packets
	codec    av.Codec
	changes  int // number of changes of codec
	nack     bool
	reorder  *frames.Buffer
	assemble *frames.Assembler
	clock    rtpClock
	came     av.Instant     // arrival of the newest packet
	reports  []senderReport // the newest ones, while no track uses any

	keyed  bool       // a key frame was delivered since the stream began
	cut    bool       // the next sample begins a new segment
	asking bool       // a key frame is needed
	since  av.Instant // least time of the key frame
	asked  av.Instant // last request

	order        order
	pending      []timedFrame
	certain      int // number of pending frames from before the doubt
	pendingBytes int
	last         av.Instant // Time of the newest sample
	mark         av.Instant // newest mark
	missing      []uint16   // scratch
	doubted      bool       // it was logged that a report is not believed
}

type senderReport struct {
	ntp     time.Duration
	stamp   uint32
	arrived av.Instant
}

type timedFrame struct {
	frames.Frame
	codec av.Codec
	ext   int64
	cuts  uint16 // reconnections before this frame
}

// wanted reports whether a frame can be decoded: frames before the first key frame cannot. It notes when a key frame is needed.
func (t *track) wanted(f *frames.Frame) bool {
	switch {
	case f.Key:
		t.keyed = true
		if t.since == 0 { // otherwise its time decides
			t.asking = false
		}
	case !t.keyed:
		t.need(0)
	case f.Gap:
		t.need(0)
	}
	return t.keyed
}

// need asks for a key frame of a time at or after since; 0 means any. One that was captured before the request and comes after it is no use
// to an archive that begins with the request.
func (t *track) need(since av.Instant) {
	if t.asking {
		t.since = max(t.since, since)
		return
	}
	t.asking, t.since = true, since
}

// feedback appends the requests for the publisher: missing packets, a key frame.
func (t *track) feedback(out []rtcp.Packet, now av.Instant) []rtcp.Packet {
	if t.reorder == nil {
		return out
	}
	if t.nack {
		if t.missing = t.reorder.Missing(t.missing, now); len(t.missing) > 0 {
			out = append(out, &rtcp.TransportLayerNack{
				MediaSSRC: t.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(t.missing),
			})
		}
	}
	if t.asking && now.Sub(t.asked) >= pliInterval {
		t.asked = now
		out = append(out, &rtcp.PictureLossIndication{MediaSSRC: t.ssrc})
	}
	return out
}
