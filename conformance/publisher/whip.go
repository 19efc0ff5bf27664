package publisher

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"sync"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/webrtc/v4"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// WHIP publishes with pion over WHIP (RFC 9725), and connects by WebSocket.
type WHIP struct {
	// At holds the addresses. openapi.yaml has the defaults.
	At config.WHIP
	// Now is the clock of the media; nil is the wall clock.
	Now func() time.Time
}

var _ Driver = WHIP{}

// Publish implements Driver.
func (w WHIP) Publish(ctx context.Context, o Options) (Publication, error) {
	loaded, err := tracks(o)
	if err != nil {
		return nil, err
	}
	if o.Within == 0 {
		o.Within = 15 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, o.Within)
	defer cancel()
	now := w.Now
	if now == nil {
		now = time.Now
	}
	w.At.Default()
	values := o.Values()
	if values.ConnectionID == "" {
		if values.ConnectionID, err = w.present(ctx, o.Entry()); err != nil {
			return nil, err
		}
	}
	p := &publication{options: o, at: w.At.Publish, values: values, now: now, quit: make(chan struct{}), ended: make(chan struct{}), connected: make(chan struct{}), again: make(chan struct{}, 1), gone: make(chan struct{})}
	if err := p.open(loaded); err != nil {
		return nil, fmt.Errorf("client %s: %w", o.Name, err)
	}
	if err := p.negotiate(ctx); err != nil {
		_ = p.close()
		return nil, err
	}
	if err := p.awaitConnected(ctx); err != nil {
		_ = p.close()
		return nil, err
	}
	p.start()
	return p, nil
}

// publication is one PeerConnection with its senders.
type publication struct {
	options  Options
	at       config.Endpoint
	values   config.Values
	now      func() time.Time
	cable    *cable
	mux      interface{ Close() error }
	pc       *webrtc.PeerConnection
	senders  []*sender
	header   http.Header // of its requests
	resource string      // absolute URL
	streamID string

	answer             string        // SDP of the target
	connected, gone    chan struct{} // closed by the state handler
	again              chan struct{} // gets a value with every connection
	onceUp, onceDown   sync.Once
	quit               chan struct{} // closed to end the send loop
	ended              chan struct{} // closed when it has ended
	readers            sync.WaitGroup
	endOnce, closeOnce sync.Once
	mu                 sync.Mutex // guards reason
	reason             string
	words              chan word      // to be written to the evidence while media flows
	telling            sync.WaitGroup // counts the goroutine that writes words
	failure            error          // why the send loop could not write evidence; read after ended
}

func (p *publication) StreamID() string       { return p.streamID }
func (p *publication) Ended() <-chan struct{} { return p.ended }

// open makes the PeerConnection with one sendonly transceiver per track.
func (p *publication) open(loaded []*track) (err error) {
	if p.cable, err = newCable(p.options.Client.Base); err != nil {
		return err
	}
	m := &webrtc.MediaEngine{}
	if err := p.register(m, loaded); err != nil {
		return err
	}
	r := &interceptor.Registry{}
	responder, err := nack.NewResponderInterceptor()
	if err != nil {
		return err
	}
	r.Add(responder) // and no sender reports of pion, since ours are exact
	s := webrtc.SettingEngine{}
	mux := webrtc.NewICEUDPMux(nil, p.cable)
	p.mux = mux
	s.SetICEUDPMux(mux)
	s.SetIncludeLoopbackCandidate(true)
	api := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(r), webrtc.WithSettingEngine(s))
	if p.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return err
	}
	p.pc.OnConnectionStateChange(p.stateChanged)
	for _, t := range loaded {
		s, err := newSender(p.pc, t, p.options)
		if err != nil {
			return err
		}
		p.senders = append(p.senders, s)
		s.rtp.Transport().OnStateChange(p.transportChanged)
		p.readers.Go(s.drainRTCP)
	}
	return nil
}

func (p *publication) stateChanged(s webrtc.PeerConnectionState) {
	switch s {
	case webrtc.PeerConnectionStateConnected:
		p.onceUp.Do(func() { close(p.connected) })
		select {
		case p.again <- struct{}{}:
		default:
		}
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		p.onceDown.Do(func() { close(p.gone) })
	default:
	}
}

// transportChanged notices a peer that closes the connection: DTLS reports that long before ICE.
func (p *publication) transportChanged(s webrtc.DTLSTransportState) {
	if s == webrtc.DTLSTransportStateClosed || s == webrtc.DTLSTransportStateFailed {
		p.onceDown.Do(func() { close(p.gone) })
	}
}

// negotiate posts the offer and applies the answer. A refusal is a *target.RefusedError.
func (p *publication) negotiate(ctx context.Context) error {
	if err := p.offer(ctx, nil); err != nil {
		return err
	}
	o := p.options
	call := target.Call{
		Label: o.Label, Operation: evidence.PublishStream, Method: p.at.Method,
		Body: []byte(p.pc.LocalDescription().SDP), Type: "application/sdp", As: evidence.AsClient,
		IDs: map[string]string{evidence.Session: o.Session},
	}
	var err error
	if call.Path, call.Header, err = addressed(p.at, p.values); err != nil {
		return err
	}
	p.header = call.Header
	if o.ConnectionID != "" {
		call.IDs[evidence.Connection] = o.ConnectionID
	}
	a, err := o.Client.Do(ctx, call)
	if err != nil {
		return err
	}
	refused := func(err error) error { return &target.RefusedError{Label: o.Label, Status: a.Status, Err: err} }
	if a.Status != http.StatusCreated {
		return refused(fmt.Errorf("WHIP offer answered %d, want 201", a.Status))
	}
	if p.resource, err = resolve(a.Exchange.Request.URL, a.Header.Get("Location")); err != nil {
		return refused(err)
	}
	p.streamID = path.Base(p.resource)
	p.answer = string(a.Body)
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: p.answer}); err != nil {
		return refused(fmt.Errorf("SDP answer: %w", err))
	}
	return nil
}

// offer creates and sets the local description, with all candidates.
func (p *publication) offer(ctx context.Context, how *webrtc.OfferOptions) error {
	offer, err := p.pc.CreateOffer(how)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	select {
	case <-gathered:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("client %s: gathering candidates: %w", p.options.Name, ctx.Err())
	}
}

// resolve makes the Location of a WHIP resource absolute.
func resolve(base, location string) (string, error) {
	if location == "" {
		return "", errors.New("201 without Location")
	}
	b, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	l, err := b.Parse(location)
	if err != nil {
		return "", fmt.Errorf("location %q: %w", location, err)
	}
	l.RawQuery = ""
	return l.String(), nil
}

func (p *publication) awaitConnected(ctx context.Context) error {
	select {
	case <-p.connected:
		return nil
	case <-p.gone:
		return &target.RefusedError{Label: p.options.Label, Err: errors.New("the peer connection failed")}
	case <-ctx.Done():
		return &target.RefusedError{Label: p.options.Label, Err: fmt.Errorf("no peer connection within %v", p.options.Within)}
	}
}

// Stop implements Publication.
func (p *publication) Stop(ctx context.Context, label string) error {
	err := p.end("delete")
	o := p.options
	_, derr := o.Client.Do(ctx, target.Call{
		Label: label, Operation: evidence.DeletePublication, Method: http.MethodDelete, Path: p.resource, Header: p.header, As: evidence.AsClient,
		IDs: map[string]string{evidence.Session: o.Session, evidence.Stream: p.streamID},
	})
	return errors.Join(err, derr, p.close())
}

// Abandon implements Publication.
func (p *publication) Abandon() error {
	p.cable.cut()
	return errors.Join(p.end("abrupt"), p.close())
}

// end stops the send loop and waits until its last records are in the evidence.
func (p *publication) end(reason string) error {
	p.endOnce.Do(func() {
		p.mu.Lock()
		p.reason = reason
		p.mu.Unlock()
		close(p.quit)
	})
	<-p.ended
	return p.failure
}

// close releases the connection and waits for its goroutines.
func (p *publication) close() error {
	var err error
	p.closeOnce.Do(func() {
		if p.pc != nil {
			err = p.pc.Close()
		}
		p.readers.Wait()
		if p.mux != nil {
			err = errors.Join(err, p.mux.Close())
		}
		if cerr := p.cable.Close(); cerr != nil && !errors.Is(cerr, errClosed) {
			err = errors.Join(err, cerr)
		}
	})
	return err
}

func codecKind(kind string) webrtc.RTPCodecType {
	if kind == "audio" {
		return webrtc.RTPCodecTypeAudio
	}
	return webrtc.RTPCodecTypeVideo
}

func codecParameters(codec string) webrtc.RTPCodecParameters {
	feedback := []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}}
	video := func(mime, fmtp string, pt webrtc.PayloadType) webrtc.RTPCodecParameters {
		return webrtc.RTPCodecParameters{PayloadType: pt, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: mime, ClockRate: 90000, SDPFmtpLine: fmtp, RTCPFeedback: feedback}}
	}
	switch codec {
	case "VP8":
		return video(webrtc.MimeTypeVP8, "", 96)
	case "VP9":
		return video(webrtc.MimeTypeVP9, "profile-id=0", 98)
	case "H264":
		return video(webrtc.MimeTypeH264, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", 102)
	default:
		return webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1",
			RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}}}}
	}
}
