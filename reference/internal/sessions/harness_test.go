package sessions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/callback"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/fault"
	"reelcheck/reference/internal/jobs"
	"reelcheck/reference/internal/outbound"
	"reelcheck/reference/internal/sessions"
	"reelcheck/reference/internal/storage"
	"reelcheck/reference/internal/store"
	"reelcheck/reference/internal/store/sqlstore"
	"reelcheck/reference/internal/timeline"
)

// server is the whole server without HTTP, WebRTC and media.
type server struct {
	*sessions.Runner
	store    *sqlstore.Store
	jobs     *jobs.Runner
	cloud    *storage.Cloud
	clock    *clock.Clock
	recorder *recorder
	board    fault.Board
	refusals atomic.Int32 // the number of commits still to refuse
}

// moody is a store that can refuse commits, as one with a full disk does.
type moody struct {
	*sqlstore.Store
	refusals *atomic.Int32
}

func (m moody) Commit(ctx context.Context, t store.Transition) ([]int64, error) {
	if m.refusals.Add(-1) >= 0 {
		return nil, syscall.ENOSPC
	}
	return m.Store.Commit(ctx, t)
}

// open starts the server on dir. last is the newest media instant that its recorder reports.
func open(ctx context.Context, dir string, last av.Instant) (*server, error) {
	level := slog.LevelError
	if testing.Verbose() {
		level = slog.LevelInfo
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	s := &server{clock: &clock.Clock{}, recorder: &recorder{done: map[string]func(){}, last: last}}
	var err error
	if s.store, err = openStore(ctx, dir); err != nil {
		return nil, err
	}
	if s.cloud, err = storage.OpenCloud(filepath.Join(dir, "cloud"), s.clock.Now); err != nil {
		return nil, err
	}
	s.jobs, err = jobs.New(ctx, jobs.Config{Store: s.store, Clock: s.clock, Cloud: s.cloud, Open: s.recorder.Open, Outbound: outbound.Guard{AllowPrivate: true},
		Faults: &s.board, Log: log})
	if err != nil {
		return nil, err
	}
	s.Runner = sessions.New(sessions.Config{Store: moody{s.store, &s.refusals}, Jobs: s.jobs, Clock: s.clock, Recorder: s.recorder, Cloud: s.cloud, Log: log})
	if err := s.Recover(ctx); err != nil {
		return nil, err
	}
	return s, s.jobs.Start(ctx, s.Runner)
}

func (s *server) close(t *testing.T) {
	s.Runner.Close()
	s.recorder.work.Wait()
	for _, err := range []error{s.jobs.Close(), s.cloud.Close(), s.store.Close()} {
		if err != nil {
			t.Error(err)
		}
	}
}

func start(t *testing.T, dir string) *server {
	t.Helper()
	s, err := open(t.Context(), dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.close(t) })
	return s
}

// app creates an application and a session.
func (s *server) app(t *testing.T, edit func(*account.Application)) account.Application {
	t.Helper()
	a := account.Application{ID: "app", APIKey: 1, Fallback: true, CreatedAt: time.Now()}
	edit(&a)
	must(t, s.store.CreateApplication(t.Context(), a))
	must(t, s.CreateSession(t.Context(), archive.Session{ID: "S", ApplicationID: a.ID, MediaMode: archive.Routed, ArchiveMode: archive.Manual}))
	return a
}

func (s *server) join(t *testing.T, id string) *sessions.Subscription {
	t.Helper()
	sub, err := s.Connect(t.Context(), "app", "S", archive.Connection{ID: id})
	must(t, err)
	return sub
}

func (s *server) publish(t *testing.T, id, connection string) {
	t.Helper()
	_, err := s.Published(t.Context(), sessions.Publication{ApplicationID: "app", SessionID: "S", Stream: archive.Stream{ConnectionID: connection, ID: id, HasAudio: true, HasVideo: true}, At: clock.Media()})
	must(t, err)
}

// valid returns r as a Request. It panics if r is invalid.
func valid(r archive.StartRequest) archive.Request {
	checked, err := r.Validate()
	if err != nil {
		panic(err)
	}
	return checked
}

func (s *server) begin(t *testing.T) archive.Archive {
	t.Helper()
	a, err := s.StartArchive(t.Context(), "app", valid(archive.StartRequest{SessionID: "S", Name: "show"}))
	must(t, err)
	return a
}

func (s *server) advance(t *testing.T, d time.Duration) (kinds []string) {
	t.Helper()
	walk, err := s.Advance(t.Context(), "app", s.Now("app").Add(d))
	must(t, err)
	for _, f := range walk.Fired {
		kinds = append(kinds, f.Kind)
	}
	return kinds
}

// announce sends webhooks to hooks, and records an archive until it is available.
func (s *server) announce(t *testing.T, hooks *receiver) {
	t.Helper()
	s.app(t, func(a *account.Application) { a.ArchiveCallbackURL = hooks.URL })
	s.join(t, "alice")
	a := s.begin(t)
	_, err := s.StopArchive(t.Context(), "app", a.ID)
	must(t, err)
	s.await(t, a.ID, archive.Available)
}

func (s *server) await(t *testing.T, id string, want archive.Status) archive.Archive {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		a, err := s.Archive(t.Context(), "app", id)
		must(t, err)
		if a.Status == want {
			return a
		}
		if time.Now().After(end) {
			t.Fatalf("archive is %s, want %s", a.Status, want)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// recorder is a Recorder without media. The content of an archive's file is the archive's id.
type recorder struct {
	work sync.WaitGroup

	mu    sync.Mutex
	calls []string
	done  map[string]func()
	last  av.Instant
	fail  error         // returned by Compose
	hold  chan struct{} // if not nil, compositions wait for it before they end
}

func (r *recorder) note(call string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call)
}

func (r *recorder) log() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

type discard struct{}

func (discard) Append(av.Sample) error               { return nil }
func (discard) Report(bool, int64, av.Instant) error { return nil }
func (discard) Advance(bool, av.Instant) error       { return nil }

func (r *recorder) Stream(sessions.Publication) (sessions.Sink, error) { return discard{}, nil }
func (r *recorder) StreamEnded(_, stream string, _ av.Instant, _ string) error {
	r.note("ended " + stream)
	return nil
}
func (r *recorder) Compose(ctx context.Context, a archive.Archive, done func(sessions.File, error)) error {
	r.note("compose")
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done[a.ID] = func() {
		hold := r.hold
		r.work.Go(func() {
			if hold != nil {
				<-hold
			}
			if ctx.Err() == nil {
				done(sessions.File{Size: int64(len(a.ID))}, nil)
			}
		})
	}
	return r.fail
}
func (r *recorder) Note(_ string, e timeline.Event) error {
	switch e.Kind {
	case timeline.Selected:
		r.note(fmt.Sprint("select ", len(e.Selection)))
	case timeline.Skipped:
		r.note("skip " + e.Skip.Round(time.Minute).String())
	case timeline.Recording:
		r.note("record")
	case timeline.Paused:
		r.note("pause")
	case timeline.Stopped:
		r.stop(e.Archive)
	case timeline.Arranged:
		r.note("arrange " + string(e.Layout.Spec().Type))
	case timeline.Classified:
		r.note("classify " + strings.Join(e.Classes, " "))
	default:
		return fmt.Errorf("unexpected event %s", e.Kind)
	}
	return nil
}

func (r *recorder) stop(id string) {
	r.note("stop")
	r.mu.Lock()
	defer r.mu.Unlock()
	if done := r.done[id]; done != nil {
		done()
	}
	delete(r.done, id)
}
func (r *recorder) Open(a archive.Archive) (io.ReadCloser, int64, error) {
	return io.NopCloser(bytes.NewReader([]byte(a.ID))), int64(len(a.ID)), nil
}
func (r *recorder) Discard(string, string) error { r.note("discard"); return nil }
func (r *recorder) Recover(string, []string) (av.Instant, bool, error) {
	return r.last, r.last != 0, nil
}

// receiver receives webhooks.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	calls  []callback.Archive
	at     []time.Time
	answer func(c callback.Archive, n int) int // HTTP status for the nth call
}

func receive(t *testing.T) *receiver {
	r := &receiver{answer: func(callback.Archive, int) int { return http.StatusOK }}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	var c callback.Archive
	if err := json.NewDecoder(request.Body).Decode(&c); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls, r.at = append(r.calls, c), append(r.at, time.Now())
	w.WriteHeader(r.answer(c, len(r.calls)))
}

func (r *receiver) statuses() (s []archive.Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.calls {
		s = append(s, c.Status)
	}
	return s
}

func (r *receiver) want(t *testing.T, want ...archive.Status) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		got := r.statuses()
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("webhooks %q, want %q", got, want)
		}
	}
}
