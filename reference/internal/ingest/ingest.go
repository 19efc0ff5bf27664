// Package ingest receives published media over WHIP (RFC 9725) and delivers whole coded samples, in order and with times of the media clock.
//
// A publication is one WHIP resource and one stream of a session. Package offer says what its SDP means, and package rtp turns its packets into
// samples. They go to the Sink that Sessions.Published returned when the first packet arrived.
//
//	server, err := ingest.New(ingest.Config{Listen: ":5004", Now: clock.Media}, sessions)
//	defer server.Close()
//	answer, err := server.Offer(ctx, ingest.Publisher{SessionID: sessionID, Stream: archive.Stream{ID: streamID}}, sdpOffer)
//
// The caller speaks HTTP: it authenticates the client, passes the bodies of POST, PATCH and DELETE to Offer, Patch and Delete, and writes the
// answers. It chooses a new stream id for each offer. It must call Disconnect when a client leaves by other ways, and Close at the end.
package ingest

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/offer"
	"reelcheck/reference/internal/ingest/rtp"
	"reelcheck/reference/internal/ingest/unrecorded"
)

// Reasons for the end of a stream, as the archive's callbacks spell them.
const (
	ClientDisconnected  = "clientDisconnected"
	NetworkDisconnected = "networkDisconnected"
	ForceDisconnected   = "forceDisconnected"
	ForceUnpublished    = "forceUnpublished"
	MediaStopped        = "mediaStopped"
)

// Config is the configuration of a [Server].
type Config struct {
	// Listen is the UDP address to which all publishers send. The default ":0" means every interface and any free port.
	Listen string
	// PublicIPs are offered to publishers in addition to the addresses of the interfaces, for a server behind NAT.
	PublicIPs []string
	// Grace is how long a publisher whose network failed may take to reconnect. The default is 30 s.
	Grace time.Duration
	// Connect is how long a publisher may take from its offer to its first connection. The default is 30 s.
	Connect time.Duration
	// Now returns the media clock.
	Now func() av.Instant
	// Gone, if set, is called once for every accepted offer when its resource has ended, after Sessions.Ended, even if no media ever came.
	Gone func(p Publisher, reason string)
	Log  *slog.Logger
}

// Validate returns an error for the first field that cannot work.
func (c Config) Validate() error {
	if c.Now == nil {
		return fmt.Errorf("ingest: Now is required")
	}
	if c.Grace < 0 || c.Connect < 0 {
		return fmt.Errorf("ingest: Grace and Connect must not be negative")
	}
	for _, ip := range c.PublicIPs {
		if _, err := netip.ParseAddr(ip); err != nil {
			return fmt.Errorf("ingest: public address %q is not an IP address", ip)
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = ":0"
	}
	if c.Grace == 0 {
		c.Grace = 30 * time.Second
	}
	if c.Connect == 0 {
		c.Connect = 30 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Publisher says who publishes what. The caller takes it from the client's token and the query.
type Publisher struct {
	ApplicationID, SessionID string
	Stream                   archive.Stream // HasAudio and HasVideo are set when they are negotiated
	PreferredVideo           av.Codec
}

// Publication is a stream whose first media has arrived.
type Publication struct {
	Publisher
	At       av.Instant // arrival of the first media
	KeyFrame func()     // asks the publisher for a key frame; does not block and may be called from a Sink
	Flush    func()     // passes what has come, and is held, to the Sink; must not be called from a Sink
}

// Sessions receives the beginning and end of streams.
type Sessions interface {
	// Published is called at the first media packet and returns the sink for the stream's media. An error closes the connection.
	Published(ctx context.Context, p Publication) (rtp.Sink, error)
	// Ended is called exactly once for every Published that succeeded, after the last call to its Sink.
	Ended(streamID string, at av.Instant, reason string)
}

// Answer is the answer to an accepted offer.
type Answer struct {
	SDP      string
	ETag     string
	StreamID string
}

func errorf(kind archive.Kind, format string, a ...any) error {
	return &archive.Error{Kind: kind, Message: fmt.Sprintf(format, a...)}
}

// Server owns the media port and all publications. It is safe for concurrent use.
type Server struct {
	config   Config
	sessions Sessions
	engine   *engine

	mu           sync.Mutex // guards the fields below
	publications map[string]*publication
	waiting      map[string]int // by session: number of offers without a connection yet
	closed       bool
	running      sync.WaitGroup

	unrecorded map[unrecorded.Reason]*atomic.Uint64 // packets
}

// New opens the media port. The caller must close the Server.
func New(config Config, sessions Sessions) (*Server, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	engine, err := newEngine(config)
	if err != nil {
		return nil, err
	}
	s := &Server{config: config, sessions: sessions, engine: engine, publications: map[string]*publication{}, waiting: map[string]int{}}
	s.unrecorded = map[unrecorded.Reason]*atomic.Uint64{}
	for reason := range unrecorded.Reasons {
		s.unrecorded[reason] = &atomic.Uint64{}
	}
	return s, nil
}

// Unrecorded returns the number of packets that arrived but were not recorded, for one of [unrecorded.Reasons].
func (s *Server) Unrecorded(reason unrecorded.Reason) uint64 { return s.unrecorded[reason].Load() }

// Addr returns the UDP address on which media is received.
func (s *Server) Addr() net.Addr { return s.engine.conn.LocalAddr() }

// Close ends all publications, waits for them and closes the media port.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	for _, p := range s.publications {
		p.stop(NetworkDisconnected)
	}
	s.mu.Unlock()
	s.running.Wait()
	return s.engine.close()
}

// Offer opens a publication. ctx limits the exchange of offer and answer, not the publication.
func (s *Server) Offer(ctx context.Context, who Publisher, sdpOffer string) (answer Answer, err error) {
	leave, err := s.admit(who.SessionID)
	if err != nil {
		return Answer{}, err
	}
	defer func() {
		if err != nil {
			leave()
		}
	}()
	o, err := offer.Parse([]byte(sdpOffer))
	if err != nil {
		return Answer{}, err
	}
	received := &buffers{}
	pc, err := s.engine.connection(received, o.Passive())
	if err != nil {
		return Answer{}, fmt.Errorf("open connection of stream %s: %w", who.Stream.ID, err)
	}
	p := newPublication(s, who, o, pc)
	received.excess, received.unrecorded, p.connected = p.excess, p.unrecorded, leave
	text, err := p.negotiate(ctx)
	if err == nil {
		err = s.add(p)
	}
	if err != nil {
		p.close()
		return Answer{}, err
	}
	return Answer{SDP: text, ETag: p.etag, StreamID: who.Stream.ID}, nil
}

// Limits for offers whose media has not arrived yet, in a session and in all. Each costs 250 KB and 14 goroutines.
const (
	maxWaitingInSession = 100
	maxWaiting          = 500
)

// admit counts an offer as waiting until leave is called. leave may be called more than once.
func (s *Server) admit(sessionID string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := 0
	for _, n := range s.waiting {
		all += n
	}
	if s.waiting[sessionID] >= maxWaitingInSession || all >= maxWaiting {
		return nil, errorf(archive.Unavailable, "too many offers are waiting for their connections")
	}
	s.waiting[sessionID]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.waiting[sessionID]--; s.waiting[sessionID] == 0 {
			delete(s.waiting, sessionID)
		}
	}), nil
}

// add starts p, unless its id is taken or the server is closing.
func (s *Server) add(p *publication) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errorf(archive.Unavailable, "the server is shutting down")
	}
	if s.publications[p.who.Stream.ID] != nil {
		return errorf(archive.Conflict, "stream %q exists already", p.who.Stream.ID)
	}
	s.publications[p.who.Stream.ID] = p
	s.running.Go(p.run)
	return nil
}

func (s *Server) remove(p *publication) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.publications, p.who.Stream.ID)
}

func (s *Server) find(streamID string) (*publication, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.publications[streamID]; p != nil {
		return p, nil
	}
	return nil, errorf(archive.NotFound, "no stream %q is being published", streamID)
}

// Publisher returns the publisher of a stream.
func (s *Server) Publisher(streamID string) (Publisher, bool) {
	p, err := s.find(streamID)
	if err != nil {
		return Publisher{}, false
	}
	return p.who, true
}

// Patch applies a trickle ICE fragment to the ICE session with the entity tag ifMatch; "*" means the current one. If the fragment has new
// credentials, it restarts ICE, and the answer has the server's fragment and the new entity tag. Otherwise the SDP of the answer is empty.
func (s *Server) Patch(ctx context.Context, streamID, ifMatch, sdpFragment string) (Answer, error) {
	p, err := s.find(streamID)
	if err != nil {
		return Answer{}, err
	}
	f, err := offer.ParseFragment([]byte(sdpFragment))
	if err != nil {
		return Answer{}, errorf(archive.Invalid, "the body is not a valid trickle ICE fragment: %v", err)
	}
	return p.patch(ctx, ifMatch, f)
}

// Delete ends a publication at its client's request. It returns after Sessions.Ended has returned.
func (s *Server) Delete(ctx context.Context, streamID string) error {
	p, err := s.find(streamID)
	if err != nil {
		return err
	}
	p.stop(ClientDisconnected)
	select {
	case <-p.finished:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("end stream %s: %w", streamID, ctx.Err())
	}
}

// Disconnect ends a publication for a reason of the server; Sessions.Ended is called later. It does nothing if the stream is unknown.
func (s *Server) Disconnect(streamID, reason string) {
	if p, err := s.find(streamID); err == nil {
		p.stop(reason)
	}
}

func newETag() string { return `"` + rand.Text() + `"` }
