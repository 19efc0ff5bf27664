package sessions_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/sessions"
)

func TestRecordingToOwnBucket(t *testing.T) {
	t.Parallel()
	hooks := receive(t)
	backend := s3mem.New()
	must(t, backend.CreateBucket(t.Context(), "reels"))
	bucket := httptest.NewServer(gofakes3.New(backend, gofakes3.WithV4Auth(map[string]string{"key": "secret"})).Server())
	defer bucket.Close()
	s := start(t, t.TempDir())
	s.app(t, func(a *account.Application) {
		a.ArchiveCallbackURL = hooks.URL
		a.Storage = &account.Storage{Type: account.StorageS3, S3: account.S3{AccessKey: "key", SecretKey: "secret", Bucket: "reels", Endpoint: bucket.URL}}
	})
	alice := s.join(t, "alice")
	a := s.begin(t)
	s.publish(t, "camera", "alice")
	hooks.want(t, archive.Started)
	s.Ended("camera", clock.Media(), "clientDisconnected")
	s.publish(t, "screen", "alice")
	stopped, err := s.StopArchive(t.Context(), "app", a.ID)
	must(t, err)
	if stopped.Status != archive.Stopped || stopped.Reason != archive.ReasonUser {
		t.Errorf("stop answered %+v", stopped)
	}
	hooks.want(t, archive.Started, archive.Paused, archive.Started, archive.Stopped, archive.Uploaded)
	got := s.await(t, a.ID, archive.Uploaded)
	if got.Size != int64(len(a.ID)) || got.SHA256Sum == "" || got.Name != "show" {
		t.Errorf("got %+v", got)
	}
	object, err := backend.GetObject(t.Context(), "reels", "app/"+a.ID+"/archive.mp4", nil)
	must(t, err)
	if data, err := io.ReadAll(object.Contents); err != nil || string(data) != a.ID {
		t.Errorf("object holds %q, %v", data, err)
	}
	must(t, s.Disconnect(t.Context(), "S", "alice", "clientDisconnected"))
	var kinds []string
	for n := range alice.C {
		kinds = append(kinds, string(n.Kind))
	}
	if want := "archiveStarted streamCreated streamDestroyed streamCreated archiveStopped streamDestroyed sessionDisconnected"; strings.Join(kinds, " ") != want {
		t.Errorf("alice was told %v, want %s", kinds, want)
	}
	for i, c := range hooks.calls {
		if c.CreatedAt != a.CreatedAt.Round(time.Second).UnixMilli() || c.URL != nil || c.PartnerID != "app" || (c.Streams != nil) != (c.Status == archive.Started) {
			t.Errorf("webhook %d: %+v", i, c)
		}
	}
	if got := strings.Join(s.recorder.log(), " "); got != "compose record ended camera pause record stop discard ended screen" {
		t.Errorf("recorder was asked for %s", got)
	}
}

func TestWalkThroughALife(t *testing.T) {
	t.Parallel()
	hooks := receive(t)
	s := start(t, t.TempDir())
	s.app(t, func(a *account.Application) { a.ArchiveCallbackURL = hooks.URL })
	s.join(t, "alice")
	s.publish(t, "camera", "alice")
	a := s.begin(t)
	if got := s.advance(t, 4*time.Hour-time.Minute); len(got) != 0 {
		t.Errorf("fired %v before the limit", got)
	}
	began := time.Now()
	if got, want := s.advance(t, 80*time.Hour), []string{"recordedTime", "expire"}; !slices.Equal(got, want) {
		t.Errorf("fired %v, want %v", got, want)
	}
	t.Logf("80 hours took %v", time.Since(began))
	hooks.want(t, archive.Started, archive.Stopped, archive.Available, archive.Expired)
	got := s.await(t, a.ID, archive.Expired)
	if got.Duration != 4*time.Hour || got.Reason != archive.ReasonMaxDuration {
		t.Errorf("got %v, %q", got.Duration, got.Reason)
	}
	response := httptest.NewRecorder()
	s.cloud.ServeHTTP(response, httptest.NewRequest(http.MethodGet, s.cloud.Link(got), nil))
	if response.Code != http.StatusNotFound {
		t.Errorf("the expired file answers %d", response.Code)
	}
}

func TestLinkLivesTenMinutes(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	s.app(t, func(*account.Application) {})
	s.join(t, "alice")
	a := s.begin(t)
	_, err := s.StopArchive(t.Context(), "app", a.ID)
	must(t, err)
	a = s.await(t, a.ID, archive.Available)
	link := s.cloud.Link(a)
	get := func(link string) (int, string) {
		response := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodGet, link, nil)
		request.Header.Set("Range", "bytes=2-5")
		s.cloud.ServeHTTP(response, request)
		return response.Code, response.Body.String()
	}
	s.advance(t, 9*time.Minute+59*time.Second)
	if code, body := get(link); code != http.StatusPartialContent || body != a.ID[2:6] {
		t.Errorf("before ten minutes: %d %q", code, body)
	}
	if code, _ := get(strings.Replace(link, "signature=", "signature=0", 1)); code != http.StatusForbidden {
		t.Errorf("forged: %d", code)
	}
	s.advance(t, 2*time.Second)
	if code, _ := get(link); code != http.StatusForbidden {
		t.Errorf("after ten minutes: %d", code)
	}
	if code, _ := get(s.cloud.Link(a)); code != http.StatusPartialContent {
		t.Errorf("a fresh link: %d", code)
	}
	must(t, s.DeleteArchive(t.Context(), "app", a.ID))
	if code, _ := get(s.cloud.Link(a)); code != http.StatusNotFound {
		t.Errorf("deleted: %d", code)
	}
	if _, total, err := s.Archives(t.Context(), "app", archive.Query{Count: 10}); err != nil || total != 0 {
		t.Errorf("listed after deletion: %d, %v", total, err)
	}
}

func TestUploadFallsBack(t *testing.T) {
	t.Parallel()
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer down.Close()
	for _, test := range []struct {
		fallback bool
		wait     time.Duration
		want     archive.Status
	}{{true, 6 * time.Hour, archive.Available}, {false, 72 * time.Hour, archive.Failed}} {
		t.Run(string(test.want), func(t *testing.T) {
			hooks := receive(t)
			s := start(t, t.TempDir())
			s.app(t, func(a *account.Application) {
				a.ArchiveCallbackURL, a.Fallback = hooks.URL, test.fallback
				a.Storage = &account.Storage{Type: account.StorageS3, S3: account.S3{AccessKey: "key", SecretKey: "secret", Bucket: "reels", Endpoint: down.URL}}
			})
			s.join(t, "alice")
			a := s.begin(t)
			_, err := s.StopArchive(t.Context(), "app", a.ID)
			must(t, err)
			s.advance(t, test.wait-time.Minute)
			s.await(t, a.ID, archive.Stopped)
			s.advance(t, time.Minute)
			got := s.await(t, a.ID, test.want)
			hooks.want(t, archive.Started, archive.Stopped, test.want)
			if test.want == archive.Failed && got.Reason != archive.ReasonFailure {
				t.Errorf("reason %q", got.Reason)
			}
		})
	}
}

func TestForeignIDsAreUnknown(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	s.app(t, func(*account.Application) {})
	s.join(t, "alice")
	a := s.begin(t)
	ctx := t.Context()
	_, get := s.Archive(ctx, "other", a.ID)
	_, stop := s.StopArchive(ctx, "other", a.ID)
	_, begin := s.StartArchive(ctx, "other", valid(archive.StartRequest{SessionID: "S"}))
	_, look := s.Session(ctx, "other", "S")
	_, connect := s.Connect(ctx, "other", "S", archive.Connection{ID: "mallory"})
	_, missing := s.Session(ctx, "app", "nowhere")
	for i, err := range []error{get, stop, begin, look, connect, missing, s.DeleteArchive(ctx, "other", a.ID)} {
		var e *archive.Error
		if !errors.As(err, &e) || e.Kind != archive.NotFound {
			t.Errorf("%d: got %v, want not found", i, err)
		}
	}
}

func TestDeleteApplication(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	s.app(t, func(*account.Application) {})
	alice := s.join(t, "alice")
	s.publish(t, "camera", "alice")
	a := s.begin(t)
	must(t, s.DeleteApplication(t.Context(), "app"))
	for range alice.C { // until the channel is closed
	}
	if _, err := s.Archive(t.Context(), "app", a.ID); err == nil {
		t.Error("the archive is still there")
	}
	if err := s.DeleteApplication(t.Context(), "app"); err == nil {
		t.Error("an application can be deleted twice")
	}
}

func TestBrokenCompositionFails(t *testing.T) {
	t.Parallel()
	hooks := receive(t)
	s := start(t, t.TempDir())
	s.app(t, func(a *account.Application) { a.ArchiveCallbackURL = hooks.URL })
	s.join(t, "alice")
	s.recorder.fail = errors.New("no space left on device")
	a := s.begin(t)
	if got := s.await(t, a.ID, archive.Failed); got.Reason != archive.ReasonFailure {
		t.Errorf("reason %q", got.Reason)
	}
}

// TestKill kills a process in the middle of a recording and recovers its data directory in another.
func TestKill(t *testing.T) {
	if dir := os.Getenv("CONTROL_TEST_DIR"); dir != "" {
		recordUntilKilled(t, dir, os.Getenv("CONTROL_TEST_HOOK"))
		return
	}
	t.Parallel()
	hooks := receive(t)
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestKill$", "-test.v")
	child.Env = append(os.Environ(), "CONTROL_TEST_DIR="+dir, "CONTROL_TEST_HOOK="+hooks.URL)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	lines := bufio.NewScanner(out)
	var id string
	for id == "" && lines.Scan() {
		if found, ok := strings.CutPrefix(lines.Text(), "recording "); ok {
			id = found
		}
	}
	must(t, child.Process.Kill())
	_ = child.Wait() // it was killed, so this fails
	if id == "" {
		t.Fatal("the child did not record")
	}
	s, err := open(t.Context(), dir, clock.Media())
	must(t, err)
	defer s.close(t)
	got := s.await(t, id, archive.Available)
	if got.Reason != archive.ReasonSessionEnd || got.Duration < 3600*time.Second {
		t.Errorf("got %q, %v", got.Reason, got.Duration)
	}
	statuses := []archive.Status{archive.Started, archive.Stopped, archive.Available}
	for end := time.Now().Add(10 * time.Second); !slices.Equal(slices.Compact(hooks.statuses()), statuses); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("webhooks %v, want %v", hooks.statuses(), statuses)
		}
	}
	if now := s.Now("app"); now.Before(time.Now().Add(59 * time.Minute)) {
		t.Errorf("the clock fell back to %v", now)
	}
}

func recordUntilKilled(t *testing.T, dir, hook string) {
	s, err := open(t.Context(), dir, 0)
	must(t, err)
	s.app(t, func(a *account.Application) { a.ArchiveCallbackURL = hook })
	s.join(t, "alice")
	s.publish(t, "camera", "alice")
	a := s.begin(t)
	s.advance(t, time.Hour)
	fmt.Println("\nrecording " + a.ID)
	select {}
}

var _ sessions.Recorder = (*recorder)(nil)

// TestDurationIsThatOfTheMedia checks that an archive is as long as its media, even if a busy machine reports events late. Here the media is
// ahead of the reports, so that the test need not wait.
func TestDurationIsThatOfTheMedia(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	s.app(t, func(*account.Application) {})
	s.join(t, "c")
	a := s.begin(t)
	first, last := 3*time.Second, 30*time.Second
	began := s.Now("app").Add(first)
	_, err := s.Published(t.Context(), sessions.Publication{ApplicationID: "app", SessionID: "S", Stream: archive.Stream{ConnectionID: "c", ID: "s", HasAudio: true, HasVideo: true}, At: clock.Media().Add(first)})
	must(t, err)
	s.Ended("s", clock.Media().Add(last), "clientDisconnected")
	got, err := s.Archive(t.Context(), "app", a.ID)
	must(t, err)
	if d := got.EffectiveAt.Sub(began).Abs(); d > time.Second {
		t.Errorf("recording began %v from its first media", d)
	}
	if want := last - first; (got.Recorded - want).Abs() > time.Second {
		t.Errorf("recorded %v, want the %v between first and last media", got.Recorded, want)
	}
}

// TestAdvanceToWhatHasPassed checks that a target that has just passed is no error, because real time goes on before the call arrives.
func TestAdvanceToWhatHasPassed(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	s.app(t, func(*account.Application) {})
	now := s.Now("app")
	if _, err := s.Advance(t.Context(), "app", now.Add(-time.Millisecond)); err != nil || s.Now("app").Before(now) {
		t.Errorf("%v at %v, was %v", err, s.Now("app"), now)
	}
}
