package ingest

import (
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"reelcheck/reference/internal/ingest/rtp"
)

// maxFailures bounds the reads in a row that may fail; each is one bad packet, unless the stream is broken.
const maxFailures = 1000

// maxSources bounds the RTP streams that a publication may have one after the other, and those that its RTCP may name: pion keeps each
// until the end.
const maxSources = 100

// track is called by pion, in a goroutine of its own, when a stream of packets begins.
func (p *publication) track(remote *webrtc.TrackRemote, from *webrtc.RTPReceiver) {
	p.mu.Lock()
	video := remote.Kind() == webrtc.RTPCodecTypeVideo
	source := p.receiver.Attach(video, uint32(remote.SSRC()), formats(from, video))
	if source == nil || p.closing {
		p.mu.Unlock()
		if source == nil {
			p.unrecorded("its kind was not negotiated", "kind", remote.Kind().String())
		}
		return
	}
	if p.sources++; p.sources > maxSources {
		p.mu.Unlock()
		p.excess()
		return
	}
	p.readers.Go(func() { p.readRTCP(source, from) })
	p.readers.Add(1)
	p.mu.Unlock()
	defer p.readers.Done()
	p.readRTP(source, remote, repairs(from))
}

// formats are the payload types that were negotiated for media of one kind.
func formats(from *webrtc.RTPReceiver, video bool) map[uint8]rtp.Format {
	out := map[uint8]rtp.Format{}
	for _, c := range from.GetParameters().Codecs {
		f := rtp.Format{Codec: codecOf(c.MimeType)}
		for _, feedback := range c.RTCPFeedback {
			f.NACK = f.NACK || feedback.Type == "nack" && feedback.Parameter == ""
		}
		if f.Codec != "" && f.Codec.Video() == video {
			out[uint8(c.PayloadType)] = f
		}
	}
	return out
}

// repairs maps payload types of RTX to those of the packets that come back by them.
func repairs(from *webrtc.RTPReceiver) map[uint8]uint8 {
	out := map[uint8]uint8{}
	for _, c := range from.GetParameters().Codecs {
		if apt, ok := strings.CutPrefix(c.SDPFmtpLine, "apt="); ok {
			if of, err := strconv.ParseUint(apt, 10, 7); err == nil {
				out[uint8(c.PayloadType)] = uint8(of)
			}
		}
	}
	return out
}

func (p *publication) readRTP(source *rtp.Source, remote *webrtc.TrackRemote, repaired map[uint8]uint8) {
	buf := make([]byte, maxPacket)
	for failures := 0; failures < maxFailures; {
		if remote.HasRTX() { // pion hands on what was repaired when the next read begins
			_ = remote.SetReadDeadline(time.Now().Add(tick))
		}
		n, attributes, err := remote.Read(buf)
		switch {
		case over(err):
			return
		case timedOut(err):
			continue
		case err != nil:
			if failures++; failures == maxFailures {
				p.unrecorded("its packets cannot be read", "error", err)
			}
			continue
		}
		failures = 0
		var header pionrtp.Header // the one in attributes may be that of the RTX packet
		if _, err := header.Unmarshal(buf[:n]); err != nil {
			p.unrecorded("packets are malformed", "error", err)
			continue
		}
		if format, ok := attributes.Get(webrtc.AttributeRtxPayloadType).(byte); ok {
			header.PayloadType = repaired[format] // pion gives the format of the newest packet
		}
		payload, ok := payloadOf(buf[:n], header.MarshalSize(), header.Padding)
		if !ok {
			p.unrecorded("packets have more padding than payload")
			continue
		}
		now := p.server.config.Now()
		p.mu.Lock()
		first := !p.seen
		p.seen = true
		feedback := p.receiver.Receive(source, rtp.Packet{
			Seq: header.SequenceNumber, Stamp: header.Timestamp, Marker: header.Marker,
			Format: header.PayloadType, Payload: payload, At: now,
		})
		p.mu.Unlock()
		if first {
			p.media <- now
		}
		p.write(feedback)
	}
}

func (p *publication) readRTCP(source *rtp.Source, from *webrtc.RTPReceiver) {
	for failures := 0; failures < maxFailures; {
		packets, _, err := from.ReadRTCP()
		if over(err) {
			return
		}
		if err != nil {
			failures++
			continue
		}
		failures = 0
		now := p.server.config.Now()
		for _, packet := range packets {
			if report, ok := packet.(*rtcp.SenderReport); ok {
				p.mu.Lock()
				p.receiver.Report(source, report, now)
				p.mu.Unlock()
			}
		}
	}
}

// timedOut reports whether a read failed because its deadline passed.
func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// over reports whether a read failed because the stream has ended.
func over(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)
}

// payloadOf is the payload of a packet without its padding (RFC 3550 section 5.1).
func payloadOf(packet []byte, header int, padded bool) ([]byte, bool) {
	if header > len(packet) {
		return nil, false
	}
	payload := packet[header:]
	if !padded {
		return payload, true
	}
	if len(payload) == 0 {
		return nil, false
	}
	padding := int(payload[len(payload)-1])
	if padding == 0 || padding > len(payload) {
		return nil, false
	}
	return payload[:len(payload)-padding], true
}
