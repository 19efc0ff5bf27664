// Package rtp turns the RTP packets of one publication into whole coded samples, in order and with times of the media clock. Package frames puts
// packets in order, waits at most a second for missing ones and makes whole frames. A clock gives each frame its time (see timing.go).
//
//	r := &rtp.Receiver{Log: log}
//	r.Expect(true, true)                      // audio and video were negotiated
//	source := r.Attach(true, ssrc, formats)   // for each RTP stream
//	feedback := r.Receive(source, packet)     // for each packet; send the feedback to the publisher
//	feedback = r.Advance(now)                 // every 50 ms
//	r.Begin(sink, now)                        // when the sink is known
//	r.Flush(now)                              // at the end
//
// The caller must not call methods concurrently, except RequestKeyFrame. It passes sender reports to [Receiver.Report] and calls [Receiver.Cut]
// when the connection was lost. Until Begin, the Receiver holds a limited amount of media.
package rtp

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/rtp/frames"
	"reelcheck/reference/internal/ingest/unrecorded"
)

const (
	// markLag is how far the mark of a silent kind is behind real time, because media may be on its way or in the reorder buffer. With markStep
	// and tick added, it stays under 1.2 s. There are no marks while samples are held for the first reports.
	markLag  = 1000 * time.Millisecond
	markStep = 60 * time.Millisecond

	// silence is how long a publisher must be silent before its next media counts as possibly held up by the network.
	silence = 500 * time.Millisecond

	lastReports = 8 // reports of a track that are kept while samples are held

	pliInterval = 500 * time.Millisecond

	videoWindow = 2048 // packets
	audioWindow = 256

	// maxPending is the maximum size in bytes of media held for a slow Room or report.
	maxPending = 8 << 20
)

// Format says what a payload type carries, and whether the sender repeats packets on request.
type Format struct {
	Codec av.Codec
	NACK  bool
}

// Sink receives the media of one stream. Calls do not overlap.
type Sink interface {
	// Append adds a sample. The Time of samples of one kind never decreases.
	Append(av.Sample) error
	// Report says that the timestamp stamp of this kind (see [av.Origin]) was captured at captured. It comes after samples whose capture time
	// was guessed.
	Report(video bool, stamp int64, captured av.Instant) error
	// Advance says that nothing of this kind before t will follow. From 2 s after the first packet on, t grows with real time, at most 1.2 s
	// behind it. It is up to 4.2 s behind while nothing comes from the publisher, or what comes is late, because the network may hold media up.
	Advance(video bool, t av.Instant) error
}

// Limits for reconnections and changes of codec. A publisher decides how many there are, and each begins a new file (ARC-IND-06, ARC-IND-30).
const (
	maxCuts    = 1000 // after that, everything is recorded as one segment
	maxChanges = 100
)

// Receiver turns a publication's packets into samples for its sink. Calls must not overlap, except RequestKeyFrame.
type Receiver struct {
	Log *slog.Logger
	// Unrecorded, if set, is called with the number of packets that are not recorded, and the reason. Any method may call it. It must not block.
	Unrecorded func(unrecorded.Reason, int)
	// Declared holds the H.264 parameter sets that the offer declares, by payload type.
	Declared map[uint8][][]byte

	tracks [2]*track // audio, video; nil when not negotiated
	ntp    ntpClock
	fine   bool // the NTP clock has fractions of a second
	sink   Sink // nil until published
	seen   bool // media has arrived
	fresh  bool // media has arrived since the last cut
	cuts   uint16
	first  av.Instant
	heard  av.Instant // arrival of the newest packet or report
	silent av.Instant // when the last silence of the publisher began
	back   av.Instant // when it ended
	held   bool       // samples wait for reports; see timing.go
	failed bool       // the sink's first failure was logged

	keyFrame atomic.Bool // requested by the caller
}

// Expect creates the negotiated tracks.
func (r *Receiver) Expect(audio, video bool) {
	r.held = true
	if audio {
		r.tracks[0] = &track{}
	}
	if video {
		r.tracks[1] = &track{video: true}
	}
}

// Source is one RTP stream. Only the newest one of its kind counts; packets of older ones are ignored.
type Source struct {
	track  *track
	number int
}

// Attach begins a new RTP stream for the track of its kind. It returns nil if that kind was not negotiated.
func (r *Receiver) Attach(video bool, ssrc uint32, formats map[uint8]Format) *Source {
	t := r.tracks[0]
	if video {
		t = r.tracks[1]
	}
	if t == nil {
		return nil
	}
	r.restart(t, ssrc, formats)
	return &Source{t, t.source}
}

// RequestKeyFrame makes the next Advance ask the publisher for a key frame. It may be called from any goroutine.
func (r *Receiver) RequestKeyFrame() { r.keyFrame.Store(true) }

// AskAgain makes the next Advance repeat the request for a key frame that is still needed, even if the last request was a moment ago.
func (r *Receiver) AskAgain() {
	if video := r.tracks[1]; video != nil {
		video.asked = 0
	}
}

// restart begins a new RTP stream on t, whose sequence numbers and timestamps begin anew.
func (r *Receiver) restart(t *track, ssrc uint32, formats map[uint8]Format) {
	if t.source > 0 {
		t.reorder.Flush()
		r.drain(t, t.clock.arrived)
		t.assemble.Abandon()
		r.flush(t, t.clock.arrived, true)
		t.cut = true
	} else {
		t.clock.rate = av.Opus.ClockRate()
		if t.video {
			t.clock.rate = av.VP8.ClockRate()
		}
		t.clock.ntp = &r.ntp
	}
	t.clock.anew = t.clock.started
	t.source++
	t.ssrc, t.formats, t.format = ssrc, formats, 0
	window := audioWindow
	if t.video {
		window = videoWindow
	}
	t.reorder, t.assemble, t.reports, t.keyed = frames.NewBuffer(window, r.lose), nil, nil, false
}

// Receive handles one packet and returns what to send to the publisher. It copies the payload.
func (r *Receiver) Receive(s *Source, p frames.Packet) []rtcp.Packet {
	if !r.seen {
		r.seen, r.first = true, p.At
	}
	t := s.track
	if s.number != t.source {
		r.lose(unrecorded.Superseded, 1)
		return nil
	}
	r.fresh, t.came = true, p.At
	r.hear(p.At)
	t.reorder.Push(p)
	r.drain(t, p.At)
	r.release(p.At)
	return t.feedback(nil, p.At)
}

// Begin sets the sink. Held media goes there as soon as it has its time.
func (r *Receiver) Begin(sink Sink, now av.Instant) {
	r.sink = sink
	r.release(now)
}

// flush delivers the held media of a track, unless it must still be held. end says that nothing will follow.
func (r *Receiver) flush(t *track, now av.Instant, end bool) {
	if stood := t.clock.decide(now, r.other(t), end); stood != 0 {
		for i := range t.pending[min(t.certain, len(t.pending)):] {
			t.pending[t.certain+i].ext += stood
		}
	}
	if r.held || t.clock.doubt != nil || len(t.pending) == 0 {
		return
	}
	t.order.look(t.pending, t.clock.rate)
	for _, f := range t.pending {
		r.append(t, f)
	}
	clear(t.pending) // otherwise the reused memory would keep delivered media alive
	t.pending, t.pendingBytes = t.pending[:0], 0
}

// other returns the clock of the other track, nil if there is none.
func (r *Receiver) other(t *track) *rtpClock {
	for _, o := range r.tracks {
		if o != nil && o != t {
			return &o.clock
		}
	}
	return nil
}

// drain passes packets that may leave the reorder buffer to the assembler.
func (r *Receiver) drain(t *track, now av.Instant) {
	if t.reorder == nil {
		return
	}
	for p := t.reorder.Pop(now); p != nil; p = t.reorder.Pop(now) {
		if p.Format != t.format {
			r.change(t, p)
		}
		if t.assemble != nil {
			for _, f := range t.assemble.Push(p) {
				r.deliver(t, f)
			}
		}
		t.reorder.Recycle(p)
	}
}

// change handles a change of payload type. Packets that carry no media, or another codec after maxChanges, only count for the order.
func (r *Receiver) change(t *track, p *frames.Packet) {
	n, ok := t.formats[p.Format]
	reason := unrecorded.Unnegotiated
	if ok && t.changes > maxChanges && t.codec != n.Codec {
		ok, reason = false, unrecorded.Codecs
	}
	if !ok {
		if len(p.Payload) > 0 {
			r.lose(reason, 1)
		}
		p.Payload = p.Payload[:0]
		return
	}
	t.format, t.nack = p.Format, n.NACK
	if t.assemble != nil && t.codec == n.Codec {
		t.assemble.Declare(r.Declared[p.Format])
		return
	}
	t.assemble.Abandon()
	t.codec, t.assemble, t.keyed = n.Codec, frames.NewAssembler(n.Codec, r.lose), false
	t.assemble.Declare(r.Declared[p.Format])
	if t.changes++; t.changes > maxChanges {
		r.Log.Warn("publisher changes its codec too often: only the last one is recorded from now on", "changes", maxChanges, "codec", t.codec)
	}
}

func (r *Receiver) deliver(t *track, f frames.Frame) {
	certain := t.clock.doubt == nil
	guessed := !t.clock.reported.set
	ext := t.clock.frame(f.Stamp, f.Arrived)
	if guessed && t.clock.reported.set { // the trial of a report has succeeded
		r.revise(t)
	}
	if certain {
		t.certain = len(t.pending)
	}
	defer r.flush(t, f.Arrived, false)
	if t.video && !t.wanted(&f) {
		r.lose(unrecorded.KeyFrames, f.Packets)
		return
	}
	if t.cut {
		t.cut, f.Gap = false, true
	}
	if t.pendingBytes += len(f.Data); t.pendingBytes > maxPending {
		r.losePending(t, unrecorded.Overflow)
		r.lose(unrecorded.Overflow, f.Packets)
		t.certain, t.keyed, t.cut = 0, false, true
		return
	}
	t.pending = append(t.pending, timedFrame{f, t.codec, ext, r.cuts})
}

func (r *Receiver) append(t *track, f timedFrame) {
	captured := t.clock.capture(f.ext)
	t.order.see(f.ext, t.clock.rate)
	t.last = max(captured.Add(-t.order.depth), t.last, t.mark)
	if f.Key && t.last >= t.since {
		t.asking = false
	}
	origin := av.Origin{Captured: captured, Guessed: !t.clock.reported.set, Stamp: f.ext, Reconnects: f.cuts}
	err := r.sink.Append(av.Sample{Codec: f.codec, Time: t.last, Key: f.Key, Gap: f.Gap, Origin: origin, Data: f.Data})
	if err != nil {
		r.lose(unrecorded.Storage, f.Packets)
	}
	r.check(err)
}

// check logs the first error of the sink. Its owner knows of the error and decides whether the stream goes on.
func (r *Receiver) check(err error) {
	if err != nil && !r.failed {
		r.failed = true
		r.Log.Error("stream media not stored", "error", err)
	}
}
