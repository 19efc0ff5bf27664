package ingest

import (
	"encoding/binary"
	"time"

	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/rtp"
	"reelcheck/reference/internal/ingest/rtp/frames"
	"reelcheck/reference/internal/ingest/unrecorded"
)

const (
	// layerSilence is how long the recorded layer may be silent while another one sends. This plus one round trip to the publisher is less than
	// the silence after which a stream leaves the picture (decision 17).
	layerSilence = time.Second
	// layerSettle is the least time between two changes of the recorded layer, after the first few. Each change costs a new reorder buffer.
	layerSettle = 500 * time.Millisecond
	// layerAsk is the time between two requests for a key frame of a layer.
	layerAsk = 500 * time.Millisecond
)

// layers decides which encoding of a simulcast publisher is recorded: the one with the largest pictures that arrives. Only key frames say how
// large they are. The order in an offer is a preference (RFC 8853 section 5.1), and many pages put the smallest first. The recording of a layer
// begins with a key frame of that layer. Calls must not overlap.
type layers struct {
	all      []*layer // in the order of the offer
	recorded *layer   // nil before the first key frame
	changed  av.Instant
	changes  int
	streams  map[uint32]*layer // by SSRC, because senders stop naming a layer once they know that they were heard
	ssrc     uint32            // of source
	source   *rtp.Source       // the RTP stream that is recorded
}

// layer is one encoding, over all RTP streams that carry it in turn.
type layer struct {
	rid    string
	ssrc   uint32 // of the newest RTP stream with media; packets of older ones are ignored
	known  bool   // a key frame has come
	pixels int    // of the newest key frame that says its size
	last   av.Instant
	came   bool
	asked  av.Instant // last request for a key frame
}

func newLayers(rids []string) *layers {
	l := &layers{streams: map[uint32]*layer{}}
	for _, rid := range rids {
		l.all = append(l.all, &layer{rid: rid})
	}
	return l
}

// name returns the layer of an RTP stream, nil if it is unknown. A stream that repeats packets carries no media of its own.
func (l *layers) name(ssrc uint32, rid string, repeats bool) *layer {
	if of := l.streams[ssrc]; of != nil {
		return of
	}
	for _, of := range l.all {
		if of.rid == rid {
			l.streams[ssrc] = of
			if !repeats {
				of.ssrc = ssrc
			}
			return of
		}
	}
	return nil
}

// see notes a packet with media. key says that it begins a key frame, of this many pixels. see reports whether the layer is recorded.
func (l *layers) see(of *layer, key bool, pixels int, at av.Instant) bool {
	of.last, of.came = at, true
	if key {
		of.known = true
		if pixels > 0 {
			of.pixels = pixels
		}
	}
	if of != l.recorded && key && l.better(of, at) {
		l.recorded, l.changed = of, at
		l.changes++
	}
	return of == l.recorded
}

// better reports whether of should be recorded instead of the present layer.
func (l *layers) better(of *layer, at av.Instant) bool {
	switch {
	case l.recorded == nil:
		return true
	case l.changes > len(l.all) && at.Sub(l.changed) < layerSettle:
		return false
	}
	return !l.recorded.live(at) || of.pixels > l.recorded.pixels
}

func (of *layer) live(at av.Instant) bool { return of.came && at.Sub(of.last) < layerSilence }

// missing returns the RTP streams from which a key frame is needed now, to record them or to learn their size.
func (l *layers) missing(now av.Instant) (ssrcs []uint32) {
	var best *layer // the layer to record next
	for _, of := range l.all {
		if of != l.recorded && of.live(now) && (best == nil || of.pixels > best.pixels) {
			best = of
		}
	}
	for _, of := range l.all {
		needed := !of.known || l.recorded == nil || of == best && !l.recorded.live(now) || of.pixels > l.recorded.pixels
		if of == l.recorded || !of.live(now) || !needed || now.Sub(of.asked) < layerAsk {
			continue
		}
		of.asked = now
		ssrcs = append(ssrcs, of.ssrc)
	}
	return ssrcs
}

// takeLayer records a packet of simulcast video if its layer is the recorded one. It needs p.mu.
func (p *publication) takeLayer(s *stream, header *pionrtp.Header, packet frames.Packet) []rtcp.Packet {
	offered := p.simulcast
	original, repeats := s.repairs[packet.Format]
	id := offered.Extension
	if repeats {
		id = offered.RepairExtension
	}
	of := p.layers.name(header.SSRC, string(header.GetExtension(uint8(id))), repeats)
	switch {
	case repeats && (of == nil || of != p.layers.recorded || of.ssrc != p.layers.ssrc || len(packet.Payload) < 2):
		return nil // it was not requested
	case repeats: // RFC 4588 section 4
		packet.Seq, packet.Format, packet.Payload = binary.BigEndian.Uint16(packet.Payload), original, packet.Payload[2:]
		return p.receiver.Receive(p.layers.source, packet)
	case of == nil:
		p.unrecorded(unrecorded.Unnegotiated, 1, "ssrc", header.SSRC)
		return nil
	case of.ssrc != header.SSRC:
		p.unrecorded(unrecorded.Superseded, 1)
		return nil
	}
	recorded := of == p.layers.recorded
	if len(packet.Payload) > 0 { // padding does not mean that the layer is live
		pixels, key := frames.KeyFrame(s.formats[packet.Format].Codec, packet.Payload)
		recorded = p.layers.see(of, key, pixels, packet.At)
	}
	if !recorded {
		p.unrecorded(unrecorded.Layer, 1)
		return nil
	}
	if p.layers.source == nil || p.layers.ssrc != of.ssrc {
		p.log.Info("recording simulcast encoding", "rid", of.rid, "pixels", of.pixels)
		p.layers.ssrc, p.layers.source = of.ssrc, p.receiver.Attach(true, of.ssrc, s.formats)
	}
	return p.receiver.Receive(p.layers.source, packet)
}

// sourceOf returns the source to which a stream's reports belong. It needs p.mu.
func (p *publication) sourceOf(s *stream) *rtp.Source {
	if s.source == nil && p.layers != nil {
		return p.layers.source
	}
	return s.source
}
