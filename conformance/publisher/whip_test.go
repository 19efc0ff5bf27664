package publisher

import (
	"context"
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

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
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
	s.mu.Unlock()
	pc.OnTrack(s.receive)
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: string(sdp)}); err != nil {
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
	w.Header().Set("Location", "/v2/session/s1/whip/0f8fad5b-d9cb-469f-a165-70867728950e")
	w.Header().Set("Content-Type", "application/sdp")
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, pc.LocalDescription().SDP)
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

func publish(t *testing.T, s *server, o Options) (*publication, *evidence.Journal) {
	t.Helper()
	j, err := evidence.Create(t.TempDir(), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	o.Client = &target.Client{Base: s.URL, Scenario: "publisher", Journal: j}
	o.Label, o.Name, o.Session, o.Token = "publish.alice", "alice", "s1", "token-of-alice"
	p, err := WHIP{}.Publish(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p.(*publication), j
}

func TestPublishSendsFixturesAtTheirPaceOnOneClock(t *testing.T) {
	s := serve(t)
	p, j := publish(t, s, Options{Video: "vp8-01", Audio: "tone-01", ConnectionID: "c1", StreamName: "alice & co"})
	if got := p.StreamID(); got != "0f8fad5b-d9cb-469f-a165-70867728950e" {
		t.Errorf("stream id %q", got)
	}
	time.Sleep(2200 * time.Millisecond)
	if err := p.Stop(context.Background(), "unpublish.alice"); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deleted != 1 || s.queries[0] != "connectionId=c1&name=alice+%26+co" {
		t.Errorf("deleted %d times, query %q", s.deleted, s.queries[0])
	}
	tracks := j.View().Tracks()
	if len(tracks.Records) != 2 {
		t.Fatalf("%d tracks in the evidence, want 2", len(tracks.Records))
	}
	for _, r := range tracks.Records {
		checkTrack(t, s, r)
	}
	checkOffset(t, s, tracks)
}

// checkTrack holds the packets received against what the evidence says was sent.
func checkTrack(t *testing.T, s *server, r evidence.Record) {
	t.Helper()
	pub := r.Published
	got := s.packets[pub.SSRC]
	if !pub.Ended || pub.Reason != "delete" || r.IDs[evidence.Stream] == "" {
		t.Errorf("%s: ended %v for %q, ids %v", pub.Kind, pub.Ended, pub.Reason, r.IDs)
	}
	if want := map[string]string{"VP8": "video/VP8", "Opus": "audio/opus"}[pub.Codec]; s.kinds[pub.SSRC] != want {
		t.Errorf("%s arrived as %q, want %q", pub.Codec, s.kinds[pub.SSRC], want)
	}
	if int64(len(got)) < pub.Packets-2 || pub.Packets == 0 {
		t.Errorf("%s: %d packets received of %d", pub.Kind, len(got), pub.Packets)
	}
	if want := int(2.2 * pub.Rate); pub.Units < want-3 || pub.Units > want+6 {
		t.Errorf("%s: %d units in 2.2 s, want about %d", pub.Kind, pub.Units, want)
	}
	clock := map[string]float64{"video": 90000, "audio": 48000}[pub.Kind]
	stamps := map[uint32]bool{}
	for i := 1; i < len(got); i++ {
		stamps[got[i].Timestamp] = true
		if step := got[i].Timestamp - got[i-1].Timestamp; step != 0 && float64(step) != clock/pub.Rate {
			t.Fatalf("%s: timestamp step %d, want %v", pub.Kind, step, clock/pub.Rate)
		}
	}
	if len(stamps) < pub.Units-2 {
		t.Errorf("%s: %d timestamps for %d units", pub.Kind, len(stamps), pub.Units)
	}
}

// checkOffset computes from the sender reports when the first units were captured: the same instant exactly.
func checkOffset(t *testing.T, s *server, tracks evidence.View) {
	t.Helper()
	var captured []time.Duration
	for _, r := range tracks.Records {
		pub := r.Published
		reports := s.reports[pub.SSRC]
		if len(reports) < 2 {
			t.Fatalf("%s: %d sender reports in 2.2 s", pub.Kind, len(reports))
		}
		clock := map[string]float64{"video": 90000, "audio": 48000}[pub.Kind]
		for _, sr := range reports {
			since := float64(int32(sr.RTPTime-s.packets[pub.SSRC][0].Timestamp)) / clock
			at := time.Duration((float64(sr.NTPTime>>32) - 2208988800 - float64(pub.Epoch.Unix()) + float64(sr.NTPTime&0xffffffff)/(1<<32) - since) * 1e9)
			captured = append(captured, at-time.Duration(pub.Epoch.Nanosecond()))
		}
	}
	for _, at := range captured {
		if at.Abs() > 100*time.Microsecond {
			t.Errorf("first unit captured %v from the epoch by the sender reports: %v", at, captured)
		}
	}
}

func TestMuteLeavesAGapAndResumesWithAKeyFrame(t *testing.T) {
	s := serve(t)
	p, j := publish(t, s, Options{Video: "h264-01", Audio: "tone-02"})
	time.Sleep(500 * time.Millisecond)
	if err := p.Mute("video", true); err != nil {
		t.Fatal(err)
	}
	time.Sleep(800 * time.Millisecond)
	if err := p.Mute("video", false); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1200 * time.Millisecond)
	if err := p.Stop(context.Background(), "unpublish.alice"); err != nil {
		t.Fatal(err)
	}
	for _, r := range j.View().Tracks().Records {
		pub := r.Published
		if pub.Kind == "audio" {
			if len(pub.Muted) != 0 {
				t.Errorf("audio muted %v", pub.Muted)
			}
			continue
		}
		if len(pub.Muted) != 1 || pub.Muted[0].To.IsZero() {
			t.Fatalf("video muted %v", pub.Muted)
		}
		from, to := pub.Muted[0].From.Sub(pub.Epoch), pub.Muted[0].To.Sub(pub.Epoch)
		if from < 400*time.Millisecond || from > 700*time.Millisecond || to.Round(time.Second)-to > 60*time.Millisecond || to-to.Round(time.Second) > 60*time.Millisecond+pub.Late {
			t.Errorf("video muted from %v to %v; key frames are at whole seconds", from, to)
		}
	}
}

func TestAbandonTellsTheTargetNothing(t *testing.T) {
	s := serve(t)
	p, j := publish(t, s, Options{Audio: "tone-03"})
	closed := make(chan webrtc.PeerConnectionState, 8)
	s.mu.Lock()
	s.pcs[0].OnConnectionStateChange(func(state webrtc.PeerConnectionState) { closed <- state })
	s.mu.Unlock()
	time.Sleep(300 * time.Millisecond)
	if err := p.Abandon(); err != nil {
		t.Fatal(err)
	}
	select {
	case state := <-ended(closed):
		t.Errorf("the server saw %v", state)
	case <-time.After(700 * time.Millisecond):
	}
	if r, ok := j.View().Tracks().Last(); !ok || r.Published.Reason != "abrupt" || s.deleted != 0 {
		t.Errorf("evidence %+v, deleted %d", r.Published, s.deleted)
	}
}

// ended passes on the states that end a connection.
func ended(states <-chan webrtc.PeerConnectionState) <-chan webrtc.PeerConnectionState {
	out := make(chan webrtc.PeerConnectionState, 8)
	go func() {
		for s := range states {
			if s > webrtc.PeerConnectionStateConnected {
				out <- s
			}
		}
	}()
	return out
}

func TestPublishEndsWhenThePeerCloses(t *testing.T) {
	s := serve(t)
	p, j := publish(t, s, Options{Audio: "tone-03"})
	<-s.arrived // until its side is connected, a peer cannot say goodbye
	s.mu.Lock()
	_ = s.pcs[0].Close()
	s.mu.Unlock()
	select {
	case <-p.Ended():
	case <-time.After(10 * time.Second):
		t.Fatal("still sending")
	}
	if r, ok := j.View().Tracks().Last(); !ok || r.Published.Reason != "peer" {
		t.Errorf("evidence %+v", r.Published)
	}
	if err := p.Abandon(); err != nil {
		t.Error(err)
	}
}

func TestRefusedOffersAreTheTargetsDoing(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"403":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"no location": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) },
		"bad sdp": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/x")
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, "v=0\r\nnonsense")
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			srv := httptest.NewServer(h)
			defer srv.Close()
			j, err := evidence.Create(t.TempDir(), evidence.About{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = WHIP{}.Publish(context.Background(), Options{Client: &target.Client{Base: srv.URL, Journal: j}, Label: "publish.alice", Name: "alice",
				Session: "s1", Token: "t", Audio: "tone-01"})
			if _, ok := err.(*target.RefusedError); !ok {
				t.Errorf("error %v, want a refusal", err)
			}
			if n := len(j.View().Exchanges().Records); n != 1 {
				t.Errorf("%d exchanges recorded, want 1", n)
			}
		})
	}
}
