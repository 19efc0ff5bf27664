package control_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/control"
	"reelcheck/reference/internal/session"
)

// TestSkips: what a walk adds to recorded time and not to media is reported, and noted where the media is.
func TestSkips(t *testing.T) {
	s := start(t, t.TempDir())
	s.app(t, func(*session.Application) {})
	s.join(t, "anna")
	s.publish(t, "camera", "anna")
	a := s.begin(t)
	advance := func(d time.Duration) []control.Skip {
		t.Helper()
		w, err := s.Advance(t.Context(), "app", s.Now("app").Add(d))
		must(t, err)
		for i := range w.Skipped {
			w.Skipped[i].By = w.Skipped[i].By.Round(time.Second)
		}
		return w.Skipped
	}
	if got := advance(90 * time.Minute); !slices.Equal(got, []control.Skip{{ArchiveID: a.ID, By: 90 * time.Minute}}) {
		t.Errorf("skipped %+v", got)
	}
	s.Ended("camera", clock.Media(), "clientDisconnected")
	if got := advance(30 * time.Minute); len(got) > 0 {
		t.Errorf("skipped %+v while paused", got)
	}
	s.publish(t, "again", "anna")
	// The walk goes on after the archive's four hours; the archive does not.
	if got := advance(5 * time.Hour); !slices.Equal(got, []control.Skip{{ArchiveID: a.ID, By: 150 * time.Minute}}) {
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

// TestReaction: an application that answers a webhook with a call is served within the walk that sent the webhook, at its instant.
func TestReaction(t *testing.T) {
	s := start(t, t.TempDir())
	hooks := receive(t)
	var next archive.Archive
	hooks.answer = func(c control.Callback, _ int) int {
		if c.Status == archive.Stopped && next.ID == "" {
			a, err := s.StartArchive(context.Background(), "app", archive.StartRequest{SessionID: "S"})
			if err != nil {
				return http.StatusInternalServerError
			}
			next = a
		}
		return http.StatusOK
	}
	s.app(t, func(a *session.Application) { a.ArchiveCallbackURL = hooks.URL })
	s.join(t, "anna")
	s.publish(t, "camera", "anna")
	began := s.Now("app")
	a := s.begin(t)
	s.advance(t, 6*time.Hour)
	if a, _ = s.Archive(t.Context(), "app", a.ID); a.Status != archive.Available {
		t.Errorf("the first archive is %s", a.Status)
	}
	if after := next.CreatedAt.Sub(began); after < 4*time.Hour || after > 4*time.Hour+time.Minute {
		t.Errorf("the second archive began %v into the walk, want right after the first had ended", after)
	}
	if got, _ := s.Archive(t.Context(), "app", next.ID); got.Status != archive.Started || got.RecordedBy(s.Now("app")).Round(time.Minute) != 2*time.Hour {
		t.Errorf("the second archive: %+v", got)
	}
}

// TestWalkFiresEverything: also what falls due together, in sessions that do not know of each other.
func TestWalkFiresEverything(t *testing.T) {
	s := start(t, t.TempDir())
	s.app(t, func(*session.Application) {})
	const sessions = 20
	for i := range sessions {
		id := fmt.Sprint("S", i)
		must(t, s.CreateSession(t.Context(), archive.Session{ID: id, ApplicationID: "app", MediaMode: archive.Routed, ArchiveMode: archive.Manual}))
		_, err := s.Connect(t.Context(), "app", id, archive.Connection{ID: "anna" + id})
		must(t, err)
		_, err = s.StartArchive(t.Context(), "app", archive.StartRequest{SessionID: id})
		must(t, err)
	}
	fired := slices.DeleteFunc(s.advance(t, 2*time.Minute), func(kind string) bool { return kind != "firstPublisher" })
	if len(fired) != sessions {
		t.Errorf("%d of %d deadlines fired", len(fired), sessions)
	}
}
