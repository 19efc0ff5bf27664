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
	"reelcheck/reference/internal/ingest/rtp/frames"
	"reelcheck/reference/internal/ingest/unrecorded"
)

// maxFailures limits the number of reads that may fail in a row. Each is one bad packet, unless the stream is broken.
const maxFailures = 1000

// maxSources limits the number of RTP streams that a publication may have in its life, and of those that its RTCP may name. pion keeps each
// until the end.
const maxSources = 100

// stream is an RTP stream that is being read.
type stream struct {
	remote  *webrtc.TrackRemote
	from    *webrtc.RTPReceiver
	formats map[uint8]rtp.Format
	repairs map[uint8]uint8
	source  *rtp.Source // nil with simulcast, where layers decides
}

// track reads a new RTP stream. pion calls it in a goroutine of its own.
func (p *publication) track(remote *webrtc.TrackRemote, from *webrtc.RTPReceiver) {
	video := remote.Kind() == webrtc.RTPCodecTypeVideo
	s := &stream{remote: remote, from: from, formats: formats(from, video), repairs: repairs(from)}
	p.mu.Lock()
	if p.closing {
		p.mu.Unlock()
		return
	}
	if p.sources++; p.sources > maxSources {
		p.mu.Unlock()
		p.excess()
		return
	}
	if !video || p.layers == nil {
		if s.source = p.receiver.Attach(video, uint32(remote.SSRC()), s.formats); s.source == nil {
			p.mu.Unlock()
			p.unrecorded(unrecorded.Unnegotiated, 1, "kind", remote.Kind().String())
			return
		}
	}
	p.readers.Go(func() { p.readRTCP(s) })
	p.readers.Add(1)
	p.mu.Unlock()
	defer p.readers.Done()
	p.readRTP(s)
}

// formats returns the payload types that were negotiated for media of one kind.
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

// repairs maps the payload type of an RTX format to that of the packets it repeats.
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

func (p *publication) readRTP(s *stream) {
	buf := make([]byte, maxPacket)
	for failures := 0; failures < maxFailures; {
		if s.remote.HasRTX() { // pion returns repaired packets only at the next read
			_ = s.remote.SetReadDeadline(time.Now().Add(tick))
		}
		n, attributes, err := s.remote.Read(buf)
		switch {
		case over(err):
			return
		case timedOut(err):
			continue
		case err != nil:
			if failures++; failures == maxFailures {
				p.unrecorded(unrecorded.Unreadable, failures, "error", err)
			}
			continue
		}
		failures = 0
		var header pionrtp.Header // the header in attributes may be that of the RTX packet
		if _, err := header.Unmarshal(buf[:n]); err != nil {
			p.unrecorded(unrecorded.Malformed, 1, "error", err)
			continue
		}
		if format, ok := attributes.Get(webrtc.AttributeRtxPayloadType).(byte); ok {
			header.PayloadType = s.repairs[format] // pion gives the format of the newest packet
		}
		payload, ok := payloadOf(buf[:n], header.MarshalSize(), header.Padding)
		if !ok {
			p.unrecorded(unrecorded.Malformed, 1, "error", "more padding than payload")
			continue
		}
		p.take(s, &header, payload)
	}
}

// take records a packet, unless it belongs to an encoding that is not recorded.
func (p *publication) take(s *stream, header *pionrtp.Header, payload []byte) {
	now := p.server.config.Now()
	packet := frames.Packet{
		Seq: header.SequenceNumber, Stamp: header.Timestamp, Marker: header.Marker,
		Format: header.PayloadType, Payload: payload, At: now,
	}
	var feedback []rtcp.Packet
	p.mu.Lock()
	first := !p.seen
	p.seen = true
	if s.source != nil {
		feedback = p.receiver.Receive(s.source, packet)
	} else {
		feedback = p.takeLayer(s, header, packet)
	}
	p.mu.Unlock()
	if first {
		p.media <- now
	}
	p.write(feedback)
}

func (p *publication) readRTCP(s *stream) {
	for failures := 0; failures < maxFailures; {
		packets, _, err := s.from.ReadRTCP()
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
				if source := p.sourceOf(s); source != nil {
					p.receiver.Report(source, report, now)
				}
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

// payloadOf returns the payload of a packet without its padding (RFC 3550 section 5.1).
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
