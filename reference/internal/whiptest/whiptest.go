// Package whiptest publishes fixtures over WHIP, on the loopback interface, for tests of the running server.
package whiptest

import (
	"cmp"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/webrtc/v4"

	"reelcheck/fixtures"
)

// Deadlines of a test.
const (
	connectWithin = 15 * time.Second
	behind        = 10 * time.Second // additional time for a busy machine that sends late
)

// Options says who publishes what.
type Options struct {
	URL       string // of the server
	SessionID string
	Token     string // client token
	Video     string // fixture, for example vp8-01; "" = none
	Tone      string // fixture, for example tone-01; "" = none
	VideoType string // "" = camera
	Client    string // connection of the same token to which the stream belongs; "" = a new one

	// Frames and Packets are media to send instead of fixtures: video at 30 frames/s, Opus packets of 20 ms.
	Frames, Packets [][]byte
	Codec           string // codec of Frames: VP8 (or ""), VP9, H264
	Order           []int  // for each frame the number with which it is shown, if frames are sent in another order (B slices)
	Payloads        bool   // each frame is sent as the payload of one packet, unchanged
	Then            string // fixture that replaces the video after Switch, possibly in another codec
	Once            bool   // send everything once, then stay connected and send nothing

	Offer func(sdp string) string // returns the SDP to offer instead; nil = the real one
}

// Publisher is a published stream. It sends its fixtures in a loop, in real time, until Stop, Abandon or the end of the test.
type Publisher struct {
	tb       testing.TB
	options  Options
	pc       *webrtc.PeerConnection
	tracks   []*track
	resource string // URL
	wire     raw
	sending  sync.WaitGroup
	readers  sync.WaitGroup
	quit     chan struct{} // closed to end the send loop
	done     chan struct{} // closed when it has ended
	once     sync.Once

	mu      sync.Mutex // guards the rest
	sent    int        // video frames, or Opus packets when there is no video
	waiting map[int]chan struct{}
}

// Publish connects a publisher and returns when media flows.
func Publish(tb testing.TB, o Options) *Publisher {
	tb.Helper()
	p := &Publisher{tb: tb, options: o, quit: make(chan struct{}), done: make(chan struct{}), waiting: map[int]chan struct{}{}}
	p.loadTracks()
	p.loadOwn()
	p.loadThen()
	connected := p.open()
	tb.Cleanup(p.Abandon)
	p.negotiate()
	select {
	case <-connected:
	case <-time.After(connectWithin):
		tb.Fatalf("whip: no peer connection within %v", connectWithin)
	}
	p.sending.Go(p.send)
	return p
}

func (p *Publisher) loadTracks() {
	p.tb.Helper()
	manifest, err := fixtures.Load()
	must(p.tb, err)
	if p.options.Video != "" {
		v, err := manifest.Video(p.options.Video)
		must(p.tb, err)
		frames, err := v.Frames()
		must(p.tb, err)
		t := newTrack(v.Codec, 90000/v.FPS)
		for _, f := range frames {
			t.units = append(t.units, f.Data)
		}
		p.tracks = append(p.tracks, t)
	}
	if p.options.Tone != "" {
		tone, err := manifest.Tone(p.options.Tone)
		must(p.tb, err)
		packets, err := tone.Packets()
		must(p.tb, err)
		t := newTrack(tone.Codec, 48*tone.PacketMS)
		for _, packet := range packets {
			t.units = append(t.units, packet.Data)
		}
		p.tracks = append(p.tracks, t)
	}
}

// loadOwn loads the media in Options that are not fixtures.
func (p *Publisher) loadOwn() {
	if p.options.Frames != nil {
		t := newTrack(cmp.Or(p.options.Codec, "VP8"), 90000/30)
		if p.options.Payloads {
			t.packetizer = t.packets(asIs{}, rand.Uint32())
		}
		t.units, t.order = p.options.Frames, p.options.Order
		p.tracks = append(p.tracks, t)
	}
	if p.options.Packets != nil {
		t := newTrack("Opus", 48*20)
		t.units = p.options.Packets
		p.tracks = append(p.tracks, t)
	}
}

// loadThen loads the fixture that replaces the first track.
func (p *Publisher) loadThen() {
	p.tb.Helper()
	if p.options.Then == "" {
		return
	}
	manifest, err := fixtures.Load()
	must(p.tb, err)
	v, err := manifest.Video(p.options.Then)
	must(p.tb, err)
	frames, err := v.Frames()
	must(p.tb, err)
	then := newTrack(v.Codec, 90000/v.FPS)
	then.codec.PayloadType++
	for _, f := range frames {
		then.units = append(then.units, f.Data)
	}
	p.tracks[0].then = then
}

// open creates the PeerConnection. connected is closed when the connection is up.
func (p *Publisher) open() (connected <-chan struct{}) {
	p.tb.Helper()
	engine := &webrtc.MediaEngine{}
	for _, t := range p.tracks {
		must(p.tb, engine.RegisterCodec(t.codec, t.kind()))
		if t.then != nil {
			must(p.tb, engine.RegisterCodec(t.then.codec, t.kind()))
		}
	}
	registry := &interceptor.Registry{}
	registry.Add(&p.wire) // interceptors that are added later write through it
	reports, err := report.NewSenderInterceptor()
	must(p.tb, err)
	registry.Add(reports)
	responder, err := nack.NewResponderInterceptor()
	must(p.tb, err)
	registry.Add(responder)
	settings := webrtc.SettingEngine{}
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetInterfaceFilter(func(name string) bool { return strings.HasPrefix(name, "lo") })
	api := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings))
	p.pc, err = api.NewPeerConnection(webrtc.Configuration{})
	must(p.tb, err)
	up, once := make(chan struct{}), sync.Once{}
	p.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(up) })
		}
	})
	for _, t := range p.tracks {
		sender, err := t.add(p.pc)
		must(p.tb, err)
		p.readers.Go(func() { drain(sender) })
	}
	return up
}

// drain reads feedback, because pion answers NACKs only while somebody reads.
func drain(sender *webrtc.RTPSender) {
	buf := make([]byte, 1500)
	for {
		if _, _, err := sender.Read(buf); err != nil {
			return
		}
	}
}

// negotiate exchanges the descriptions, with all candidates in them.
func (p *Publisher) negotiate() {
	p.tb.Helper()
	offer, err := p.pc.CreateOffer(nil)
	must(p.tb, err)
	gathered := webrtc.GatheringCompletePromise(p.pc)
	must(p.tb, p.pc.SetLocalDescription(offer))
	<-gathered
	path := p.options.URL + "/v2/session/" + url.PathEscape(p.options.SessionID) + "/whip"
	query := url.Values{"videoType": {cmp.Or(p.options.VideoType, "camera")}}
	if p.options.Client != "" {
		query.Set("connectionId", p.options.Client)
	}
	path += "?" + query.Encode()
	sdp := p.pc.LocalDescription().SDP
	if p.options.Offer != nil {
		sdp = p.options.Offer(sdp)
	}
	response, answer := p.do(http.MethodPost, path, sdp)
	if response.StatusCode != http.StatusCreated {
		p.tb.Fatalf("whip: offer answered %s: %s", response.Status, answer)
	}
	location, err := response.Location()
	must(p.tb, err)
	p.resource = location.String()
	must(p.tb, p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
}

func (p *Publisher) do(method, path, body string) (*http.Response, string) {
	p.tb.Helper()
	kind := ""
	if body != "" {
		kind = "application/sdp"
	}
	return p.exchange(method, path, kind, body)
}

func (p *Publisher) exchange(method, path, kind, body string) (*http.Response, string) {
	p.tb.Helper()
	request, err := http.NewRequestWithContext(p.tb.Context(), method, path, strings.NewReader(body))
	must(p.tb, err)
	request.Header.Set("Authorization", "Bearer "+p.options.Token)
	request.Header.Set("If-Match", "*")
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := http.DefaultClient.Do(request)
	must(p.tb, err)
	text, err := io.ReadAll(response.Body)
	must(p.tb, errors.Join(err, response.Body.Close()))
	return response, string(text)
}

// Stop unpublishes with a WHIP DELETE.
func (p *Publisher) Stop() {
	p.tb.Helper()
	p.end()
	if response, text := p.do(http.MethodDelete, p.resource, ""); response.StatusCode/100 != 2 {
		p.tb.Errorf("whip: DELETE answered %s: %s", response.Status, text)
	}
	p.Abandon()
}

// Abandon ends without deleting the WHIP resource. It may be called more than once.
func (p *Publisher) Abandon() {
	p.end()
	_ = p.pc.GracefulClose() // an error does not matter any more
	p.readers.Wait()
}

func (p *Publisher) end() {
	p.once.Do(func() { close(p.quit) })
	p.sending.Wait()
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("whip: %v", err)
	}
}
