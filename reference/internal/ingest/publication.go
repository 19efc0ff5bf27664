package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/offer"
	"reelcheck/reference/internal/ingest/rtp"
	"reelcheck/reference/internal/ingest/unrecorded"
)

const (
	// tick is the period of the work that must happen without packets: reorder deadlines, marks, repeated requests.
	tick = 50 * time.Millisecond
	// publishTimeout limits the time of Sessions.Published.
	publishTimeout = 10 * time.Second
)

// publication is one WHIP resource. Its run goroutine opens, watches and ends it. One goroutine each reads the RTP and the RTCP of a track.
type publication struct {
	server *Server
	who    Publisher
	pc     *webrtc.PeerConnection

	signal sync.Mutex // serialises offers and answers; guards offer and etag
	offer  *offer.Offer
	etag   string

	hasAudio, hasVideo bool // fixed by the first answer

	media     chan av.Instant                 // arrival of the first packet
	states    chan webrtc.ICEConnectionState  // of the connection, in order
	failures  chan webrtc.PeerConnectionState // failed and closed ones
	end       chan string                     // why to end; the first reason counts
	ending    chan struct{}                   // closed when run has taken the reason
	finished  chan struct{}                   // closed when everything has ended
	readers   sync.WaitGroup
	connected func() // called at the first connection and again at the end

	said sync.Map // the [unrecorded.Reason] values that were logged

	log *slog.Logger

	mu       sync.Mutex // guards the fields below
	closing  bool
	seen     bool // media has arrived
	sources  int  // number of RTP streams so far
	receiver rtp.Receiver

	simulcast *offer.Simulcast // fixed by the first offer
	layers    *layers          // nil without simulcast
}

func newPublication(s *Server, who Publisher, o *offer.Offer, pc *webrtc.PeerConnection) *publication {
	p := &publication{
		server: s, who: who, pc: pc, offer: o,
		media:    make(chan av.Instant, 1),
		states:   make(chan webrtc.ICEConnectionState),
		failures: make(chan webrtc.PeerConnectionState),
		end:      make(chan string, 1),
		ending:   make(chan struct{}),
		finished: make(chan struct{}),
	}
	p.log = s.config.Log.With("stream", who.Stream.ID)
	p.receiver.Log, p.receiver.Declared = p.log, o.ParameterSets
	p.receiver.Unrecorded = func(reason unrecorded.Reason, packets int) { p.unrecorded(reason, packets) }
	if o.Simulcast != nil {
		p.simulcast, p.layers = o.Simulcast, newLayers(o.Simulcast.RIDs())
	}
	pc.OnTrack(p.track)
	pc.OnICEConnectionStateChange(func(state webrtc.ICEConnectionState) {
		select {
		case p.states <- state:
		case <-p.ending:
		}
	})
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state != webrtc.PeerConnectionStateFailed && state != webrtc.PeerConnectionStateClosed {
			return
		}
		select {
		case p.failures <- state:
		case <-p.ending:
		}
	})
	return p
}

// stop asks run to end, and does not wait.
func (p *publication) stop(reason string) {
	select {
	case p.end <- reason:
	default:
	}
}

// excess ends a publication that names too many RTP streams.
func (p *publication) excess() {
	p.unrecorded(unrecorded.Streams, 1, "streams", maxSources)
	p.stop(NetworkDisconnected)
}

// unrecorded counts packets that arrived but are not recorded, and logs each reason once. It does not log unrecorded layers of simulcast, which
// are normal.
func (p *publication) unrecorded(reason unrecorded.Reason, packets int, more ...any) {
	p.server.unrecorded[reason].Add(uint64(packets))
	if reason == unrecorded.Layer {
		return
	}
	if _, said := p.said.LoadOrStore(reason, true); !said {
		p.log.Warn("media not recorded", append([]any{"reason", unrecorded.Reasons[reason]}, more...)...)
	}
}

// negotiate answers the first offer.
func (p *publication) negotiate(ctx context.Context) (string, error) {
	p.signal.Lock()
	defer p.signal.Unlock()
	answer, err := p.answer(ctx)
	if err != nil {
		return "", err
	}
	if p.hasAudio, p.hasVideo, err = offer.Accepted(answer); err != nil {
		return "", err
	}
	p.mu.Lock()
	p.receiver.Expect(p.hasAudio, p.hasVideo)
	p.mu.Unlock()
	return p.offer.Complete(answer)
}

// answer applies p.offer and returns the answer with all candidates of the server. It needs p.signal.
func (p *publication) answer(ctx context.Context) (string, error) {
	text, err := p.offer.Text()
	if err != nil {
		return "", err
	}
	err = p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text})
	if err != nil {
		return "", errorf(archive.Invalid, "the offer cannot be used: %v", err)
	}
	if err := prefer(p.pc, p.who.PreferredVideo); err != nil {
		return "", err
	}
	answer, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return "", errorf(archive.Unprocessable, "the offer cannot be answered: %v", err)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(answer); err != nil {
		return "", fmt.Errorf("apply answer: %w", err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", fmt.Errorf("gather candidates: %w", ctx.Err())
	}
	p.etag = newETag()
	return p.pc.LocalDescription().SDP, nil
}

// patch applies a fragment: candidates, or new credentials and candidates (RFC 9725 sections 4.3.1 and 4.3.2).
func (p *publication) patch(ctx context.Context, ifMatch string, f offer.Fragment) (Answer, error) {
	p.signal.Lock()
	defer p.signal.Unlock()
	switch ifMatch {
	case "*", p.etag:
	case "":
		return Answer{}, errorf(archive.PreconditionRequired, "If-Match is required: the ETag of the ICE session, or * to restart ICE")
	default:
		return Answer{}, errorf(archive.PreconditionFailed, "If-Match does not name the current ICE session")
	}
	if ufrag, _ := p.offer.Credentials(); f.Ufrag == "" || f.Ufrag == ufrag {
		return Answer{}, p.trickle(f)
	}
	if f.Password == "" {
		return Answer{}, errorf(archive.Invalid, "a=ice-pwd is missing: new ICE credentials need both")
	}
	p.offer.Restart(f.Ufrag, f.Password)
	if _, err := p.answer(ctx); err != nil {
		return Answer{}, err
	}
	p.cut() // the client sends nothing until it has the new credentials
	if err := p.trickle(f); err != nil {
		return Answer{}, err
	}
	own, err := offer.ParseFragment([]byte(p.pc.LocalDescription().SDP))
	if err != nil {
		return Answer{}, fmt.Errorf("read own answer: %w", err)
	}
	return Answer{SDP: own.Text(p.offer), ETag: p.etag, StreamID: p.who.Stream.ID}, nil
}

func (p *publication) trickle(f offer.Fragment) error {
	for _, c := range f.Candidates {
		init := webrtc.ICECandidateInit{Candidate: "candidate:" + c.Value}
		if c.Mid != "" {
			init.SDPMid = &c.Mid
		}
		if f.Ufrag != "" {
			init.UsernameFragment = &f.Ufrag
		}
		if err := p.pc.AddICECandidate(init); err != nil {
			return errorf(archive.Invalid, "candidate %q cannot be used: %v", c.Value, err)
		}
	}
	return nil
}

// run owns the publication from its answer to its end.
func (p *publication) run() {
	defer close(p.finished)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	now := p.server.config.Now
	deadline := now().Add(p.server.config.Connect) // for the first connection, or for a reconnection
	away := true
	for {
		select {
		case reason := <-p.end:
			p.finish(reason)
			return
		case at := <-p.media:
			if err := p.publish(at); err != nil {
				p.log.Warn("stream refused", "error", err)
				p.stop(ForceDisconnected)
			}
		case state := <-p.states:
			switch state {
			case webrtc.ICEConnectionStateConnected, webrtc.ICEConnectionStateCompleted:
				p.connected()
				if away {
					away = false
					p.again()
				}
			case webrtc.ICEConnectionStateDisconnected, webrtc.ICEConnectionStateFailed,
				webrtc.ICEConnectionStateChecking: // an ICE restart after the first connection
				if !away {
					away, deadline = true, now().Add(p.server.config.Grace)
				}
				if state != webrtc.ICEConnectionStateChecking { // patch has called cut already
					p.cut()
				}
			default:
			}
		case state := <-p.failures:
			p.stop(reasonFor(state))
		case <-ticker.C:
			if away && now() >= deadline {
				p.stop(NetworkDisconnected)
			}
			p.tick()
		}
	}
}

// reasonFor distinguishes a client that closed its connection (DTLS close_notify, as when the page is left) from one whose DTLS failed.
func reasonFor(state webrtc.PeerConnectionState) string {
	if state == webrtc.PeerConnectionStateClosed {
		return ClientDisconnected
	}
	return NetworkDisconnected
}

func (p *publication) publish(at av.Instant) error {
	ctx, cancel := context.WithTimeout(context.Background(), publishTimeout)
	defer cancel()
	who := p.who
	who.Stream.HasAudio, who.Stream.HasVideo = p.hasAudio, p.hasVideo
	sink, err := p.server.sessions.Published(ctx, Publication{Publisher: who, At: at, KeyFrame: p.receiver.RequestKeyFrame, Flush: func() { p.flush(p.server.config.Now()) }})
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.receiver.Begin(sink, p.server.config.Now())
	return nil
}

// cut makes all later media a new segment, because the connection was lost. It does not wait for the reconnection, because media arrives before
// ICE reports it (ARC-IND-06).
func (p *publication) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.receiver.Cut(p.server.config.Now())
}

// again repeats the requests that may have been lost while the connection was away.
func (p *publication) again() {
	p.mu.Lock()
	p.receiver.AskAgain()
	p.mu.Unlock()
}

func (p *publication) tick() {
	p.mu.Lock()
	now := p.server.config.Now()
	feedback := p.receiver.Advance(now)
	if p.layers != nil {
		for _, ssrc := range p.layers.missing(now) {
			feedback = append(feedback, &rtcp.PictureLossIndication{MediaSSRC: ssrc})
		}
	}
	p.mu.Unlock()
	p.write(feedback)
}

func (p *publication) write(feedback []rtcp.Packet) {
	if len(feedback) > 0 {
		_ = p.pc.WriteRTCP(feedback) // repeated while it matters
	}
}

// close ends the connection and waits for all goroutines that read from it. It is called once.
func (p *publication) close() {
	close(p.ending)
	p.mu.Lock()
	p.closing = true
	p.mu.Unlock()
	if err := p.pc.GracefulClose(); err != nil {
		p.log.Debug("close connection", "error", err)
	}
	p.readers.Wait()
}

// flush passes held media to the sink. published is false if there is none.
func (p *publication) flush(at av.Instant) (published bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.receiver.Flush(at)
}

func (p *publication) finish(reason string) {
	p.close()
	p.connected()
	at := p.server.config.Now()
	published := p.flush(at)
	p.server.remove(p)
	if published {
		p.server.sessions.Ended(p.who.Stream.ID, at, reason)
	}
	if p.server.config.Gone != nil {
		p.server.config.Gone(p.who, reason)
	}
}
