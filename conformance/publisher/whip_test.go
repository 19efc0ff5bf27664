package publisher

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
)

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
	t.Parallel()
	s := serve(t)
	p, j := publish(t, s, Options{Video: "vp8-01", Audio: "tone-01", ConnectionID: "c1", StreamName: "alice & co"})
	if got := p.StreamID(); got != "0f8fad5b-d9cb-469f-a165-70867728950e" {
		t.Errorf("stream id %q", got)
	}
	s.await(t, "two reports of each track", func() bool {
		enough := len(s.reports) == 2
		for _, reports := range s.reports {
			enough = enough && len(reports) >= 2
		}
		return enough
	})
	early := time.Now()
	if err := p.Stop(context.Background(), "unpublish.alice"); err != nil {
		t.Fatal(err)
	}
	late := time.Now()
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
		checkPace(t, r.Published, early, late)
	}
	checkOffset(t, s, tracks)
}

// checkTrack compares the received packets with what the evidence says was sent.
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

// checkPace counts the units that were sent until an instant between early and late.
func checkPace(t *testing.T, pub *evidence.Published, early, late time.Time) {
	t.Helper()
	units := func(d time.Duration) int { return int(d.Seconds() * pub.Rate) }
	least, most := units(early.Sub(pub.Epoch)-pub.Late)-2, units(late.Sub(pub.Epoch))+1
	if pub.Units < least || pub.Units > most {
		t.Errorf("%s: %d units from %v to %v or %v, want %d to %d", pub.Kind, pub.Units, pub.Epoch, early, late, least, most)
	}
}

// checkOffset computes from the sender reports when the first units were captured. It must be exactly the same instant.
func checkOffset(t *testing.T, s *server, tracks evidence.View) {
	t.Helper()
	var captured []time.Duration
	for _, r := range tracks.Records {
		pub := r.Published
		reports := s.reports[pub.SSRC]
		if len(reports) < 2 {
			t.Fatalf("%s: %d sender reports", pub.Kind, len(reports))
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
	t.Parallel()
	s := serve(t)
	p, j := publish(t, s, Options{Video: "h264-01", Audio: "tone-02"})
	s.await(t, "video", func() bool { return s.count("video") > 0 })
	muted := time.Now()
	if err := p.Mute("video", true); err != nil {
		t.Fatal(err)
	}
	var sound, pictures int
	s.await(t, "sound", func() bool { sound = s.count("audio"); return true })
	s.await(t, "sound while the video is muted", func() bool { pictures = s.count("video"); return s.count("audio") > sound+25 })
	unmuted := time.Now()
	if err := p.Mute("video", false); err != nil {
		t.Fatal(err)
	}
	s.await(t, "video again", func() bool { return s.count("video") > pictures })
	if err := p.Stop(context.Background(), "unpublish.alice"); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
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
		checkUnits(t, s, pub)
		if len(pub.Unsent) != 1 || pub.Unsent[0].To%30 != 0 {
			t.Errorf("units %v unsent, want those up to a key frame", pub.Unsent)
		}
		from, to := pub.Muted[0].From, pub.Muted[0].To
		if from.Before(muted) || to.Before(unmuted) || to.Sub(pub.Epoch)%time.Second > 60*time.Millisecond+pub.Late {
			t.Errorf("video muted from %v to %v of %v, asked for from %v to %v; key frames are at whole seconds", from, to, pub.Epoch, muted, unmuted)
		}
		gap := time.Duration(0)
		for i, packets := 1, s.packets[pub.SSRC]; i < len(packets); i++ {
			gap = max(gap, time.Duration(packets[i].Timestamp-packets[i-1].Timestamp)*time.Second/90000)
		}
		if gap < to.Sub(from)-pub.Late {
			t.Errorf("a gap of %v was received, want one from %v to %v", gap, from, to)
		}
	}
}

func TestAbandonTellsTheTargetNothing(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p, j := publish(t, s, Options{Audio: "tone-03"})
	closed := make(chan webrtc.PeerConnectionState, 8)
	s.mu.Lock()
	s.pcs[0].OnConnectionStateChange(func(state webrtc.PeerConnectionState) { closed <- state })
	s.mu.Unlock()
	<-s.arrived
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

// ended returns a channel of the states that end a connection.
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
	t.Parallel()
	s := serve(t)
	p, j := publish(t, s, Options{Audio: "tone-03"})
	<-s.arrived // a peer can only say goodbye once its own side is connected
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
	t.Parallel()
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
