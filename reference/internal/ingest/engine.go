package ingest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"reelcheck/reference/internal/av"
)

const (
	// replayWindow lets a packet that was resent after a NACK pass the replay protection of SRTP (default 64).
	replayWindow = 4096
	// socketBuffer is the size in bytes requested from the kernel, which may grant less. Fifty publishers share one socket.
	socketBuffer = 4 << 20

	// maxPacket is the size in bytes of the largest datagram accepted, as in pion's socket: jumbo frames and loopback.
	maxPacket = 8192

	iceDisconnected = 5 * time.Second
	iceKeepalive    = 2 * time.Second
)

// engine creates PeerConnections that share one UDP port and one certificate.
type engine struct {
	conn        net.PacketConn
	mux         ice.UDPMux
	settings    webrtc.SettingEngine
	certificate webrtc.Certificate
	logs        logging.LoggerFactory
}

func newEngine(c Config) (*engine, error) {
	addr, err := net.ResolveUDPAddr("udp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("media address %q: %w", c.Listen, err)
	}
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for media on %q: %w", c.Listen, err)
	}
	_ = conn.SetReadBuffer(socketBuffer)
	_ = conn.SetWriteBuffer(socketBuffer)
	certificate, err := newCertificate()
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	e := &engine{conn: conn, certificate: *certificate, logs: pionLogs{c.Log}}
	e.mux = webrtc.NewICEUDPMux(e.logs.NewLogger("ice"), conn)
	e.settings.LoggerFactory = e.logs
	e.settings.SetICEUDPMux(e.mux)
	e.settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	e.settings.SetIncludeLoopbackCandidate(true)
	// A client can offer any address as its own, so the server sends nothing to an address from which nothing came (RFC 9725 section 4.2,
	// RFC 8445 section 2.5).
	e.settings.SetLite(true)
	e.settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.settings.DisableActiveTCP(true)
	// pion drops the candidates of a failed connection, so the connection must not fail before the grace is over.
	e.settings.SetICETimeouts(min(iceDisconnected, c.Grace), 2*c.Grace, iceKeepalive)
	e.settings.SetReceiveMTU(maxPacket)
	e.settings.SetSRTPReplayProtectionWindow(replayWindow)
	if err := e.settings.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return nil, fmt.Errorf("dtls role: %w", err)
	}
	if len(c.PublicIPs) > 0 {
		err := e.settings.SetICEAddressRewriteRules(webrtc.ICEAddressRewriteRule{
			External: c.PublicIPs, AsCandidateType: webrtc.ICECandidateTypeHost, Mode: webrtc.ICEAddressRewriteAppend,
		})
		if err != nil {
			_ = conn.Close()
			return nil, fmt.Errorf("public addresses %q: %w", c.PublicIPs, err)
		}
	}
	return e, nil
}

func (e *engine) close() error { return e.mux.Close() } // also closes the socket

// connection returns a PeerConnection that receives, into b, the media that a publication may send. If opens is set, it opens DTLS itself;
// otherwise it waits for the client to do so.
//
// The reorder buffer requests lost packets itself. pion's NACK generator does not know which packets were given up and does not see repaired
// ones. Resent packets come by RTX (RFC 4588) from senders that have it. Without RTX, browsers probe for bandwidth with padding on the stream
// itself and do not resend that padding: each lost one would hold up the packets after it.
func (e *engine) connection(b *buffers, opens bool) (*webrtc.PeerConnection, error) {
	media := &webrtc.MediaEngine{}
	if err := registerCodecs(media); err != nil {
		return nil, err
	}
	registry := &interceptor.Registry{}
	receiver, err := report.NewReceiverInterceptor(report.WithReceiverLoggerFactory(e.logs))
	if err != nil {
		return nil, err
	}
	registry.Add(receiver)
	if err := webrtc.ConfigureTWCCSender(media, registry); err != nil {
		return nil, err
	}
	settings := e.settings
	settings.DisableMediaEngineCopy(true) // this media engine is not shared
	settings.BufferFactory = b.get
	if opens {
		if err := settings.SetAnsweringDTLSRole(webrtc.DTLSRoleClient); err != nil {
			return nil, err
		}
	}
	api := webrtc.NewAPI(
		webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings))
	return api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{e.certificate}})
}

// prefer puts the application's preferred codec first in the answer, because senders follow that order.
func prefer(pc *webrtc.PeerConnection, codec av.Codec) error {
	for _, transceiver := range pc.GetTransceivers() {
		if transceiver.Kind() != webrtc.RTPCodecTypeVideo {
			continue
		}
		codecs := slices.Clone(transceiver.Receiver().GetParameters().Codecs)
		if len(codecs) == 0 {
			continue
		}
		slices.SortStableFunc(codecs, func(a, b webrtc.RTPCodecParameters) int {
			return rank(a, codec) - rank(b, codec)
		})
		if err := transceiver.SetCodecPreferences(codecs); err != nil {
			return fmt.Errorf("prefer %s: %w", codec, err)
		}
	}
	return nil
}

func rank(c webrtc.RTPCodecParameters, preferred av.Codec) int {
	if codecOf(c.MimeType) == preferred {
		return 0
	}
	return 1
}

func newCertificate() (*webrtc.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("dtls key: %w", err)
	}
	certificate, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, fmt.Errorf("dtls certificate: %w", err)
	}
	return certificate, nil
}

// profiles are the H264 profiles accepted, all in packetization mode 1: constrained baseline, baseline, main, high,
// constrained high.
var profiles = [...]string{"42e01f", "42001f", "4d001f", "64001f", "640c1f"}

// repairOffset is the difference between the payload type of a format and that of its RTX.
const repairOffset = 20

func registerCodecs(media *webrtc.MediaEngine) error {
	audio := webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeOpus, ClockRate: uint32(av.Opus.ClockRate()), Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1",
		RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}},
	}}
	if err := media.RegisterCodec(audio, webrtc.RTPCodecTypeAudio); err != nil {
		return fmt.Errorf("register %s: %w", audio.MimeType, err)
	}
	register := func(number webrtc.PayloadType, mime, fmtp string) error {
		clock := uint32(codecOf(mime).ClockRate())
		err := media.RegisterCodec(webrtc.RTPCodecParameters{
			PayloadType: number,
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: mime, ClockRate: clock, SDPFmtpLine: fmtp,
				RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}},
			},
		}, webrtc.RTPCodecTypeVideo)
		if err == nil {
			err = media.RegisterCodec(webrtc.RTPCodecParameters{
				PayloadType: number + repairOffset,
				RTPCodecCapability: webrtc.RTPCodecCapability{
					MimeType: webrtc.MimeTypeRTX, ClockRate: clock, SDPFmtpLine: fmt.Sprintf("apt=%d", number),
				},
			}, webrtc.RTPCodecTypeVideo)
		}
		if err != nil {
			return fmt.Errorf("register %s: %w", mime, err)
		}
		return nil
	}
	if err := register(96, webrtc.MimeTypeVP8, ""); err != nil {
		return err
	}
	if err := register(98, webrtc.MimeTypeVP9, "profile-id=0"); err != nil {
		return err
	}
	for i, profile := range profiles {
		fmtp := "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=" + profile
		if err := register(webrtc.PayloadType(102+i), webrtc.MimeTypeH264, fmtp); err != nil {
			return err
		}
	}
	return nil
}

// codecOf returns the codec of a negotiated MIME type, "" if it carries no media that is recorded.
func codecOf(mime string) av.Codec {
	for _, codec := range [...]av.Codec{av.VP8, av.VP9, av.H264, av.Opus} {
		if len(mime) > 6 && strings.EqualFold(mime[6:], string(codec)) {
			return codec
		}
	}
	return ""
}

// pionLogs sends pion's log to slog. Everything becomes debug output, because pion's warnings are about peers, not about this server.
type pionLogs struct{ log *slog.Logger }

func (p pionLogs) NewLogger(scope string) logging.LeveledLogger {
	return pionLog{p.log.With("pion", scope)}
}

type pionLog struct{ log *slog.Logger }

func (l pionLog) Trace(string)          {}
func (l pionLog) Tracef(string, ...any) {}
func (l pionLog) Debug(string)          {}
func (l pionLog) Debugf(string, ...any) {}
func (l pionLog) Info(string)           {}
func (l pionLog) Infof(string, ...any)  {}
func (l pionLog) Warn(m string)         { l.log.Debug(m) }
func (l pionLog) Warnf(f string, a ...any) {
	l.log.Debug(fmt.Sprintf(f, a...))
}
func (l pionLog) Error(m string) { l.log.Info(m) }
func (l pionLog) Errorf(f string, a ...any) {
	l.log.Info(fmt.Sprintf(f, a...))
}
