package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/rtp/rtptest"
)

// TestLossIsRepaired checks that every frame arrives whole, in order and once, although one packet in seven is lost at first.
func TestLossIsRepaired(t *testing.T) {
	t.Parallel()
	for _, codec := range []struct {
		mime string
		want av.Codec
	}{{webrtc.MimeTypeVP8, av.VP8}, {webrtc.MimeTypeVP9, av.VP9}, {webrtc.MimeTypeH264, av.H264}} {
		t.Run(string(codec.want), func(t *testing.T) {
			t.Parallel()
			r := newSession()
			_, web := serve(t, r, nil)
			c := publish(t, web, codec.mime, false)
			c.waitConnected()
			time.AfterFunc(100*time.Millisecond, func() { c.faults.set(true) })
			time.AfterFunc(2500*time.Millisecond, func() { c.faults.set(false) })
			c.send(codec.mime, 135)
			eventually(t, "all frames", func() bool {
				return len(r.Samples(t, true)) == c.frames && len(r.Samples(t, false)) == c.packets
			})
			checkFrames(t, r.Samples(t, true), codec.want, codec.mime)
			for i, s := range r.Samples(t, false) {
				if got := int(binary.BigEndian.Uint32(s.Data[1:])); got != i || s.Gap || s.Codec != av.Opus {
					t.Fatalf("audio packet %d: number %d, gap %v, %s", i, got, s.Gap, s.Codec)
				}
			}
			checkPace(t, r.Samples(t, true), r.Samples(t, false))
		})
	}
}

// TestRepairWaitsForNoFrame checks that lost packets come back by RTX even if no other frame follows, as on a screen without motion.
func TestRepairWaitsForNoFrame(t *testing.T) {
	t.Parallel()
	r := newSession()
	_, web := serve(t, r, nil)
	c := publish(t, web, webrtc.MimeTypeVP8, false)
	for _, repair := range []string{"96", "98", "102"} {
		if !strings.Contains(c.answer, " apt="+repair) {
			t.Errorf("no RTX for format %s in the answer:\n%s", repair, c.answer)
		}
	}
	c.waitConnected()
	c.send(webrtc.MimeTypeVP8, 25)
	eventually(t, "frames", func() bool { return len(r.Samples(t, true)) == 25 })
	c.faults.set(true)
	must(t, c.video.WriteSample(media.Sample{Data: rtptest.Frame(webrtc.MimeTypeVP8, 25, true, 12000), Duration: time.Second}))
	eventually(t, "the frame of which a packet was lost", func() bool { return len(r.Samples(t, true)) == 26 })
	if last := r.Samples(t, true)[25]; last.Gap || rtptest.Number(last) != 25 {
		t.Errorf("frame %d, gap %v", rtptest.Number(last), last.Gap)
	}
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	if c.faults.count == 0 {
		t.Error("nothing was lost")
	}
}

func checkFrames(t *testing.T, samples []av.Sample, codec av.Codec, mime string) {
	t.Helper()
	for i, s := range samples {
		key := i%25 == 0
		if rtptest.Number(s) != i || s.Key != key || s.Gap || s.Codec != codec {
			t.Fatalf("frame %d: number %d, key %v, gap %v, %s", i, rtptest.Number(s), s.Key, s.Gap, s.Codec)
		}
		size := 900
		if key {
			size = 12000
		}
		if want := rtptest.Frame(mime, i, key, size); string(s.Data) != string(want) {
			t.Fatalf("frame %d: %d bytes differ from the %d sent", i, len(s.Data), len(want))
		}
	}
}

// checkPace checks that times agree with the sender: 20 ms a frame on the sender's clock, audio and video in sync.
func checkPace(t *testing.T, video, audio []av.Sample) {
	t.Helper()
	for i := range video {
		if off := video[i].Time.Sub(audio[i].Time); off.Abs() > 80*time.Millisecond {
			t.Fatalf("frame %d is %v from the sound sent with it", i, off)
		}
	}
	span := video[len(video)-1].Time.Sub(video[0].Time)
	want := time.Duration(len(video)-1) * 20 * time.Millisecond
	if (span - want).Abs() > want/2 {
		t.Fatalf("%d frames span %v, sent over %v", len(video), span, want)
	}
}

func TestPreferredCodecComesFirst(t *testing.T) {
	t.Parallel()
	r := newSession()
	_, web := serve(t, r, nil) // the application prefers H264
	c := publish(t, web, webrtc.MimeTypeVP8, false)
	_, after, _ := strings.Cut(c.answer, "m=video 9 UDP/TLS/RTP/SAVPF ")
	first, _, _ := strings.Cut(after, " ")
	if !strings.Contains(c.answer, "a=rtpmap:"+first+" H264/90000") {
		t.Fatalf("first video format %s of the answer is not H264:\n%s", first, c.answer)
	}
	if strings.Count(c.answer, "a=recvonly") != 2 {
		t.Fatalf("answer:\n%s", c.answer)
	}
}

func TestTrickleAndDelete(t *testing.T) {
	t.Parallel()
	r := newSession()
	_, web := serve(t, r, nil)
	c := publish(t, web, "", true)
	fragment := "a=ice-ufrag:" + attribute(c.pc.LocalDescription().SDP, "ice-ufrag") +
		"\r\na=ice-pwd:" + attribute(c.pc.LocalDescription().SDP, "ice-pwd") + "\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
	for line := range strings.Lines(c.pc.LocalDescription().SDP) {
		if strings.HasPrefix(line, "a=candidate:") {
			fragment += line
		}
	}
	c.do("PATCH", c.location, fragmentType, "", fragment, http.StatusPreconditionRequired)
	c.do("PATCH", c.location, fragmentType, `"other"`, fragment, http.StatusPreconditionFailed)
	c.do("PATCH", c.location, fragmentType, c.etag, "nonsense", http.StatusBadRequest)
	c.do("PATCH", c.location+"x", fragmentType, c.etag, fragment, http.StatusNotFound)
	c.do("PATCH", c.location, fragmentType, c.etag, fragment, http.StatusNoContent)
	c.waitConnected()
	c.send("", 20)
	eventually(t, "audio", func() bool { return len(r.Samples(t, false)) > 10 })
	if s := r.streams[0]; !s.Stream.HasAudio || s.Stream.HasVideo {
		t.Fatalf("stream: %+v", s)
	}
	c.do("DELETE", c.location, "", "", "", http.StatusOK)
	if got := r.endings(); len(got) != 1 || got[0] != ClientDisconnected {
		t.Fatalf("endings after DELETE: %q", got)
	}
	c.do("DELETE", c.location, "", "", "", http.StatusNotFound)
}

func attribute(sdp, key string) string {
	_, after, _ := strings.Cut(sdp, "a="+key+":")
	value, _, _ := strings.Cut(after, "\r\n")
	return value
}

// TestICERestart checks that an ICE restart within the grace keeps the stream. Its sink sees a gap, and a new key frame is requested.
func TestICERestart(t *testing.T) {
	t.Parallel()
	r := newSession()
	s, web := serve(t, r, func(c *Config) { c.Grace = 20 * time.Second })
	c := publish(t, web, webrtc.MimeTypeVP8, false)
	c.waitConnected()
	c.send(webrtc.MimeTypeVP8, 30)
	eventually(t, "frames", func() bool { return len(r.Samples(t, true)) >= 25 })

	// ICE may report the new connection long after its first media arrived.
	s.publications["stream"].pc.OnICEConnectionStateChange(func(webrtc.ICEConnectionState) {})
	c.restart()
	before := c.frames - 1
	c.keyEvery = 1000
	c.send(webrtc.MimeTypeVP8, 150)
	eventually(t, "frames after the restart", func() bool {
		samples := r.Samples(t, true)
		return rtptest.Number(samples[len(samples)-1]) > before+100
	})
	gaps := 0
	for _, s := range r.Samples(t, true) {
		if s.Gap {
			gaps++
		}
		if want := rtptest.Number(s) > before; (s.Reconnects == 1) != want {
			t.Errorf("frame %d of %d before the restart: after %d reconnections", rtptest.Number(s), before, s.Reconnects)
		}
	}
	c.faults.mu.Lock()
	plis := c.faults.plis
	c.faults.mu.Unlock()
	if gaps == 0 || plis == 0 {
		t.Errorf("%d gaps, %d key frame requests", gaps, plis)
	}
	if got := r.endings(); len(got) != 0 || len(r.streams) != 1 {
		t.Fatalf("the stream did not survive: %d streams, endings %q", len(r.streams), got)
	}
}

// TestNobodyElseIsSentTo lets a client claim another's address as its own, in its offer and later.
func TestNobodyElseIsSentTo(t *testing.T) {
	t.Parallel()
	victim, err := net.ListenPacket("udp4", "127.0.0.1:0")
	must(t, err)
	defer victim.Close()
	candidate := fmt.Sprintf("a=candidate:1 1 udp 2130706431 127.0.0.1 %d typ host\r\n", victim.LocalAddr().(*net.UDPAddr).Port)
	r := newSession()
	_, web := serve(t, r, nil)
	c := publishAs(t, web, webrtc.MimeTypeVP8, func(offer string) string {
		return strings.Replace(offer, "a=candidate:", candidate+"a=candidate:", 1)
	})
	c.waitConnected()
	c.do("PATCH", c.location, fragmentType, c.etag, "a=ice-ufrag:"+attribute(c.pc.LocalDescription().SDP, "ice-ufrag")+
		"\r\na=ice-pwd:"+attribute(c.pc.LocalDescription().SDP, "ice-pwd")+"\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"+candidate, http.StatusNoContent)
	c.send(webrtc.MimeTypeVP8, 60) // lasts two seconds
	must(t, victim.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
	if n, _, err := victim.ReadFrom(make([]byte, 1500)); err == nil {
		t.Errorf("somebody who has nothing to do with it was sent %d bytes", n)
	}
	eventually(t, "frames", func() bool { return len(r.Samples(t, true)) >= 50 })
}

// TestAbruptEnd checks that a publisher that falls silent is removed when the grace is over. Marks wait for media that the network may hold up.
func TestAbruptEnd(t *testing.T) {
	t.Parallel()
	r := newSession()
	_, web := serve(t, r, func(c *Config) { c.Grace = time.Second })
	c := publish(t, web, webrtc.MimeTypeVP8, false)
	c.waitConnected()
	c.send(webrtc.MimeTypeVP8, 60)
	vanish(c)
	eventually(t, "end", func() bool { return len(r.endings()) > 0 })
	if got := r.endings(); len(got) != 1 || got[0] != NetworkDisconnected {
		t.Fatalf("endings: %q", got)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if worst := r.WorstMark(); worst > 4350*time.Millisecond || worst == 0 {
		t.Errorf("a mark fell %v behind real time", worst)
	}
}

// TestCloseWithoutDelete checks that a client that closes its connection without DELETE counts as one that left.
func TestCloseWithoutDelete(t *testing.T) {
	t.Parallel()
	r := newSession()
	_, web := serve(t, r, nil)
	c := publish(t, web, webrtc.MimeTypeVP8, false)
	c.waitConnected()
	c.send(webrtc.MimeTypeVP8, 30)
	must(t, c.pc.Close())
	eventually(t, "end", func() bool { return len(r.endings()) > 0 })
	if got := r.endings(); len(got) != 1 || got[0] != ClientDisconnected {
		t.Fatalf("endings: %q", got)
	}
}

func TestForcedEnd(t *testing.T) {
	t.Parallel()
	r := newSession()
	s, web := serve(t, r, nil)
	c := publish(t, web, webrtc.MimeTypeVP8, false)
	c.waitConnected()
	c.send(webrtc.MimeTypeVP8, 10)
	eventually(t, "stream", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.streams) == 1 })
	s.Disconnect("stream", ForceUnpublished)
	s.Disconnect("stream", ForceDisconnected)
	eventually(t, "end", func() bool { return len(r.endings()) > 0 })
	if got := r.endings(); len(got) != 1 || got[0] != ForceUnpublished {
		t.Fatalf("endings: %q", got)
	}
}

func TestRefusedStream(t *testing.T) {
	t.Parallel()
	r := newSession()
	r.refuse = errors.New("session full")
	s, web := serve(t, r, nil)
	c := publish(t, web, webrtc.MimeTypeVP8, false)
	c.waitConnected()
	c.send(webrtc.MimeTypeVP8, 10)
	eventually(t, "resource gone", func() bool { _, ok := s.Publisher("stream"); return !ok })
	if got := r.endings(); len(got) != 0 {
		t.Fatalf("endings of a stream never published: %q", got)
	}
	eventually(t, "gone", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.gone) == 1 })
}

func TestNeverConnected(t *testing.T) {
	t.Parallel()
	r := newSession()
	s, web := serve(t, r, func(c *Config) { c.Connect = 300 * time.Millisecond })
	c := &client{t: t, web: web}
	c.do("POST", "/v2/session/1_MX4/whip", sdpType, "", browserOffer, http.StatusCreated)
	eventually(t, "resource gone", func() bool { _, ok := s.Publisher("stream"); return !ok })
}

func TestKeyFrameRequest(t *testing.T) {
	t.Parallel()
	r := newSession()
	_, web := serve(t, r, nil)
	c := publish(t, web, webrtc.MimeTypeVP8, false)
	c.waitConnected()
	c.send(webrtc.MimeTypeVP8, 10)
	eventually(t, "stream", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.streams) == 1 })
	for range 20 {
		r.streams[0].KeyFrame()
	}
	eventually(t, "key frame request", func() bool {
		c.faults.mu.Lock()
		defer c.faults.mu.Unlock()
		return c.faults.plis > 0
	})
	c.send(webrtc.MimeTypeVP8, 25) // with a key frame among them
	eventually(t, "the key frame", func() bool { return len(r.Samples(t, true)) >= 30 })
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	if c.faults.plis > 4 {
		t.Errorf("%d key frame requests before the key frame", c.faults.plis)
	}
}

// vanish stops the client's side of the connection, as if its plug was pulled.
func vanish(c *client) {
	c.faults.mu.Lock()
	c.faults.on, c.faults.black = false, true
	c.faults.mu.Unlock()
	_ = c.pc.SCTP().Transport().ICETransport().Stop()
}
