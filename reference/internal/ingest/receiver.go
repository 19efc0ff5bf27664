package ingest

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"reelcheck/reference/internal/av"
)

const (
	// markLag is how far behind real time the mark of a silent kind is: what may still be on its way, in the reorder
	// buffer, or held for the first reports. With markStep and tick it stays under 1.2 s.
	markLag  = 1000 * time.Millisecond
	markStep = 60 * time.Millisecond

	pliInterval = 500 * time.Millisecond

	videoWindow = 2048 // packets
	audioWindow = 256

	// maxPending bounds the media held for a Room or a report that is slow.
	maxPending = 8 << 20
)

// arrival is one RTP packet as it came.
type arrival struct {
	seq     uint16
	stamp   uint32
	marker  bool
	format  uint8 // payload type
	payload []byte
	at      av.Instant
}

// receiver takes a publication's packets to its sink. Its owner serialises all calls; only
// keyFrame may be set by anyone.
type receiver struct {
	log    *slog.Logger
	tracks [2]*track // audio, video; nil when not negotiated
	ntp    ntpClock
	sink   Sink // nil until published
	seen   bool // media arrived
	first  av.Instant
	held   bool // samples wait for reports; see timing.go
	failed bool // the sink's first failure was logged

	keyFrame atomic.Bool // one was asked for from outside
}

// expect makes the tracks that were negotiated.
func (r *receiver) expect(audio, video bool) {
	r.held = true
	if audio {
		r.tracks[0] = &track{}
	}
	if video {
		r.tracks[1] = &track{video: true}
	}
}

// attach begins a new RTP stream of the track of its kind; nil when that was not negotiated.
func (r *receiver) attach(remote *webrtc.TrackRemote, from *webrtc.RTPReceiver) *track {
	t := r.tracks[0]
	if remote.Kind() == webrtc.RTPCodecTypeVideo {
		t = r.tracks[1]
	}
	if t == nil {
		return nil
	}
	formats := map[uint8]negotiated{}
	for _, c := range from.GetParameters().Codecs {
		n := negotiated{codec: codecOf(c.MimeType)}
		for _, feedback := range c.RTCPFeedback {
			n.nack = n.nack || feedback.Type == "nack" && feedback.Parameter == ""
		}
		if n.codec != "" && n.codec.Video() == t.video {
			formats[uint8(c.PayloadType)] = n
		}
	}
	r.restart(t, uint32(remote.SSRC()), formats)
	return t
}

// restart begins a new RTP stream on t: nothing of the old one's numbering holds.
func (r *receiver) restart(t *track, ssrc uint32, formats map[uint8]negotiated) {
	if t.source > 0 {
		t.reorder.flush()
		r.drain(t, t.clock.arrived)
		t.cut = true
	}
	t.source++
	t.ssrc, t.formats, t.format = ssrc, formats, 0
	window := audioWindow
	if t.video {
		window = videoWindow
	}
	t.reorder, t.assemble, t.reports, t.keyed = newReorder(window), nil, nil, false
	t.clock = rtpClock{rate: av.Opus.ClockRate()}
	if t.video {
		t.clock.rate = av.VP8.ClockRate()
	}
}

// receive takes one packet of the source-th stream of t and returns what to tell the publisher.
func (r *receiver) receive(t *track, source int, a arrival) []rtcp.Packet {
	if !r.seen {
		r.seen, r.first = true, a.at
	}
	if source != t.source {
		return nil
	}
	t.reorder.push(a)
	r.drain(t, a.at)
	r.release(a.at)
	return t.feedback(nil, a.at)
}

// report takes a sender report of the source-th stream of t.
func (r *receiver) report(t *track, source int, report *rtcp.SenderReport, at av.Instant) {
	if source != t.source || report.SSRC != t.ssrc || report.NTPTime == 0 {
		return
	}
	ntp := ntpTime(report.NTPTime)
	if !r.ntp.observe(ntp, at) {
		return
	}
	if r.held {
		t.reports = append(t.reports[max(0, len(t.reports)-lastReports+1):], senderReport{ntp, report.RTPTime})
		r.release(at)
		return
	}
	t.clock.report(report.RTPTime, av.Instant(ntp+r.ntp.offset))
}

// begin names the sink; what was held goes there as soon as it can be timed.
func (r *receiver) begin(sink Sink, now av.Instant) {
	r.sink = sink
	r.release(now)
}

// release ends the hold of the first samples when every track has its report, or startHold has passed.
func (r *receiver) release(now av.Instant) {
	if !r.held || r.sink == nil {
		return
	}
	reported := true
	for _, t := range r.tracks {
		reported = reported && (t == nil || len(t.reports) > 0)
	}
	if !reported && now.Sub(r.first) < startHold {
		return
	}
	r.held, r.ntp.settled = false, true
	for _, t := range r.tracks {
		if t == nil {
			continue
		}
		for _, report := range t.reports {
			t.clock.report(report.stamp, av.Instant(report.ntp+r.ntp.offset))
		}
		t.reports = nil
		for _, f := range t.pending {
			r.append(t, f)
		}
		t.pending, t.pendingBytes = nil, 0
	}
}

// drain takes what the reorder buffer lets go through the assembler.
func (r *receiver) drain(t *track, now av.Instant) {
	if t.reorder == nil {
		return
	}
	for p := t.reorder.pop(now); p != nil; p = t.reorder.pop(now) {
		if p.format != t.format {
			r.change(t, p)
		}
		if t.assemble != nil {
			for _, f := range t.assemble.push(p) {
				r.deliver(t, f)
			}
		}
		t.reorder.recycle(p)
	}
}

// change follows a publisher that changes its codec. Packets of formats that carry no media only count.
func (r *receiver) change(t *track, p *packet) {
	n, ok := t.formats[p.format]
	if !ok {
		p.payload = p.payload[:0]
		return
	}
	t.format, t.nack = p.format, n.nack
	if t.assemble == nil || t.codec != n.codec {
		t.codec, t.assemble, t.keyed = n.codec, newAssembler(n.codec), false
	}
}

func (r *receiver) deliver(t *track, f frame) {
	ext := t.clock.frame(f.stamp, f.arrived)
	if t.video && !t.wanted(&f) {
		return
	}
	if t.cut {
		t.cut, f.gap = false, true
	}
	timed := timedFrame{f, t.codec, ext}
	if !r.held {
		r.append(t, timed)
		return
	}
	if t.pendingBytes += len(f.data); t.pendingBytes > maxPending {
		t.pending, t.pendingBytes, t.keyed, t.cut = nil, 0, false, true
		return
	}
	t.pending = append(t.pending, timed)
}

func (r *receiver) append(t *track, f timedFrame) {
	t.last = max(t.clock.instant(f.ext), t.last, t.mark)
	r.check(r.sink.Append(av.Sample{Codec: f.codec, Time: t.last, Key: f.key, Gap: f.gap, Data: f.data}))
}

// check logs the first failure of the sink. Its owner knows too, and decides whether the stream goes on.
func (r *receiver) check(err error) {
	if err != nil && !r.failed {
		r.failed = true
		r.log.Error("media of stream cannot be stored", "error", err)
	}
}

// advance does what is due without packets: reorder deadlines, marks, repeated requests.
func (r *receiver) advance(now av.Instant) []rtcp.Packet {
	for _, t := range r.tracks {
		if t != nil {
			r.drain(t, now)
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
		r.advanceTo(t, max(t.last, now.Add(-markLag)), markStep)
	}
	return feedback
}

// advanceTo gives the sink a mark, unless it is less than step past the last one.
func (r *receiver) advanceTo(t *track, mark av.Instant, step time.Duration) {
	if r.held || mark.Sub(t.mark) < step {
		return
	}
	t.mark = mark
	r.check(r.sink.Advance(t.video, mark))
}

// cutAll makes the next sample of every kind the first of a new segment, which needs a key frame.
func (r *receiver) cutAll(now av.Instant) {
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

// flush delivers what is left, marks the end, and reports whether there is a sink.
func (r *receiver) flush(at av.Instant) bool {
	if r.sink == nil {
		return false
	}
	r.first = at.Add(-startHold)
	for _, t := range r.tracks {
		if t != nil && t.reorder != nil {
			t.reorder.flush()
			r.drain(t, at)
		}
	}
	r.release(at)
	for _, t := range r.tracks {
		if t != nil {
			r.advanceTo(t, max(t.last, at), 0)
		}
	}
	return true
}
