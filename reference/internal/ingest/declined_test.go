package ingest

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"reelcheck/reference/internal/archive"
)

// TestDeclinedSections checks that sections other than media are answered with port 0 at their place, and that the media is accepted.
func TestDeclinedSections(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(offer string) string
		want []int // indexes of the sections with port 0
		mime string
	}{
		"data channel last": {func(o string) string { return strings.Replace(o, "BUNDLE 0 1", "BUNDLE 0 1 2", 1) + dataChannel }, []int{2}, webrtc.MimeTypeVP8},
		"data channel first": {func(o string) string {
			return strings.Replace(strings.Replace(o, "BUNDLE 0 1", "BUNDLE 2 0 1", 1), "m=audio", dataChannel+"m=audio", 1)
		}, []int{0}, webrtc.MimeTypeVP8},
		"video without port": {func(o string) string {
			o = strings.Replace(o, "BUNDLE 0 1", "BUNDLE 0", 1)
			return strings.Replace(o, "m=video 9", "m=video 0", 1)
		}, []int{1}, ""},
		"one section without a bundle": {func(o string) string {
			return without(o[:strings.Index(o, "m=video")], "a=group:")
		}, nil, ""},
		"no last line end": {func(o string) string { return strings.TrimRight(o, "\r\n") }, nil, webrtc.MimeTypeVP8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSession()
			s, _ := serve(t, r, nil)
			answer, err := s.Offer(t.Context(), Publisher{SessionID: "session", Stream: archive.Stream{ID: "stream"}}, c.edit(browserOffer))
			must(t, err)
			var description sdp.SessionDescription
			must(t, description.UnmarshalString(answer.SDP))
			var offered sdp.SessionDescription
			must(t, offered.UnmarshalString(c.edit(browserOffer)+"\r\n"))
			if len(description.MediaDescriptions) != len(offered.MediaDescriptions) {
				t.Fatalf("answer:\n%s", answer.SDP)
			}
			if _, grouped := offered.Attribute("group"); grouped != strings.Contains(answer.SDP, "a=group:BUNDLE") {
				t.Errorf("a bundle was offered: %t; answer:\n%s", grouped, answer.SDP)
			}
			var none []int
			for i, media := range description.MediaDescriptions {
				got, _ := media.Attribute("mid")
				want, _ := offered.MediaDescriptions[i].Attribute("mid")
				if got != want || media.MediaName.Media != offered.MediaDescriptions[i].MediaName.Media {
					t.Errorf("section %d is %s %q, want %q", i, media.MediaName.Media, got, want)
				}
				if media.MediaName.Port.Value == 0 {
					none = append(none, i)
				}
			}
			if len(none) != len(c.want) || len(none) > 0 && none[0] != c.want[0] {
				t.Errorf("sections %v are declined, want %v:\n%s", none, c.want, answer.SDP)
			}
		})
	}
}

// TestPassiveClient checks that the server opens DTLS for a client that waits for that.
func TestPassiveClient(t *testing.T) {
	t.Parallel()
	r := newSession()
	_, web := serve(t, r, nil)
	c := publishAs(t, web, webrtc.MimeTypeVP8, func(o string) string { return strings.ReplaceAll(o, "a=setup:actpass", "a=setup:passive") })
	if !strings.Contains(c.answer, "a=setup:active") {
		t.Fatalf("answer:\n%s", c.answer)
	}
	c.waitConnected()
	c.send(webrtc.MimeTypeVP8, 20)
	eventually(t, "frames", func() bool { return len(r.Samples(t, true)) == 20 })
}

// TestLargePackets checks that the server accepts packets of the largest size.
func TestLargePackets(t *testing.T) {
	t.Parallel()
	r := newSession()
	_, web := serve(t, r, nil)
	wire := &raw{write: make(chan interceptor.RTPWriter, 1)}
	c := publishAs(t, web, "", func(o string) string { return o }, wire)
	c.waitConnected()
	w := <-wire.write
	for n := range uint16(20) {
		_, err := w.Write(&rtp.Header{Version: 2, PayloadType: 111, SSRC: 99, SequenceNumber: n, Timestamp: uint32(n) * 960}, make([]byte, 4000), nil)
		must(t, err)
	}
	eventually(t, "samples", func() bool { return len(r.Samples(t, false)) == 20 })
	if got := len(r.Samples(t, false)[0].Data); got != 4000 {
		t.Errorf("%d bytes", got)
	}
}

// TestBadPaddingIsTold checks that packets that cannot be recorded are logged once, with their stream and the reason.
func TestBadPaddingIsTold(t *testing.T) {
	t.Parallel()
	r := newSession()
	var said log
	_, web := serve(t, r, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&said, nil)) })
	wire := &raw{write: make(chan interceptor.RTPWriter, 1)}
	c := publishAs(t, web, "", func(o string) string { return o }, wire)
	c.waitConnected()
	w := <-wire.write
	for n := range uint16(20) {
		_, err := w.Write(&rtp.Header{Version: 2, Padding: true, PayloadType: 111, SSRC: 99, SequenceNumber: n}, []byte{1, 2, 200}, nil)
		must(t, err)
	}
	const line = `msg="media not recorded" stream=stream reason="packets are malformed" error="more padding than payload"`
	eventually(t, "line", func() bool { return strings.Contains(said.String(), line) })
	if n := strings.Count(said.String(), line); n != 1 {
		t.Errorf("said %d times", n)
	}
}
