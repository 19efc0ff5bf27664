package sessions_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/callback"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/sessions"
)

// TestSkips checks that a walk reports the time that it adds to recorded time but not to media, and notes it on the timeline.
func TestSkips(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	s.app(t, func(*account.Application) {})
	s.join(t, "anna")
	s.publish(t, "camera", "anna")
	a := s.begin(t)
	advance := func(d time.Duration) []sessions.Skip {
		t.Helper()
		w, err := s.Advance(t.Context(), "app", s.Now("app").Add(d))
		must(t, err)
		for i := range w.Skipped {
			w.Skipped[i].By = w.Skipped[i].By.Round(time.Minute) // without the real time that passed
		}
		return w.Skipped
	}
	if got := advance(90 * time.Minute); !slices.Equal(got, []sessions.Skip{{ArchiveID: a.ID, By: 90 * time.Minute}}) {
		t.Errorf("skipped %+v", got)
	}
	s.Ended("camera", clock.Media(), "clientDisconnected")
	if got := advance(30 * time.Minute); len(got) > 0 {
		t.Errorf("skipped %+v while paused", got)
	}
	s.publish(t, "again", "anna")
	// The walk continues after the four hours of the archive; the archive does not.
	if got := advance(5 * time.Hour); !slices.Equal(got, []sessions.Skip{{ArchiveID: a.ID, By: 150 * time.Minute}}) {
		t.Errorf("skipped %+v", got)
	}
	if a = s.await(t, a.ID, archive.Available); a.Duration != 4*time.Hour {
		t.Errorf("duration %v", a.Duration)
	}
	noted := slices.DeleteFunc(s.recorder.log(), func(call string) bool { return call != "skip 1h30m0s" && call != "skip 2h30m0s" })
	if len(noted) != 2 {
		t.Errorf("noted %q of %q", noted, s.recorder.log())
	}
}

// TestReaction checks that a call made in answer to a webhook takes effect within the walk that sent the webhook, at its instant.
func TestReaction(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	hooks := receive(t)
	started := make(chan archive.Archive, 1)
	hooks.answer = func(c callback.Archive, _ int) int {
		if c.Status == archive.Stopped {
			a, err := s.StartArchive(context.Background(), "app", valid(archive.StartRequest{SessionID: "S"}))
			if err != nil {
				return http.StatusInternalServerError
			}
			started <- a
		}
		return http.StatusOK
	}
	s.app(t, func(a *account.Application) { a.ArchiveCallbackURL = hooks.URL })
	s.join(t, "anna")
	s.publish(t, "camera", "anna")
	began := s.Now("app")
	a := s.begin(t)
	s.advance(t, 6*time.Hour)
	if a, _ = s.Archive(t.Context(), "app", a.ID); a.Status != archive.Available {
		t.Errorf("the first archive is %s", a.Status)
	}
	next := <-started
	if after := next.CreatedAt.Sub(began); after < 4*time.Hour || after > 4*time.Hour+time.Minute {
		t.Errorf("the second archive began %v into the walk, want right after the first had ended", after)
	}
	if got, _ := s.Archive(t.Context(), "app", next.ID); got.Status != archive.Started || got.RecordedBy(s.Now("app")).Round(time.Minute) != 2*time.Hour {
		t.Errorf("the second archive: %+v", got)
	}
}

// TestWalkFiresEverything checks that deadlines at the same time in independent sessions all take effect.
func TestWalkFiresEverything(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	s.app(t, func(*account.Application) {})
	const sessions = 20
	for i := range sessions {
		id := fmt.Sprint("S", i)
		must(t, s.CreateSession(t.Context(), archive.Session{ID: id, ApplicationID: "app", MediaMode: archive.Routed, ArchiveMode: archive.Manual}))
		_, err := s.Connect(t.Context(), "app", id, archive.Connection{ID: "anna" + id})
		must(t, err)
		_, err = s.StartArchive(t.Context(), "app", valid(archive.StartRequest{SessionID: id}))
		must(t, err)
	}
	fired := slices.DeleteFunc(s.advance(t, 2*time.Minute), func(kind string) bool { return kind != "firstPublisher" })
	if len(fired) != sessions {
		t.Errorf("%d of %d deadlines fired", len(fired), sessions)
	}
}

// TestADay has an application that records around the clock. Each archive starts when the one before has stopped, and is uploaded to a bucket
// that refuses every second attempt, with all webhooks. On an idle machine it takes a fifth of a second (see -v).
func TestADay(t *testing.T) {
	t.Parallel()
	var attempts atomic.Int32
	bucket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if attempts.Add(1)%2 == 1 {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header().Set("ETag", `"taken"`)
	}))
	defer bucket.Close()
	s := start(t, t.TempDir())
	hooks := receive(t)
	hooks.answer = func(c callback.Archive, _ int) int {
		if c.Status == archive.Stopped {
			if _, err := s.StartArchive(context.Background(), "app", valid(archive.StartRequest{SessionID: "S"})); err != nil {
				t.Error(err)
			}
		}
		return http.StatusOK
	}
	s.app(t, func(a *account.Application) {
		a.ArchiveCallbackURL, a.SessionCallbackURL = hooks.URL, hooks.URL
		a.Storage = &account.Storage{Type: account.StorageS3, S3: account.S3{AccessKey: "a", SecretKey: "b", Bucket: "c", Endpoint: bucket.URL}}
	})
	s.join(t, "anna")
	s.publish(t, "camera", "anna")
	s.begin(t)
	began := time.Now()
	fired := s.advance(t, 24*time.Hour+time.Minute)
	took := time.Since(began)
	all, total, err := s.Archives(t.Context(), "app", archive.Query{Count: 10})
	must(t, err)
	uploaded := 0
	for _, a := range all {
		if a.Status == archive.Uploaded && a.Duration == 4*time.Hour {
			uploaded++
		}
	}
	if total != 7 || uploaded != 6 {
		t.Errorf("%d archives, %d of them uploaded: fired %v", total, uploaded, fired)
	}
	t.Logf("a day of %d archives and %d webhooks took %v", total, len(hooks.statuses()), took)
}
