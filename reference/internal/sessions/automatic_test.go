package sessions_test

import (
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
)

// automatic creates an application with an automatically archived session.
func (s *server) automatic(t *testing.T, hook string) {
	t.Helper()
	must(t, s.store.CreateApplication(t.Context(), account.Application{ID: "app", APIKey: 1, Fallback: true, CreatedAt: time.Now(), ArchiveCallbackURL: hook}))
	must(t, s.CreateSession(t.Context(), archive.Session{ID: "S", ApplicationID: "app", MediaMode: archive.Routed, ArchiveMode: archive.Always, ArchiveName: "show"}))
}

func (s *server) archives(t *testing.T) []archive.Archive {
	t.Helper()
	list, _, err := s.Archives(t.Context(), "app", archive.Query{SessionID: "S", Count: 10})
	must(t, err)
	slices.Reverse(list)
	return list
}

func TestAutomaticArchivesOverlapInRealTime(t *testing.T) {
	t.Parallel()
	hooks := receive(t)
	s := start(t, t.TempDir())
	s.automatic(t, hooks.URL)
	alice := s.join(t, "alice")
	if len(alice.Session.Archives) != 1 || alice.Session.Archives[0].Name != "show" {
		t.Fatalf("the first client finds %+v", alice.Session.Archives)
	}
	if n := <-alice.C; n.Kind != archive.ArchiveStarted || n.ArchiveID != alice.Session.Archives[0].ID || n.Name != "show" {
		t.Errorf("the first client is told %+v", n)
	}
	s.publish(t, "camera", "alice")
	if _, err := s.StopArchive(t.Context(), "app", s.archives(t)[0].ID); err == nil {
		t.Error("an automatic archive can be stopped")
	}

	began := s.Now("app")
	target := began.Add(5 * time.Hour)
	walk, err := s.Advance(t.Context(), "app", target)
	must(t, err)
	if now := s.Now("app"); len(walk.Fired) != 1 || walk.Fired[0].Kind != "overlap" || now.Sub(began) > 4*time.Hour+time.Minute {
		t.Fatalf("the walk fired %v and ended after %v", walk.Fired, now.Sub(began))
	}
	both := s.archives(t)
	inTime := s.Now("app").Sub(began) < 4*time.Hour // on a very busy machine the overlap may be over already
	if len(both) != 2 || inTime && both[0].Status != archive.Started || both[1].Status != archive.Started {
		t.Fatalf("in the overlap: %+v", both)
	}
	_, err = s.Advance(t.Context(), "app", target)
	must(t, err)
	if now := s.Now("app"); now.Before(target) {
		t.Errorf("the walk ended %v early", target.Sub(now))
	}
	first, second := s.archives(t)[0], s.archives(t)[1]
	if first.Duration != 4*time.Hour || first.Reason != archive.ReasonMaxDuration || second.Status != archive.Started {
		t.Errorf("after the overlap: %+v, %+v", first, second)
	}
	if overlap := first.StoppedAt.Sub(second.EffectiveAt); overlap < archive.Overlap/2 || overlap > archive.Overlap+2*time.Second {
		t.Errorf("overlap of %v", overlap)
	}

	must(t, s.Disconnect(t.Context(), "S", "alice", "clientDisconnected"))
	if got := s.advance(t, time.Minute); !slices.Equal(got, []string{"lastClient"}) {
		t.Errorf("fired %v", got)
	}
	if got := s.archives(t)[1].Reason; got != archive.ReasonSessionEnd {
		t.Errorf("the last archive ended for %q", got)
	}
}
