package ingest

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/rtp/rtptest"
	"reelcheck/reference/internal/ingest/unrecorded"
)

const ridLines = "a=extmap:4/sendonly urn:ietf:params:rtp-hdrext:sdes:mid\na=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\n" +
	"a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\n"

// TestSimulcastAnswers checks that an answer accepts the offered encodings, keeps paused ones paused, and uses the header extensions of the
// offer.
func TestSimulcastAnswers(t *testing.T) {
	t.Parallel()
	r := newSession()
	s, _ := serve(t, r, nil)
	for name, c := range map[string]struct {
		offered   string
		want      []string // rids
		simulcast string   // "" = none
	}{
		"browser": {"a=rid:hi send\na=rid:mid send\na=rid:lo send\na=simulcast:send hi;mid;lo",
			[]string{"hi recv", "mid recv", "lo recv"}, "recv hi;mid;lo"},
		"paused":       {"a=rid:hi send\na=rid:lo send\na=simulcast:send ~hi;lo", []string{"hi recv", "lo recv"}, "recv ~hi;lo"},
		"alternatives": {"a=rid:1 send\na=rid:2 send\na=rid:3 send\na=simulcast:send 1,2;~3", []string{"1 recv", "3 recv"}, "recv 1;~3"},
		"receives too": {"a=rid:1 send\na=rid:2 send\na=rid:3 recv\na=simulcast:recv 3 send 1;2", []string{"1 recv", "2 recv"}, "recv 1;2"},
		"restrictions": {"a=rid:1 send pt=96,120;max-width=1280\na=rid:2 send pt=120\na=simulcast:send 1;2",
			[]string{"1 recv pt=96;max-width=1280", "2 recv"}, "recv 1;2"},
		"one that cannot be taken": {"a=rid:1 send\na=rid:2 send depend=1\na=rid:3 send\na=rid:4 send max-moons=2\na=simulcast:send 1;2;3;4;5",
			[]string{"1 recv", "3 recv"}, "recv 1;3"},
		"one is left": {"a=rid:1 send\na=rid:2 send depend=1\na=simulcast:send 1;2", nil, ""},
		"twice":       {"a=rid:1 send\na=simulcast:send 1;1;~1", nil, ""},
		"bad names":   {"a=rid:1/ send\na=rid:\xff send\na=simulcast:send 1/;\xff", nil, ""},
		"none":        {"a=rtcp-rsize", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			offer := strings.Replace(browserOffer, "a=rtcp-rsize\n", ridLines+c.offered+"\n", 1)
			answer, err := s.Offer(t.Context(), Publisher{SessionID: "session", Stream: archive.Stream{ID: name}}, offer)
			must(t, err)
			var description sdp.SessionDescription
			must(t, description.UnmarshalString(answer.SDP))
			var rids, extensions []string
			for _, a := range description.MediaDescriptions[1].Attributes {
				switch a.Key {
				case "rid":
					rids = append(rids, a.Value)
				case "extmap":
					extensions = append(extensions, a.Value)
				}
			}
			got, _ := description.MediaDescriptions[1].Attribute("simulcast")
			if got != c.simulcast || !slices.Equal(rids, c.want) {
				t.Errorf("rids %q, simulcast %q; want %q, %q", rids, got, c.want, c.simulcast)
			}
			named := []string{"4 urn:ietf:params:rtp-hdrext:sdes:mid", "10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
				"11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"}
			if c.simulcast == "" {
				named = nil
			}
			if !slices.Equal(extensions, named) || strings.Count(answer.SDP, "simulcast") != min(len(c.want), 1) {
				t.Errorf("answer:\n%s", answer.SDP)
			}
		})
	}
}

// encoding sends one layer as a browser does, with a key frame on request.
type encoding struct {
	c       *client
	track   *webrtc.TrackLocalStaticRTP
	packets rtp.Packetizer
	width   int
	mid     uint8
	id      uint8
	key     atomic.Bool // the next frame is a key frame
	asked   atomic.Int32
	frames  int
}

// publishLayers connects a client that offers three encodings, the smallest first.
func publishLayers(t *testing.T, c *client, widths map[string]int, rids ...string) map[string]*encoding {
	t.Helper()
	engine := &webrtc.MediaEngine{}
	must(t, engine.RegisterDefaultCodecs())
	for _, uri := range []string{sdp.SDESMidURI, sdp.SDESRTPStreamIDURI, sdp.SDESRepairRTPStreamIDURI} {
		must(t, engine.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, webrtc.RTPCodecTypeVideo))
	}
	registry := &interceptor.Registry{}
	must(t, webrtc.RegisterDefaultInterceptors(engine, registry))
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	var err error
	c.pc, err = webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings)).
		NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	c.audio = c.add(webrtc.MimeTypeOpus)
	layers := map[string]*encoding{}
	var sender *webrtc.RTPSender
	for i, rid := range rids {
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", "stream", webrtc.WithRTPStreamID(rid))
		must(t, err)
		if i == 0 {
			transceiver, err := c.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
			must(t, err)
			sender = transceiver.Sender()
		} else {
			must(t, sender.AddEncoding(track))
		}
		layers[rid] = &encoding{c: c, track: track, width: widths[rid],
			packets: rtp.NewPacketizer(1200, 0, 0, &codecs.VP8Payloader{}, rtp.NewRandomSequencer(), 90000)}
	}
	c.offer()
	var reading sync.WaitGroup
	for rid, layer := range layers {
		for _, extension := range sender.GetParameters().HeaderExtensions {
			switch extension.URI {
			case sdp.SDESMidURI:
				layer.mid = uint8(extension.ID)
			case sdp.SDESRTPStreamIDURI:
				layer.id = uint8(extension.ID)
			}
		}
		reading.Go(func() { layer.readFeedback(sender, rid) })
	}
	t.Cleanup(func() {
		_ = c.pc.GracefulClose()
		reading.Wait()
	})
	return layers
}

func (e *encoding) readFeedback(sender *webrtc.RTPSender, rid string) {
	for {
		packets, _, err := sender.ReadSimulcastRTCP(rid)
		if err != nil {
			return
		}
		for _, p := range packets {
			if pli, ok := p.(*rtcp.PictureLossIndication); ok && pli.MediaSSRC == uint32(e.ssrc(sender)) {
				e.asked.Add(1)
				e.key.Store(true)
			}
		}
	}
}

func (e *encoding) ssrc(sender *webrtc.RTPSender) webrtc.SSRC {
	for _, encoding := range sender.GetParameters().Encodings {
		if encoding.RID == e.track.RID() {
			return encoding.SSRC
		}
	}
	return 0
}

// send sends one frame.
func (e *encoding) send() {
	frame := rtptest.Frame(webrtc.MimeTypeVP8, e.frames, e.key.Swap(false), 2000)
	if e.frames++; frame[0]&1 == 0 {
		binary.LittleEndian.PutUint16(frame[6:], uint16(e.width))
		binary.LittleEndian.PutUint16(frame[8:], uint16(e.width*9/16))
	}
	for _, p := range e.packets.Packetize(frame, 1800) {
		must(e.c.t, p.SetExtension(e.mid, []byte("1")))
		if e.id > 0 {
			must(e.c.t, p.SetExtension(e.id, []byte(e.track.RID())))
		}
		must(e.c.t, e.track.WriteRTP(p))
	}
}

// until sends frames of the layers, 50 a second, until happened returns true.
func until(t *testing.T, what string, happened func() bool, layers ...*encoding) {
	t.Helper()
	eventually(t, what, func() bool {
		for _, l := range layers {
			l.send()
		}
		time.Sleep(10 * time.Millisecond)
		return happened()
	})
}

// runs returns the widths of the recorded pictures, one for each run of equal widths.
func runs(t *testing.T, samples []av.Sample) (widths []int) {
	t.Helper()
	width := 0
	for i, s := range samples {
		w, _, key := av.VP8Key(s.Data)
		if key != s.Key {
			t.Fatalf("frame %d: key %v, marked %v", i, key, s.Key)
		}
		if key && w != width {
			width = w
			widths = append(widths, w)
		}
	}
	return widths
}

// TestSimulcast checks that the largest encoding that arrives is recorded.
func TestSimulcast(t *testing.T) {
	t.Parallel()
	r := newSession()
	s, web := serve(t, r, nil)
	c := &client{t: t, web: web, edit: func(offer string) string { return offer }}
	layers := publishLayers(t, c, map[string]int{"lo": 160, "mid": 320, "hi": 640}, "lo", "mid", "hi")
	if !strings.Contains(c.answer, "a=simulcast:recv lo;mid;hi\r\n") {
		t.Fatalf("answer:\n%s", c.answer)
	}
	c.waitConnected()
	lo, mid, hi := layers["lo"], layers["mid"], layers["hi"]
	recorded := func(width, frames int) func() bool {
		return func() bool {
			all := r.Samples(t, true)
			widths := runs(t, all)
			return len(all) >= frames && widths[len(widths)-1] == width
		}
	}
	for _, l := range []*encoding{lo, mid} {
		l.key.Store(true)
	}
	until(t, "the middle one", recorded(320, 50), lo, mid)
	if lo.asked.Load()+hi.asked.Load() > 0 {
		t.Errorf("key frames were asked for that are of no use: %d, %d", lo.asked.Load(), hi.asked.Load())
	}
	before := len(r.Samples(t, true))
	until(t, "the largest one, which begins without a key frame", recorded(640, before+50), lo, mid, hi)
	if hi.asked.Load() == 0 {
		t.Error("no key frame was asked for")
	}
	stopped := len(r.Samples(t, true))
	until(t, "the middle one again", recorded(320, stopped), lo, mid)
	until(t, "the largest one again", recorded(640, stopped), lo, mid, hi)
	all := r.Samples(t, true)
	widths := runs(t, all)
	if widths[0] == 160 { // it may be the first to arrive
		widths = widths[1:]
	}
	if !slices.Equal(widths, []int{320, 640, 320, 640}) {
		t.Errorf("widths %v", widths)
	}
	for i, sample := range all[1:] {
		if gap := sample.Time.Sub(all[i].Time); gap > layerSilence+2*time.Second {
			t.Errorf("%v between frames", gap)
		}
	}
	if n := s.Unrecorded(unrecorded.Layer); n == 0 {
		t.Error("packets of other encodings were not counted")
	}
	if n := s.Unrecorded(unrecorded.Unnegotiated) + s.Unrecorded(unrecorded.Malformed); n > 0 {
		t.Errorf("%d packets were not recorded", n)
	}
}

// simulcastOffer turns an offer into one with two encodings.
func simulcastOffer(offer string) string {
	offer = without(without(offer, "a=ssrc:"), "a=ssrc-group:")
	return strings.Replace(offer, "a=mid:1\r\n", "a=mid:1\r\n"+
		strings.ReplaceAll(ridLines+"a=rid:hi send\na=rid:lo send\na=simulcast:send hi;lo\n", "\n", "\r\n"), 1)
}

// TestSimulcastIsRepaired checks that RTX packets name their encoding only at first, and that a layer is followed to a new RTP stream.
func TestSimulcastIsRepaired(t *testing.T) {
	t.Parallel()
	r := newSession()
	s, web := serve(t, r, nil)
	wire := &raw{write: make(chan interceptor.RTPWriter, 1)}
	c := publishAs(t, web, webrtc.MimeTypeVP8, simulcastOffer, wire)
	c.waitConnected()
	w := <-wire.write
	send := func(ssrc uint32, seq uint16, extension uint8, rid string, payload []byte) {
		h := &rtp.Header{Version: 2, PayloadType: 96, SSRC: ssrc, SequenceNumber: seq, Timestamp: uint32(seq) * 1800, Marker: true}
		if extension == 11 || extension == 0 && ssrc%2 == 1 {
			h.PayloadType = 97
		}
		if extension > 0 {
			must(t, h.SetExtension(extension, []byte(rid)))
		}
		_, err := w.Write(h, payload, nil)
		must(t, err)
	}
	frame := func(n int) []byte {
		return append([]byte{0x10}, rtptest.Frame(webrtc.MimeTypeVP8, n, n == 0 || n == 20, 100)...)
	}
	repair := func(n uint16) []byte { return append(binary.BigEndian.AppendUint16(nil, n), frame(int(n))...) }
	for n := range uint16(20) {
		switch {
		case n == 0:
			send(1000, n, 10, "hi", frame(int(n)))
		case n%7 > 0:
			send(1000, n, 0, "", frame(int(n)))
		}
	}
	eventually(t, "the first packet", func() bool { return s.packets("stream") > 0 })
	send(1001, 7, 11, "hi", repair(7))
	send(1001, 14, 0, "", repair(14))
	eventually(t, "what was repaired", func() bool { return len(r.Samples(t, true)) == 20 })
	send(2000, 20, 10, "nobody", frame(20))
	eventually(t, "what was not offered", func() bool { return s.Unrecorded(unrecorded.Unnegotiated) == 1 })
	send(3000, 20, 10, "hi", frame(20))
	eventually(t, "the new stream", func() bool { return len(r.Samples(t, true)) == 21 })
	send(1000, 21, 0, "", frame(21))
	eventually(t, "the old stream", func() bool { return s.Unrecorded(unrecorded.Superseded) == 1 })
	for i, sample := range r.Samples(t, true) {
		if rtptest.Number(sample) != i || sample.Gap != (i == 20) {
			t.Errorf("frame %d: number %d, gap %v", i, rtptest.Number(sample), sample.Gap)
		}
	}
}

// TestSimulcastAfterRestart checks that a sender need not name its encodings again after an ICE restart.
func TestSimulcastAfterRestart(t *testing.T) {
	t.Parallel()
	r := newSession()
	_, web := serve(t, r, nil)
	c := &client{t: t, web: web, edit: func(offer string) string { return offer }}
	layers := publishLayers(t, c, map[string]int{"lo": 160, "hi": 640}, "lo", "hi")
	c.waitConnected()
	lo, hi := layers["lo"], layers["hi"]
	recorded := func(frames int) func() bool {
		return func() bool { return len(r.Samples(t, true)) >= frames }
	}
	lo.key.Store(true)
	until(t, "frames", recorded(50), lo, hi)
	c.restart()
	lo.id, hi.id = 0, 0
	until(t, "frames after the restart", recorded(len(r.Samples(t, true))+50), lo, hi)
	if all := runs(t, r.Samples(t, true)); all[len(all)-1] != 640 {
		t.Errorf("widths %v", all)
	}
}

// packets returns the number of RTP streams of a publication that are known to carry a layer.
func (s *Server) packets(stream string) int {
	p, err := s.find(stream)
	if err != nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.layers.streams)
}
