package publisher

import (
	"testing"

	"github.com/pion/webrtc/v4"
)

// FuzzAnswer gives SDP of a target to a client that waits for an answer.
func FuzzAnswer(f *testing.F) {
	f.Add("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=fingerprint:sha-256 " +
		"00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00\r\n" +
		"m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=setup:passive\r\na=rtcp-mux\r\n")
	f.Add("v=0\r\nm=video 0 UDP/TLS/RTP/SAVPF\r\n")
	f.Add("m=\xff")
	f.Fuzz(func(t *testing.T, answer string) {
		pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			t.Fatal(err)
		}
		defer pc.Close()
		if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			t.Fatal(err)
		}
		offer, err := pc.CreateOffer(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := pc.SetLocalDescription(offer); err != nil {
			t.Fatal(err)
		}
		_ = pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}) // any error is good
	})
}

func FuzzResolve(f *testing.F) {
	f.Add("http://127.0.0.1/v2", "/whip/../x?y#z")
	f.Add("http://127.0.0.1/v2", "//evil.example/%zz")
	f.Fuzz(func(_ *testing.T, base, location string) { _, _ = resolve(base, location) })
}
