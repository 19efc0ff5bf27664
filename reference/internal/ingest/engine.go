package ingest

import (
	"fmt"
	"log/slog"
	"net"
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
	// replayWindow lets a packet sent again after a NACK pass SRTP replay protection (the default is 64).
	replayWindow = 4096
	// socketBuffer is asked of the kernel, which may give less: 50 publishers share one socket.
	socketBuffer = 4 << 20

	// maxPacket is the largest datagram taken, as of pion's socket: jumbo frames, and loopback.
	maxPacket = 8192

	iceDisconnected = 5 * time.Second
	iceKeepalive    = 2 * time.Second
)

// engine makes PeerConnections that share one UDP port and one certificate.
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
	// A client can name anybody's address as its own: nothing is sent where nothing came from (RFC 9725 section 4.2, RFC 8445 section 2.5).
	e.settings.SetLite(true)
	e.settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.settings.DisableActiveTCP(true)
	// pion gives a failed connection's candidates up, so it must not fail before the grace is over.
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

func (e *engine) close() error { return e.mux.Close() } // closes the socket too

// connection makes a PeerConnection that receives, into b, what a publication may send. It opens DTLS itself, or waits for the client to do
// so.
//
// Lost packets are asked for by the reorder buffer itself, not by pion's NACK generator, which neither knows what was
// given up nor sees packets repaired. They come back by RTX (RFC 4588) from senders that have it. Without it browsers probe for
// bandwidth with padding on the stream itself, which they do not repeat: each one lost would hold up what follows.
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
	settings.DisableMediaEngineCopy(true) // this one is not shared
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

// profiles are the H264 profiles accepted, all in packetization mode 1: constrained baseline, baseline, main, high,
// constrained high.
var profiles = [...]string{"42e01f", "42001f", "4d001f", "64001f", "640c1f"}

// repairOffset is from the payload type of a format to that of its RTX.
const repairOffset = 20

func registerCodecs(media *webrtc.MediaEngine) error {
	audio := webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1",
		RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}},
	}}
	if err := media.RegisterCodec(audio, webrtc.RTPCodecTypeAudio); err != nil {
		return fmt.Errorf("register %s: %w", audio.MimeType, err)
	}
	register := func(number webrtc.PayloadType, mime, fmtp string) error {
		err := media.RegisterCodec(webrtc.RTPCodecParameters{
			PayloadType: number,
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: mime, ClockRate: 90000, SDPFmtpLine: fmtp,
				RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}},
			},
		}, webrtc.RTPCodecTypeVideo)
		if err == nil {
			err = media.RegisterCodec(webrtc.RTPCodecParameters{
				PayloadType: number + repairOffset,
				RTPCodecCapability: webrtc.RTPCodecCapability{
					MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: fmt.Sprintf("apt=%d", number),
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

// codecOf is the codec of a negotiated MIME type, "" for one that carries no media of ours.
func codecOf(mime string) av.Codec {
	for _, codec := range [...]av.Codec{av.VP8, av.VP9, av.H264, av.Opus} {
		if len(mime) > 6 && strings.EqualFold(mime[6:], string(codec)) {
			return codec
		}
	}
	return ""
}

// pionLogs sends pion's log to slog: its warnings tell about peers, not about us, so they are debug output.
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
