package publisher

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
)

func TestReconnectRestartsICEAndGoesOnWithTheSameTracks(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p, j := publish(t, s, Options{Video: "vp8-01", Audio: "tone-01"})
	s.await(t, "media", func() bool { return s.count("video") > 0 && s.count("audio") > 0 })
	if err := p.Disconnect(); err != nil {
		t.Fatal(err)
	}
	if err := p.Disconnect(); err == nil {
		t.Error("disconnected twice")
	}
	time.Sleep(100 * time.Millisecond) // what is still on its way
	var video, audio int
	s.await(t, "", func() bool { video, audio = s.count("video"), s.count("audio"); return true })
	time.Sleep(300 * time.Millisecond)
	s.await(t, "", func() bool {
		if s.count("video") != video || s.count("audio") != audio {
			t.Errorf("%d packets came without a network", s.count("video")+s.count("audio")-video-audio)
		}
		return true
	})
	if err := p.Reconnect(context.Background(), "reconnect.alice"); err != nil {
		t.Fatal(err)
	}
	s.await(t, "media again", func() bool { return s.count("video") > video && s.count("audio") > audio+10 })
	if err := p.Stop(context.Background(), "unpublish.alice"); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pcs) != 1 || len(s.patched) != 1 || strings.Count(s.patched[0], "a=ice-ufrag:") != 1 {
		t.Errorf("%d connections, restarts %q", len(s.pcs), s.patched)
	}
	tracks := j.View().Tracks().Records
	if len(tracks) != 2 || len(s.kinds) != 2 {
		t.Fatalf("%d tracks in the evidence, %d received; want 2", len(tracks), len(s.kinds))
	}
	for _, r := range tracks {
		checkAway(t, s, r.Published)
	}
}

// checkAway compares the received units with those that the evidence says were sent.
func checkAway(t *testing.T, s *server, pub *evidence.Published) {
	t.Helper()
	if len(pub.Away) != 1 || pub.Away[0].To.Sub(pub.Away[0].From) < 400*time.Millisecond || len(pub.Muted) != 1 || len(pub.Unsent) != 1 {
		t.Fatalf("%s: away %v, muted %v, unsent %v", pub.Kind, pub.Away, pub.Muted, pub.Unsent)
	}
	checkUnits(t, s, pub)
	gap := pub.Unsent[0]
	if before, after := pub.Captured(gap.From), pub.Captured(gap.To); before.Sub(pub.Away[0].From).Abs() > 100*time.Millisecond+pub.Late || after.Before(pub.Away[0].To.Add(-pub.Late)) {
		t.Errorf("%s: units %v unsent, from %v to %v; away %v", pub.Kind, gap, before, after, pub.Away[0])
	}
	if pub.Kind == "video" && gap.To%30 != 0 {
		t.Errorf("video goes on with unit %d, which is no key frame", gap.To)
	}
}

// checkUnits compares the received RTP timestamps with those of the units sent. Requires s.mu.
func checkUnits(t *testing.T, s *server, pub *evidence.Published) {
	t.Helper()
	got := s.packets[pub.SSRC]
	if len(got) == 0 {
		t.Fatalf("%s: nothing received", pub.Kind)
	}
	ticks := map[string]uint32{"video": 3000, "audio": 960}[pub.Kind]
	seen := map[int64]bool{}
	for _, a := range got {
		n := int64((a.Timestamp - got[0].Timestamp) / ticks)
		if !pub.Sent(n) {
			t.Fatalf("%s: unit %d was received; %d were due, without %v", pub.Kind, n, pub.Due(), pub.Unsent)
		}
		seen[n] = true
	}
	if len(seen) < pub.Units-2 {
		t.Errorf("%s: %d units received of %d", pub.Kind, len(seen), pub.Units)
	}
}

func TestARefusedRestartIsTheTargetsDoing(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.refuse = true
	p, _ := publish(t, s, Options{Audio: "tone-01"})
	<-s.arrived
	if err := p.Disconnect(); err != nil {
		t.Fatal(err)
	}
	err := p.Reconnect(context.Background(), "reconnect.alice")
	var refused *target.RefusedError
	if !errors.As(err, &refused) || refused.Status != http.StatusPreconditionFailed || refused.Label != "reconnect.alice" {
		t.Errorf("error %v, want a refusal with 412", err)
	}
	if err := p.Abandon(); err != nil {
		t.Error(err)
	}
}

func TestUnitsLagBehindTheirCaptureAndReportsComeLate(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const lag, after = 150 * time.Millisecond, 600 * time.Millisecond
	p, j := publish(t, s, Options{Video: "vp8-02", Audio: "tone-02", VideoLag: lag, ReportsAfter: after, VideoType: "screen"})
	s.await(t, "two reports of each track", func() bool {
		enough := len(s.reports) == 2
		for _, reports := range s.reports {
			enough = enough && len(reports) >= 2
		}
		return enough
	})
	if err := p.Stop(context.Background(), "unpublish.alice"); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queries[0] != "videoType=screen" {
		t.Errorf("query %q", s.queries[0])
	}
	for _, r := range j.View().Tracks().Records {
		pub := r.Published
		want := map[string]time.Duration{"video": lag, "audio": 0}[pub.Kind]
		if pub.Lag != want || pub.VideoType != "screen" {
			t.Errorf("%s: lag %v, want %v; videoType %q", pub.Kind, pub.Lag, want, pub.VideoType)
		}
		if late := pub.Reported.Sub(pub.Epoch); late < after || late > after+50*time.Millisecond+pub.Late {
			t.Errorf("%s: the first report left after %v, want %v", pub.Kind, late, after)
		}
		if left := pub.First.Sub(pub.Epoch); left < want || left > want+pub.Late+10*time.Millisecond {
			t.Errorf("%s: the first unit left after %v, want %v", pub.Kind, left, want)
		}
		checkUnits(t, s, pub)
	}
	checkOffset(t, s, j.View().Tracks()) // both were captured at the epoch all the same
}
