package publisher

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// server is a WHIP server that remembers what it receives.
type server struct {
	*httptest.Server
	t *testing.T

	arrived chan struct{} // closed with the first packet
	once    sync.Once

	mu      sync.Mutex
	pcs     []*webrtc.PeerConnection
	queries []string
	packets map[uint32][]arrival
	reports map[uint32][]rtcp.SenderReport
	kinds   map[uint32]string
	deleted int
	offered string // SDP of the last offer
	patched []string
	refuse  bool // refuse PATCH requests
}

type arrival struct {
	rtp.Packet
	at time.Time
}

func serve(t *testing.T) *server {
	s := &server{t: t, arrived: make(chan struct{}), packets: map[uint32][]arrival{}, reports: map[uint32][]rtcp.SenderReport{}, kinds: map[uint32]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/session/{id}/whip", s.offer)
	mux.HandleFunc("DELETE /v2/session/{id}/whip/{stream}", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		s.deleted++
		s.mu.Unlock()
		w.WriteHeader(http.StatusOK)
	})
	mux.HandleFunc("PATCH /v2/session/{id}/whip/{stream}", s.restart)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		s.Close()
		for _, pc := range s.pcs {
			_ = pc.Close()
		}
	})
	return s
}

func (s *server) offer(w http.ResponseWriter, r *http.Request) {
	sdp, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("Content-Type") != "application/sdp" || r.Header.Get("Authorization") != "Bearer token-of-alice" {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	set := webrtc.SettingEngine{}
	set.SetIncludeLoopbackCandidate(true)
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		s.t.Error(err)
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(set)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		s.t.Error(err)
		return
	}
	s.mu.Lock()
	s.pcs = append(s.pcs, pc)
	s.queries = append(s.queries, r.URL.RawQuery)
	s.offered = string(sdp)
	s.mu.Unlock()
	pc.OnTrack(s.receive)
	answer := s.answer(pc, string(sdp))
	w.Header().Set("Location", "/v2/session/s1/whip/0f8fad5b-d9cb-469f-a165-70867728950e")
	w.Header().Set("Content-Type", "application/sdp")
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, answer)
}

// answer accepts an offer and returns the answer with all candidates.
func (s *server) answer(pc *webrtc.PeerConnection, offer string) string {
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		s.t.Error(err)
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		s.t.Error(err)
	}
	if err := pc.SetLocalDescription(answer); err != nil {
		s.t.Error(err)
	}
	<-gathered
	return pc.LocalDescription().SDP
}

// restart answers an ICE restart: it applies the last offer again with the new credentials.
func (s *server) restart(w http.ResponseWriter, r *http.Request) {
	fragment, err := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || s.refuse || r.Header.Get("Content-Type") != "application/trickle-ice-sdpfrag" || r.Header.Get("If-Match") != "*" {
		http.Error(w, "no", http.StatusPreconditionFailed)
		return
	}
	s.patched = append(s.patched, string(fragment))
	s.offered = restarted(s.offered, string(fragment))
	w.Header().Set("Content-Type", "application/trickle-ice-sdpfrag")
	_, _ = io.WriteString(w, fragmentOf(s.answer(s.pcs[len(s.pcs)-1], s.offered)))
}

func (s *server) receive(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	s.mu.Lock()
	s.kinds[uint32(track.SSRC())] = track.Codec().MimeType
	s.mu.Unlock()
	go func() {
		for {
			packets, _, err := receiver.ReadRTCP()
			if err != nil {
				return
			}
			s.mu.Lock()
			for _, p := range packets {
				if sr, ok := p.(*rtcp.SenderReport); ok {
					s.reports[sr.SSRC] = append(s.reports[sr.SSRC], *sr)
				}
			}
			s.mu.Unlock()
		}
	}()
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		s.once.Do(func() { close(s.arrived) })
		s.mu.Lock()
		s.packets[uint32(track.SSRC())] = append(s.packets[uint32(track.SSRC())], arrival{*p, time.Now()})
		s.mu.Unlock()
	}
}

// await polls until ok, called with s locked, returns true.
func (s *server) await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		s.mu.Lock()
		done := ok()
		s.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within 15 s: %s", what)
		}
	}
}

// count returns the number of packets of a kind that have come. Requires s.mu.
func (s *server) count(kind string) int {
	for ssrc, mime := range s.kinds {
		if strings.HasPrefix(mime, kind) {
			return len(s.packets[ssrc])
		}
	}
	return 0
}
