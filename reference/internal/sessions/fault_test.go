package sessions_test

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/fault"
	"reelcheck/reference/internal/store"
)

// TestStorageFault checks that the upload succeeds once the target works again.
func TestStorageFault(t *testing.T) {
	t.Parallel()
	backend := s3mem.New()
	must(t, backend.CreateBucket(t.Context(), "reels"))
	arrived := 0
	s3 := gofakes3.New(backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { arrived++; s3.ServeHTTP(w, r) }))
	defer server.Close()
	s := start(t, t.TempDir())
	s.app(t, func(a *account.Application) {
		a.Storage = &account.Storage{Type: account.StorageS3, S3: account.S3{AccessKey: "a", SecretKey: "b", Bucket: "reels", Endpoint: server.URL}}
	})
	s.board.Arm("app", fault.Fault{Kind: fault.Storage, Times: 3, Mode: fault.Status, Status: 503})
	s.join(t, "anna")
	s.publish(t, "camera", "anna")
	a := s.begin(t)
	_, err := s.StopArchive(t.Context(), "app", a.ID)
	must(t, err)
	for limit := s.Now("app").Add(time.Minute); len(s.board.Armed("app")) > 0 && s.Now("app").Before(limit); {
		s.advance(t, time.Second) // less than the wait between attempts, so that no deadline comes
	}
	if a, err = s.Archive(t.Context(), "app", a.ID); err != nil || a.Status != archive.Stopped || arrived > 0 || len(s.board.Armed("app")) != 0 {
		t.Errorf("%s, %d requests, armed %+v, %v", a.Status, arrived, s.board.Armed("app"), err)
	}
	s.advance(t, time.Minute)
	if a, err = s.Archive(t.Context(), "app", a.ID); err != nil || a.Status != archive.Uploaded || arrived == 0 || len(s.board.Armed("app")) != 0 {
		t.Errorf("%s, %d requests, armed %+v, %v", a.Status, arrived, s.board.Armed("app"), err)
	}
}

// TestWebhookFault checks that a receiver that was unreachable gets all webhooks in order once it is back, and a replayed one again.
func TestWebhookFault(t *testing.T) {
	t.Parallel()
	s, r := start(t, t.TempDir()), receive(t)
	s.app(t, func(a *account.Application) { a.ArchiveCallbackURL = r.URL })
	s.board.Arm("app", fault.Fault{Kind: fault.Webhook, Times: 2, Mode: fault.Refused})
	s.join(t, "anna")
	s.publish(t, "camera", "anna")
	a := s.begin(t)
	_, err := s.StopArchive(t.Context(), "app", a.ID)
	must(t, err)
	s.await(t, a.ID, archive.Available)
	s.advance(t, 4*time.Second)
	r.want(t)
	s.advance(t, time.Minute)
	r.want(t, archive.Started, archive.Stopped, archive.Available)
	log, err := s.store.Deliveries(t.Context(), "app", 10)
	must(t, err)
	if len(log) != 3 || log[2].Attempts != 3 || log[0].Attempts != 1 || log[0].LastStatus != 200 || log[2].Outcome != store.Delivered {
		t.Errorf("log %+v", log)
	}
	must(t, s.store.ReplayDelivery(t.Context(), "app", log[1].ID, s.Now("app")))
	r.want(t, archive.Started, archive.Stopped, archive.Available, archive.Stopped)
	if err := s.store.ReplayDelivery(t.Context(), "other", log[1].ID, s.Now("app")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("replayed for another application: %v", err)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	s, r := start(t, t.TempDir()), receive(t)
	before := s.app(t, func(a *account.Application) { a.ArchiveCallbackURL = r.URL })
	sub := s.join(t, "anna")
	s.publish(t, "camera", "anna")
	s.begin(t)
	s.advance(t, time.Hour)
	must(t, s.ResetApplication(t.Context(), "app"))
	for range sub.C { // until the channel is closed: the client was disconnected
	}
	due, err := s.Deadlines(t.Context(), "app")
	must(t, err)
	_, total, err := s.Archives(t.Context(), "app", archive.Query{Count: 1})
	must(t, err)
	log, err := s.store.Deliveries(t.Context(), "app", 10)
	must(t, err)
	if len(due) > 0 || total > 0 || len(log) > 0 || s.Offset("app") != 0 {
		t.Errorf("left: %v due, %d archives, %d deliveries, clock %v ahead", due, total, len(log), s.Offset("app"))
	}
	if _, err := s.Session(t.Context(), "app", "S"); err == nil {
		t.Error("the session is left")
	}
	after, err := s.store.Application(t.Context(), "app")
	if err != nil || after.ClockOffset != 0 || after.ArchiveCallbackURL != before.ArchiveCallbackURL {
		t.Errorf("%+v, %v", after, err)
	}
	if err := s.ResetApplication(t.Context(), "none"); err == nil {
		t.Error("an unknown application was reset")
	}
}

// TestNobodyJoinsAfterReset checks that a client that comes while its session is removed is disconnected or refused.
func TestNobodyJoinsAfterReset(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	s.app(t, func(*account.Application) {})
	s.join(t, "anna")
	var removed atomic.Bool
	var clients sync.WaitGroup
	for range 16 { // so that somebody waits to join at any time
		clients.Go(func() {
			for {
				after := removed.Load()
				if _, err := s.Connect(t.Context(), "app", "S", archive.Connection{ID: rand.Text()}); err != nil {
					return
				}
				if after {
					t.Error("a client joined a session that had been removed")
					return
				}
			}
		})
	}
	time.Sleep(5 * time.Millisecond)
	must(t, s.ResetApplication(t.Context(), "app"))
	removed.Store(true)
	clients.Wait()
}

// TestStoreIsFull checks that a failed commit changes nothing, and that events nobody will report again are retried.
func TestStoreIsFull(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	s.app(t, func(*account.Application) {})
	s.join(t, "anna")
	s.publish(t, "camera", "anna")
	refuse := func(n int32) { s.refusals.Store(n) }
	refuse(1)
	if _, err := s.StartArchive(t.Context(), "app", valid(archive.StartRequest{SessionID: "S"})); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("start: %v", err)
	}
	a := s.begin(t)
	refuse(1)
	if _, err := s.StopArchive(t.Context(), "app", a.ID); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("stop: %v", err)
	}
	if a, _ = s.Archive(t.Context(), "app", a.ID); a.Status != archive.Started {
		t.Fatalf("the archive is %s, and the call that stopped it was refused", a.Status)
	}
	s.recorder.hold = make(chan struct{})
	_, err := s.StopArchive(t.Context(), "app", a.ID)
	must(t, err)
	refuse(2)
	close(s.recorder.hold)
	if a = s.await(t, a.ID, archive.Available); a.Size == 0 {
		t.Errorf("archive %+v", a)
	}
	a = s.begin(t)
	refuse(2)
	s.Ended("camera", clock.Media(), "networkDisconnected")
	must(t, s.Disconnect(t.Context(), "S", "anna", "networkDisconnected"))
	s.await(t, a.ID, archive.Paused)
	refuse(0)
	if fired := s.advance(t, 2*time.Minute); !slices.Contains(fired, "lastClient") {
		t.Errorf("fired %q", fired)
	}
	if a = s.await(t, a.ID, archive.Available); a.Reason != archive.ReasonSessionEnd {
		t.Errorf("archive %+v", a)
	}
}

// TestRedirectedWebhook checks that a redirect counts as a failure and is not followed.
func TestRedirectedWebhook(t *testing.T) {
	t.Parallel()
	elsewhere := receive(t)
	var asked atomic.Int32
	hooks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}))
	defer hooks.Close()
	s := start(t, t.TempDir())
	s.app(t, func(a *account.Application) { a.ArchiveCallbackURL = hooks.URL })
	s.join(t, "anna")
	s.begin(t)
	s.advance(t, 4*time.Second)
	log, err := s.store.Deliveries(t.Context(), "app", 1)
	must(t, err)
	if asked.Load() == 0 || len(elsewhere.statuses()) > 0 || len(log) != 1 || log[0].LastStatus != http.StatusTemporaryRedirect || log[0].Outcome != "" {
		t.Errorf("asked %d times, elsewhere %v, log %+v", asked.Load(), elsewhere.statuses(), log)
	}
}
