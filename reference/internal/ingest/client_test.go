package ingest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"reelcheck/reference/internal/ingest/rtp/rtptest"
)

// client is a WHIP publisher.
type client struct {
	t        *testing.T
	web      *httptest.Server
	pc       *webrtc.PeerConnection
	video    *webrtc.TrackLocalStaticSample
	audio    *webrtc.TrackLocalStaticSample
	faults   *faults
	location string
	etag     string
	answer   string
	edit     func(offer string) string // changes the offer on its way to the server
	frames   int
	keyEvery int // frames from one key frame to the next
	packets  int
}

// faults drops and delays packets between the publisher's NACK responder and the wire.
type faults struct {
	interceptor.NoOp
	mu    sync.Mutex
	on    bool
	black bool // if set, no packet is sent
	count int
	seen  map[uint32]bool
	held  func()
	plis  int
}

func (f *faults) set(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on = on
}

func (f *faults) NewInterceptor(string) (interceptor.Interceptor, error) { return f, nil }

func (f *faults) BindLocalStream(info *interceptor.StreamInfo, w interceptor.RTPWriter) interceptor.RTPWriter {
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		id := info.SSRC<<16 ^ uint32(h.SequenceNumber)
		if !f.on || f.seen[id] {
			if f.black {
				return len(payload), nil
			}
			return w.Write(h, payload, a)
		}
		f.seen[id] = true
		f.count++
		switch {
		case f.count%7 == 3: // lost once; repeated on request
			return len(payload), nil
		case f.count%11 == 5 && f.held == nil: // overtaken by the next packet
			header, data := h.Clone(), bytes.Clone(payload)
			f.held = func() { _, _ = w.Write(&header, data, a) }
			return len(payload), nil
		}
		n, err := w.Write(h, payload, a)
		if f.held != nil {
			f.held()
			f.held = nil
		}
		return n, err
	})
}

// publish connects a client that sends Opus, and video as mime unless mime is "".
func publish(t *testing.T, web *httptest.Server, mime string, trickle bool) *client {
	t.Helper()
	return publishAs(t, web, mime, func(offer string) string {
		if trickle {
			offer = without(offer, "a=candidate:")
		}
		return offer
	})
}

// publishAs connects with an offer changed by edit, and sends packets through more interceptors. The first one is the last before the wire.
func publishAs(t *testing.T, web *httptest.Server, mime string, edit func(offer string) string, more ...interceptor.Factory) *client {
	t.Helper()
	c := &client{t: t, web: web, faults: &faults{seen: map[uint32]bool{}}, edit: edit, keyEvery: 25}
	engine := &webrtc.MediaEngine{}
	must(t, engine.RegisterDefaultCodecs())
	registry := &interceptor.Registry{}
	for _, f := range more {
		registry.Add(f)
	}
	registry.Add(c.faults)
	sender, err := report.NewSenderInterceptor(report.SenderInterval(200 * time.Millisecond))
	must(t, err)
	registry.Add(sender)
	responder, err := nack.NewResponderInterceptor()
	must(t, err)
	registry.Add(responder)
	engine.RegisterFeedback(webrtc.RTCPFeedback{Type: "nack"}, webrtc.RTPCodecTypeAudio)
	engine.RegisterFeedback(webrtc.RTCPFeedback{Type: "nack"}, webrtc.RTPCodecTypeVideo)
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICETimeouts(time.Second, 30*time.Second, 200*time.Millisecond)
	api := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry),
		webrtc.WithSettingEngine(settings))
	c.pc, err = api.NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	c.audio = c.add(webrtc.MimeTypeOpus)
	if mime != "" {
		c.video = c.add(mime)
	}
	c.offer()
	var reading sync.WaitGroup
	for _, sender := range c.pc.GetSenders() {
		reading.Go(func() { c.readFeedback(sender) }) // pion answers NACKs only while somebody reads RTCP
	}
	t.Cleanup(func() {
		_ = c.pc.GracefulClose()
		reading.Wait()
	})
	return c
}

func (c *client) add(mime string) *webrtc.TrackLocalStaticSample {
	c.t.Helper()
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, mime, "stream")
	must(c.t, err)
	_, err = c.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	must(c.t, err)
	return track
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (c *client) do(method, path, contentType, ifMatch, body string, want int) (*http.Response, string) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.web.URL+path, strings.NewReader(body))
	must(c.t, err)
	request.Header.Set("Content-Type", contentType)
	if ifMatch != "" {
		request.Header.Set("If-Match", ifMatch)
	}
	response, err := c.web.Client().Do(request)
	must(c.t, err)
	text, err := io.ReadAll(response.Body)
	must(c.t, err)
	must(c.t, response.Body.Close())
	if response.StatusCode != want {
		c.t.Fatalf("%s %s: %s, want %d: %s", method, path, response.Status, want, text)
	}
	return response, string(text)
}

// offer posts the offer and connects. The offer has all candidates, unless it is edited.
func (c *client) offer() {
	c.t.Helper()
	offer, err := c.pc.CreateOffer(nil)
	must(c.t, err)
	gathered := webrtc.GatheringCompletePromise(c.pc)
	must(c.t, c.pc.SetLocalDescription(offer))
	<-gathered
	text := c.edit(c.pc.LocalDescription().SDP)
	response, answer := c.do("POST", "/v2/session/1_MX4/whip", sdpType, "", text, http.StatusCreated)
	c.location, c.etag, c.answer = response.Header.Get("Location"), response.Header.Get("ETag"), answer
	if c.location != "/v2/session/1_MX4/whip/stream" || c.etag == "" || response.Header.Get("Content-Type") != sdpType {
		c.t.Fatalf("answer headers: %v", response.Header)
	}
	must(c.t, c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
}

// restart restarts ICE.
func (c *client) restart() {
	c.t.Helper()
	offer, err := c.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	must(c.t, err)
	gathered := webrtc.GatheringCompletePromise(c.pc)
	must(c.t, c.pc.SetLocalDescription(offer))
	<-gathered
	local := c.pc.LocalDescription().SDP
	fragment := "a=ice-ufrag:" + attribute(local, "ice-ufrag") + "\r\na=ice-pwd:" + attribute(local, "ice-pwd") + "\r\n"
	for line := range strings.Lines(local) {
		if strings.HasPrefix(line, "a=candidate:") {
			fragment += line
		}
	}
	response, own := c.do("PATCH", c.location, fragmentType, "*", fragment, http.StatusOK)
	if tag := response.Header.Get("ETag"); tag == "" || tag == c.etag {
		c.t.Fatalf("entity tag after the restart: %q, before: %q", tag, c.etag)
	}
	answer := without(without(without(c.answer, "a=candidate:"), "a=ice-ufrag:"), "a=ice-pwd:")
	answer = strings.Replace(answer, "m=audio", "a=ice-ufrag:"+attribute(own, "ice-ufrag")+
		"\r\na=ice-pwd:"+attribute(own, "ice-pwd")+"\r\nm=audio", 1)
	must(c.t, c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
	for line := range strings.Lines(own) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "a="); ok && strings.HasPrefix(value, "candidate:") {
			must(c.t, c.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: value}))
		}
	}
}

func without(sdp, prefix string) string {
	var kept []string
	for line := range strings.Lines(sdp) {
		if !strings.HasPrefix(line, prefix) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func (c *client) waitConnected() {
	c.t.Helper()
	eventually(c.t, "client connected", func() bool {
		return c.pc.ConnectionState() == webrtc.PeerConnectionStateConnected
	})
}

// send sends n video frames at 50/s, each with an Opus packet. It keeps to the schedule even after being late. Every 25th frame is a key frame
// of many packets.
func (c *client) send(mime string, n int) {
	c.t.Helper()
	due := time.Now()
	for range n {
		if c.video != nil {
			key, size := c.frames%c.keyEvery == 0, 900
			if key {
				size = 12000
			}
			must(c.t, c.video.WriteSample(media.Sample{
				Data: rtptest.Frame(mime, c.frames, key, size), Duration: 20 * time.Millisecond,
			}))
			c.frames++
		}
		opus := binary.BigEndian.AppendUint32([]byte{31 << 3}, uint32(c.packets))
		must(c.t, c.audio.WriteSample(media.Sample{Data: opus, Duration: 20 * time.Millisecond}))
		c.packets++
		due = due.Add(20 * time.Millisecond)
		time.Sleep(time.Until(due))
	}
}

func (c *client) readFeedback(sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			if strings.Contains(fmt.Sprintf("%T", p), "PictureLoss") {
				c.faults.mu.Lock()
				c.faults.plis++
				c.faults.mu.Unlock()
			}
		}
	}
}
