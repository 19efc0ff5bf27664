package publisher

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"

	"reelcheck/conformance/evidence"
)

const (
	// packetSize keeps SRTP packets below any usual path MTU.
	packetSize = 1200
	// reportEvery is the time between sender reports; the first goes out with the first packet.
	reportEvery = time.Second
	// stall is how late a unit may leave before the harness reports that itself.
	stall = 300 * time.Millisecond
)

var errClosed = net.ErrClosed

// sender sends one track. The send loop owns it, apart from what mu guards.
type sender struct {
	kind       string
	track      *track
	local      *webrtc.TrackLocalStaticRTP
	rtp        *webrtc.RTPSender
	sequence   rtp.Sequencer
	packetizer rtp.Packetizer
	base       uint32 // RTP timestamp of the epoch
	next       int64  // unit to send next
	told       bool   // the evidence says that sending began
	packets    int64  // packets and bytes sent of the fixtures before this one
	bytes      int64
	pub        evidence.Published

	mu    sync.Mutex // held while a unit is sent
	muted bool
	away  []evidence.Span // without a network; an open one lasts
	then  *track          // the track to go on with
}

func newSender(pc *webrtc.PeerConnection, t *track, o Options) (*sender, error) {
	capability := codecParameters(t.codec).RTPCodecCapability
	local, err := webrtc.NewTrackLocalStaticRTP(capability, t.kind, o.Name)
	if err != nil {
		return nil, err
	}
	tr, err := pc.AddTransceiverFromTrack(local, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return nil, err
	}
	s := &sender{kind: t.kind, track: t, local: local, rtp: tr.Sender(), sequence: rtp.NewRandomSequencer(), base: rand.Uint32()}
	s.packetizer = s.packetizerOf(t)
	s.pub = evidence.Published{
		Client: o.Name, VideoType: o.VideoType, Classes: o.InitialClasses(), ConnectionData: o.ConnectionData,
		Fixture: t.fixture, Kind: t.kind, Codec: t.codec, Rate: t.rate(), LoopUnits: len(t.units),
		Lag: t.lag, SSRC: uint32(s.rtp.GetParameters().Encodings[0].SSRC),
	}
	return s, nil
}

func (s *sender) packetizerOf(t *track) rtp.Packetizer {
	return rtp.NewPacketizerWithOptions(packetSize, payloader(t.codec), s.sequence, uint32(t.clock))
}

// InitialClasses returns the classes that the stream begins with, joined by blanks: its own, or else the token's.
func (o Options) InitialClasses() string {
	if o.Classes != "" {
		return o.Classes
	}
	return strings.Join(o.TokenClasses, " ")
}

func payloader(codec string) rtp.Payloader {
	switch codec {
	case "VP8":
		return &codecs.VP8Payloader{EnablePictureID: true}
	case "VP9":
		return &codecs.VP9Payloader{}
	case "H264":
		return &codecs.H264Payloader{}
	default:
		return &codecs.OpusPayloader{}
	}
}

// drainRTCP feeds the NACK responder until the connection closes.
func (s *sender) drainRTCP() {
	buf := make([]byte, 1500)
	for {
		if _, _, err := s.rtp.Read(buf); err != nil {
			return
		}
	}
}

// Mute implements Publication.
func (p *publication) Mute(kind string, muted bool) error {
	s, err := p.sender(kind)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.muted = muted
	return nil
}

func (p *publication) sender(kind string) (*sender, error) {
	for _, s := range p.senders {
		if s.kind == kind {
			return s, nil
		}
	}
	return nil, fmt.Errorf("client %s publishes no %s", p.options.Name, kind)
}

// start starts the goroutine that sends all tracks; end ends it.
func (p *publication) start() {
	epoch := p.now()
	for _, s := range p.senders {
		s.pub.Epoch = epoch.UTC()
	}
	p.words = make(chan word, 16)
	p.telling.Go(func() { // the disk must not delay the media
		for w := range p.words {
			_ = p.tell(w.kind, w.pub) // a journal that fails shows when the track ends
		}
	})
	go func() {
		defer close(p.ended)
		reason := p.send(epoch)
		close(p.words)
		p.telling.Wait() // the last record must come last
		p.failure = p.tellEnd(reason)
	}()
}

// send paces all tracks by one clock until told to end or the peer is gone.
func (p *publication) send(epoch time.Time) string {
	timer := time.NewTimer(0)
	defer timer.Stop()
	nextReport := p.soonest().track.lag + p.options.ReportsAfter
	for {
		s := p.soonest()
		if err := p.switchOver(s); err != nil {
			return "peer"
		}
		due := s.track.leaves(s.next)
		timer.Reset(max(0, due-p.now().Sub(epoch)))
		select {
		case <-p.quit:
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.reason
		case <-p.gone:
			return "peer"
		case <-timer.C:
		}
		if err := s.sendUnit(p.now, epoch); err != nil {
			return "peer" // the transport is closed
		}
		if !s.told && s.pub.Packets > 0 {
			s.told = true
			first := s.pub
			first.Muted, first.Unsent = slices.Clone(first.Muted), slices.Clone(first.Unsent)
			p.words <- word{s.kind, first}
		}
		if at := p.now().Sub(epoch); at >= nextReport {
			p.report(p.now(), epoch)
			nextReport = at + reportEvery
		}
	}
}

func (p *publication) soonest() *sender {
	return slices.MinFunc(p.senders, func(a, b *sender) int {
		return int(a.track.leaves(a.next) - b.track.leaves(b.next))
	})
}

// sendUnit sends the unit that is due, or skips it while muted or without a network.
func (s *sender) sendUnit(now func() time.Time, epoch time.Time) error {
	n := s.next
	s.next++
	s.mu.Lock()
	defer s.mu.Unlock()
	muted := s.muted || s.isAway()
	at := now()
	open := s.isMuted()
	switch {
	case muted && !open:
		s.pub.Muted = append(s.pub.Muted, evidence.Span{From: at.UTC()})
		s.pub.Unsent = append(s.pub.Unsent, evidence.Units{From: n, To: n + 1})
		return nil
	case muted, open && !s.track.isKey(n):
		s.pub.Unsent[len(s.pub.Unsent)-1].To = n + 1
		return nil
	case open:
		s.pub.Muted[len(s.pub.Muted)-1].To = at.UTC()
	}
	s.pub.Late = max(s.pub.Late, at.Sub(epoch)-s.track.leaves(n))
	stamp := s.base + uint32(s.track.start+n*s.track.ticks) // wraps as RTP does
	for _, pkt := range s.packetizer.Packetize(s.track.units[int(n)%len(s.track.units)], uint32(s.track.ticks)) {
		pkt.Timestamp = stamp
		if err := s.local.WriteRTP(pkt); err != nil {
			return err
		}
		s.pub.Packets++
		s.pub.Bytes += int64(len(pkt.Payload))
	}
	if s.pub.First.IsZero() {
		s.pub.First = at.UTC()
	}
	s.pub.Last = now().UTC()
	s.pub.Units++
	return nil
}

// report sends sender reports whose two clocks agree exactly for all tracks.
func (p *publication) report(now, epoch time.Time) {
	var packets []rtcp.Packet
	for _, s := range p.senders {
		if s.packets+s.pub.Packets == 0 {
			continue
		}
		if s.pub.Reported.IsZero() {
			s.pub.Reported = now.UTC()
		}
		ticks := int64(math.Round(now.Sub(epoch).Seconds() * float64(s.track.clock)))
		packets = append(packets, &rtcp.SenderReport{
			SSRC: s.pub.SSRC, NTPTime: ntp(now), RTPTime: s.base + uint32(ticks),
			PacketCount: uint32(s.packets + s.pub.Packets), OctetCount: uint32(s.bytes + s.pub.Bytes),
		})
	}
	for _, r := range packets { // one by one: a compound packet needs SDES, a single report does not
		_ = p.pc.WriteRTCP([]rtcp.Packet{r}) // if it is lost or refused, the next one follows in a second
	}
}

// ntp returns t in the 64-bit format of RTCP (RFC 3550 section 4).
func ntp(t time.Time) uint64 {
	const from1900 = 2208988800
	s := uint64(t.Unix()) + from1900
	return s<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// word is what a track writes to the evidence while it is sent.
type word struct {
	kind string
	pub  evidence.Published
}

func (p *publication) tell(kind string, pub evidence.Published) error {
	ids := map[string]string{evidence.Session: p.options.Session, evidence.Stream: p.streamID, evidence.Application: p.options.Client.App.Name()}
	if p.options.ConnectionID != "" {
		ids[evidence.Connection] = p.options.ConnectionID
	}
	_, err := p.options.Client.Journal.Append(evidence.Record{
		Scenario: p.options.Client.Scenario, Label: "published." + p.options.Name + "." + kind, IDs: ids, Published: &pub})
	return err
}

func (p *publication) tellEnd(reason string) error {
	var errs []error
	for _, s := range p.senders {
		s.pub.Ended, s.pub.Reason, s.pub.Away = true, reason, s.away
		errs = append(errs, p.tell(s.kind, s.pub))
		if s.pub.Late > stall {
			_, err := p.options.Client.Journal.Append(evidence.Record{
				Scenario: p.options.Client.Scenario, Label: "published." + p.options.Name + "." + s.kind,
				Harness: &evidence.Harness{Kind: "publisher", Message: fmt.Sprintf("a unit of %s left %v late", s.track.fixture, s.pub.Late.Round(time.Millisecond))}})
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
