package ingest

import (
	_ "embed"
	"errors"
	"net/http"
	"strings"
	"testing"

	"reelcheck/reference/internal/archive"
)

// browserOffer is a shortened offer as Chrome makes it.
//
//go:embed offer/testdata/browser.sdp
var browserOffer string

const nineRIDs = "a=rid:1 send\na=rid:2 send\na=rid:3 send\na=rid:4 send\na=rid:5 send\na=rid:6 send\na=rid:7 send\na=rid:8 send\n" +
	"a=rid:9 send\na=simulcast:send 1;2;3;4;5;6;7;8;9"

const dataChannel = `m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:2
a=sctp-port:5000
`

func TestOffers(t *testing.T) {
	s, _ := serve(t, newSession(), nil)
	edit := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(browserOffer) }
	_, video, _ := strings.Cut(browserOffer, "m=video")
	tests := []struct {
		name  string
		offer string
		want  int
		says  string
	}{
		{"not SDP", "hello", http.StatusBadRequest, "not valid SDP"},
		{"empty", "", http.StatusBadRequest, "no media section"},
		{"no media", browserOffer[:strings.Index(browserOffer, "m=audio")], http.StatusBadRequest, "no media section"},
		{"two videos", browserOffer + "m=video" + video, http.StatusUnprocessableEntity, "more than one video"},
		{"text", edit("m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0", "m=text 9 UDP/TLS/RTP/SAVPF 111"),
			http.StatusUnprocessableEntity, "only audio and video"},
		{"nothing but a data channel", browserOffer[:strings.Index(browserOffer, "m=audio")] + dataChannel, http.StatusBadRequest, "no media section"},
		{"data channel", edit("BUNDLE 0 1", "BUNDLE 0 1 2") + dataChannel, 0, ""},
		{"no last line end", strings.TrimSuffix(browserOffer, "\n"), 0, ""},
		{"bundle-only", edit("m=video 9", "m=video 0", "a=mid:1", "a=mid:1\na=bundle-only"), 0, ""},
		{"recvonly", edit("a=sendonly", "a=recvonly"), http.StatusUnprocessableEntity, "must offer sendonly"},
		{"not bundled", edit("a=group:BUNDLE 0 1", "a=group:BUNDLE 0"), http.StatusUnprocessableEntity, "not bundled"},
		{"no mid", edit("a=mid:0\n", ""), http.StatusBadRequest, "no a=mid"},
		{"no fingerprint", strings.Join(strings.Split(browserOffer, "a=fingerprint"), "a=x-fingerprint"), http.StatusBadRequest, "cannot be used"},
		{"no codec in common", edit("opus", "speex", "VP8", "AV1", "VP9", "H265", "H264", "H266"),
			http.StatusUnprocessableEntity, "no codec in common"},
		{"no video codec in common", edit("VP8", "AV1", "VP9", "H265", "H264", "H266"),
			http.StatusUnprocessableEntity, "media section 1 has no codec in common: video must offer VP8,"},
		{"no audio codec in common", edit("opus", "speex"),
			http.StatusUnprocessableEntity, "media section 0 has no codec in common: audio must offer opus"},
		{"simulcast without rids in packets", edit("a=rtcp-rsize", "a=rid:h send\na=rid:l send\na=simulcast:send h;l"),
			http.StatusUnprocessableEntity, "media section 1 offers simulcast without a=extmap"},
		{"simulcast of sound", edit("a=ssrc:357", "a=rid:h send\na=rid:l send\na=simulcast:send h;l\na=ssrc:357"),
			http.StatusUnprocessableEntity, "media section 0 offers simulcast of audio"},
		{"simulcast of nine", edit("a=rtcp-rsize", nineRIDs), http.StatusUnprocessableEntity, "of 9 encodings, more than 8"},
		{"simulcast without its lines", edit("a=rtcp-rsize", "a=rid:h recv\na=simulcast:send h;l"), 0, ""},
		{"simulcast by SSRC", edit("a=ssrc-group:FID", "a=ssrc-group:SIM 2231627014 632943048\na=ssrc-group:FID"),
			http.StatusUnprocessableEntity, "media section 1 offers simulcast"},
		{"simulcast of one", edit("a=rtcp-rsize", "a=rid:h send\na=simulcast:send h"), 0, ""},
		{"sendrecv", edit("a=sendonly", "a=sendrecv"), 0, ""},
		{"browser", browserOffer, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answer, err := s.Offer(t.Context(), Publisher{SessionID: "session", Stream: archive.Stream{ID: tt.name}}, tt.offer)
			if tt.want == 0 {
				expectRecvOnly(t, answer, err)
				return
			}
			if !refusedWith(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("got %v; want %d with %q", err, tt.want, tt.says)
			}
			if _, ok := s.Publisher(tt.name); ok {
				t.Fatal("a refused offer left a publication")
			}
		})
	}
}

func TestOfferOfTheSameStream(t *testing.T) {
	s, _ := serve(t, newSession(), nil)
	same := Publisher{Stream: archive.Stream{ID: "browser"}}
	if _, err := s.Offer(t.Context(), same, browserOffer); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Offer(t.Context(), same, browserOffer); !refusedWith(err, http.StatusConflict) {
		t.Fatalf("the same stream twice: %v", err)
	}
}

func expectRecvOnly(t *testing.T, answer Answer, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(answer.SDP, "simulcast") || strings.Count(answer.SDP, "a=recvonly") != 2 {
		t.Fatalf("answer:\n%s", answer.SDP)
	}
}

func refusedWith(err error, status int) bool {
	var refused *archive.Error
	return errors.As(err, &refused) && statuses[refused.Kind] == status
}
