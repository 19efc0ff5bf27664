package whiptest

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
)

const packetSize = 1200

// track is a fixture that is sent in a loop. The send loop owns it.
type track struct {
	codec      webrtc.RTPCodecParameters
	ticks      int // length of a unit in ticks of the RTP clock
	units      [][]byte
	order      []int // for each unit the number with which it is shown; nil = the order of sending
	next       int   // unit to send
	base       int   // number of the unit that was the first of units
	local      *webrtc.TrackLocalStaticRTP
	sender     *webrtc.RTPSender
	packetizer rtp.Packetizer
	payloader  rtp.Payloader
	sequencer  rtp.Sequencer
	stamp      uint32 // of the last unit sent
	muted      atomic.Bool

	then     *track      // replaces the track after Switch
	switched atomic.Bool // Switch was called
}

// asIs is a payloader for units that are payloads already.
type asIs struct{}

func (asIs) Payload(_ uint16, unit []byte) [][]byte { return [][]byte{unit} }

func newTrack(codec string, ticks int) *track {
	feedback := []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}}
	c := webrtc.RTPCodecParameters{PayloadType: 96, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: "video/" + codec, ClockRate: 90000, RTCPFeedback: feedback}}
	var payloader rtp.Payloader = &codecs.VP8Payloader{EnablePictureID: true}
	switch codec {
	case "VP9":
		c.SDPFmtpLine, payloader = "profile-id=0", &codecs.VP9Payloader{}
	case "H264":
		c.SDPFmtpLine = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
		payloader = &codecs.H264Payloader{}
	case "Opus":
		c = webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1",
			RTCPFeedback: feedback[:1]}}
		payloader = &codecs.OpusPayloader{}
	}
	t := &track{codec: c, ticks: ticks, payloader: payloader, sequencer: rtp.NewRandomSequencer()}
	t.packetizer = t.packets(payloader, rand.Uint32())
	return t
}

// packets returns a packetizer whose first timestamp is stamp.
func (t *track) packets(payloader rtp.Payloader, stamp uint32) rtp.Packetizer {
	return rtp.NewPacketizerWithOptions(packetSize, payloader, t.sequencer, t.codec.ClockRate, rtp.WithTimestamp(stamp))
}

func (t *track) kind() webrtc.RTPCodecType {
	if t.codec.ClockRate == 48000 {
		return webrtc.RTPCodecTypeAudio
	}
	return webrtc.RTPCodecTypeVideo
}

func (t *track) add(pc *webrtc.PeerConnection) (*webrtc.RTPSender, error) {
	var err error
	if t.local, err = webrtc.NewTrackLocalStaticRTP(t.codec.RTPCodecCapability, t.kind().String(), "stream"); err != nil {
		return nil, err
	}
	transceiver, err := pc.AddTransceiverFromTrack(t.local, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return nil, err
	}
	t.sender = transceiver.Sender()
	return t.sender, nil
}

// change switches to the other fixture, from its beginning, on the same RTP stream.
func (t *track) change() (err error) {
	then := t.then
	t.then, t.codec, t.units, t.base = nil, then.codec, then.units, t.next
	t.packetizer = t.packets(then.payloader, t.stamp+uint32(t.ticks))
	if t.local, err = webrtc.NewTrackLocalStaticRTP(t.codec.RTPCodecCapability, t.kind().String(), "stream"); err != nil {
		return err
	}
	return t.sender.ReplaceTrack(t.local)
}

// due returns when to send the next unit, counted from the beginning.
func (t *track) due() time.Duration {
	return time.Duration(t.next*t.ticks) * time.Second / time.Duration(t.codec.ClockRate)
}

func (t *track) sendUnit() error {
	if t.muted.Load() {
		t.packetizer.SkipSamples(uint32(t.ticks))
		t.next++
		return nil
	}
	if t.then != nil && t.switched.Load() {
		if err := t.change(); err != nil {
			return err
		}
	}
	for _, packet := range t.packetizer.Packetize(t.units[(t.next-t.base)%len(t.units)], uint32(t.ticks)) {
		t.stamp = packet.Timestamp
		packet.Timestamp += t.reordered()
		if err := t.local.WriteRTP(packet); err != nil {
			return err
		}
	}
	t.next++
	return nil
}

// reordered returns how many ticks later than in the order of sending the next unit is shown.
func (t *track) reordered() uint32 {
	if t.order == nil {
		return 0
	}
	n := (t.next - t.base) % len(t.units)
	return uint32((t.order[n] - n) * t.ticks)
}

// over reports whether there is nothing left to send.
func (t *track) over() bool { return t.next >= len(t.units) }

// send sends all tracks by one clock. It ends without an error when it cannot send any more, because the server may have gone on purpose.
func (p *Publisher) send() {
	defer close(p.done)
	begin := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	left := slices.Clone(p.tracks)
	for {
		if p.options.Once {
			left = slices.DeleteFunc(left, (*track).over)
		}
		if len(left) == 0 {
			return
		}
		t := slices.MinFunc(left, func(a, b *track) int { return int(a.due() - b.due()) })
		timer.Reset(t.due() - time.Since(begin))
		select {
		case <-p.quit:
			return
		case <-timer.C:
		}
		if err := t.sendUnit(); err != nil {
			return
		}
		if t == p.tracks[0] {
			p.count(t.next)
		}
	}
}

func (p *Publisher) count(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = n
	for want, reached := range p.waiting {
		if want <= n {
			close(reached)
			delete(p.waiting, want)
		}
	}
}

// Mute stops sending video, or resumes it, as browsers do when a track is replaced by none. Time goes on meanwhile.
func (p *Publisher) Mute(on bool) {
	for _, t := range p.tracks {
		if t.kind() == webrtc.RTPCodecTypeVideo {
			t.muted.Store(on)
		}
	}
}

// Switch replaces the video by Options.Then.
func (p *Publisher) Switch() { p.tracks[0].switched.Store(true) }

// Sent returns the number of video frames, or of Opus packets if there is no video, that were due.
func (p *Publisher) Sent() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent
}

// AwaitSent waits until n video frames, or n Opus packets if there is no video, were sent.
func (p *Publisher) AwaitSent(n int) {
	p.tb.Helper()
	p.mu.Lock()
	reached := p.waiting[n]
	switch {
	case p.sent >= n:
		p.mu.Unlock()
		return
	case reached == nil:
		reached = make(chan struct{})
		p.waiting[n] = reached
	}
	t := p.tracks[0]
	within := behind + time.Duration((n-p.sent)*t.ticks)*time.Second/time.Duration(t.codec.ClockRate)
	p.mu.Unlock()
	select {
	case <-reached:
	case <-p.done:
		p.tb.Fatalf("whip: sending ended before frame %d", n)
	case <-time.After(within):
		p.tb.Fatalf("whip: frame %d was not sent within %v", n, within)
	}
}

// AwaitEnd waits until a publisher with Options.Once has sent everything.
func (p *Publisher) AwaitEnd() {
	p.tb.Helper()
	<-p.done
	for _, t := range p.tracks {
		if !t.over() {
			p.tb.Fatalf("whip: sending %s ended after %d of %d", t.codec.MimeType, t.next, len(t.units))
		}
	}
}
