package ingest

import (
	"errors"
	"net/http"
	"reelcheck/reference/internal/archive"
	"strings"
	"testing"
)

// browserOffer is a shortened offer as Chrome makes it.
const browserOffer = `v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=msid-semantic: WMS stream
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=ice-options:trickle
a=fingerprint:sha-256 49:66:12:17:0D:1C:91:AE:57:4C:C6:36:DD:D5:97:D2:7D:62:C9:9A:7F:B9:A3:F4:70:03:E7:43:91:73:23:5E
a=setup:actpass
a=mid:0
a=sendonly
a=msid:stream audio
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:0 PCMU/8000
a=ssrc:3570614608 cname:4TOk42mSjXCkVIa6
m=video 9 UDP/TLS/RTP/SAVPF 96 97 103 98
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=ice-options:trickle
a=fingerprint:sha-256 49:66:12:17:0D:1C:91:AE:57:4C:C6:36:DD:D5:97:D2:7D:62:C9:9A:7F:B9:A3:F4:70:03:E7:43:91:73:23:5E
a=setup:actpass
a=mid:1
a=sendonly
a=msid:stream video
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:103 H264/90000
a=rtcp-fb:103 nack
a=rtcp-fb:103 nack pli
a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:98 VP9/90000
a=fmtp:98 profile-id=0
a=ssrc-group:FID 2231627014 632943048
a=ssrc:2231627014 cname:4TOk42mSjXCkVIa6
a=ssrc:632943048 cname:4TOk42mSjXCkVIa6
`

const nineRIDs = "a=rid:1 send\na=rid:2 send\na=rid:3 send\na=rid:4 send\na=rid:5 send\na=rid:6 send\na=rid:7 send\na=rid:8 send\n" +
	"a=rid:9 send\na=simulcast:send 1;2;3;4;5;6;7;8;9"

const dataChannel = `m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:2
a=sctp-port:5000
`

func TestOffers(t *testing.T) {
	r := newRoom()
	s, _ := serve(t, r, nil)
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
			answer, err := s.Offer(t.Context(), Publisher{SessionID: "session", StreamID: tt.name}, tt.offer)
			if tt.want == 0 {
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(answer.SDP, "simulcast") || strings.Count(answer.SDP, "a=recvonly") != 2 {
					t.Fatalf("answer:\n%s", answer.SDP)
				}
				return
			}
			var refused *archive.Error
			if !errors.As(err, &refused) || statuses[refused.Kind] != tt.want || !strings.Contains(refused.Message, tt.says) {
				t.Fatalf("got %v; want %d with %q", err, tt.want, tt.says)
			}
			if _, ok := s.Publisher(tt.name); ok {
				t.Fatal("a refused offer left a publication")
			}
		})
	}
	if _, err := s.Offer(t.Context(), Publisher{StreamID: "browser"}, browserOffer); !refusedWith(err, http.StatusConflict) {
		t.Fatalf("the same stream twice: %v", err)
	}
}

func refusedWith(err error, status int) bool {
	var refused *archive.Error
	return errors.As(err, &refused) && statuses[refused.Kind] == status
}

func TestFragments(t *testing.T) {
	const pwd = "P2uYro0UCOQ4zxjKXaWCBui1"
	tests := []struct {
		name, text string
		want       fragment
		bad        bool
	}{
		{"candidates", "a=ice-ufrag:EsAw\r\na=ice-pwd:" + pwd + "\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n" +
			"a=candidate:1 1 UDP 1 192.0.2.1 61764 typ host\r\na=end-of-candidates\r\n",
			fragment{"EsAw", pwd, []candidate{{"1 1 UDP 1 192.0.2.1 61764 typ host", "0"}}}, false},
		{"lines end in LF", "a=ice-ufrag:EsAw\na=ice-pwd:" + pwd, fragment{ufrag: "EsAw", password: pwd}, false},
		{"empty", "", fragment{}, false},
		{"no password", "a=ice-ufrag:EsAw", fragment{ufrag: "EsAw"}, false},
		{"no user fragment", "a=ice-pwd:" + pwd, fragment{}, true},
		{"contradiction", "a=ice-ufrag:EsAw\na=ice-ufrag:other", fragment{}, true},
		{"short password", "a=ice-ufrag:EsAw\na=ice-pwd:short", fragment{}, true},
		{"not ice-char", "a=ice-ufrag:Es w\na=ice-pwd:" + pwd, fragment{}, true},
		{"not a line", "candidate", fragment{}, true},
		{"empty candidate", "a=candidate:", fragment{}, true},
		{"too many", strings.Repeat("a=candidate:x\n", maxCandidates+1), fragment{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseFragment([]byte(tt.text))
			if (err != nil) != tt.bad || got.ufrag != tt.want.ufrag || got.password != tt.want.password ||
				strings.Join(values(got), "|") != strings.Join(values(tt.want), "|") {
				t.Fatalf("got %+v, %v", got, err)
			}
		})
	}
}

func values(f fragment) []string {
	var out []string
	for _, c := range f.candidates {
		out = append(out, c.value+"@"+c.mid)
	}
	return out
}

func FuzzFragment(f *testing.F) {
	f.Add([]byte("a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1\r\n"))
	f.Add([]byte("m=\na=\n=\n"))
	f.Add([]byte(browserOffer))
	o, err := parseOffer([]byte(browserOffer))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := parseFragment(text)
		if err != nil {
			return
		}
		if len(got.candidates) > maxCandidates {
			t.Fatalf("%d candidates", len(got.candidates))
		}
		again, err := parseFragment([]byte(got.text(o)))
		if got.ufrag != "" && got.password != "" && (err != nil || again.ufrag != got.ufrag || again.password != got.password) {
			t.Fatalf("written and read again: %+v, %v", again, err)
		}
	})
}

// FuzzOffer checks that every accepted offer can be written for pion, with other credentials too.
func FuzzOffer(f *testing.F) {
	f.Add([]byte(browserOffer))
	f.Add([]byte("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"))
	f.Add([]byte("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE \r\nm=video 9 X 0\r\na=mid:\r\nm=\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := parseOffer(text)
		if err != nil {
			return
		}
		if n := len(o.mids); n < 1 || n > 2 {
			t.Fatalf("%d media sections", n)
		}
		o.restart("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1")
		written, err := o.text()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseOffer([]byte(written))
		if err != nil {
			t.Skip() // a value with a line end inside cannot come from a line
		}
		if ufrag, password := again.credentials(); ufrag != "EsAw" || password != "P2uYro0UCOQ4zxjKXaWCBui1" {
			t.Fatalf("credentials %q, %q", ufrag, password)
		}
	})
}
