package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/jobs"
	"reelcheck/reference/internal/storage"
	"reelcheck/reference/internal/store"
	"reelcheck/reference/internal/store/postgres"
	"reelcheck/reference/internal/store/postgrestest"
	"reelcheck/reference/internal/store/sqlite"
	"reelcheck/reference/internal/store/sqlstore"
)

// TestQueues tests both databases. All tests share one PostgreSQL server, because its start takes longest. open opens the same database on each
// call, for the named server; SQLite has only one.
func TestQueues(t *testing.T) {
	server := postgrestest.Start(t)
	for name, test := range map[string]func(t *testing.T, open func(server string) *sqlstore.Store){
		"orphans": orphans, "interrupted": interrupted, "clocks": clocks,
	} {
		t.Run(name+"/sqlite", func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "archived.db")
			test(t, func(string) *sqlstore.Store { return onSQLite(t, path) })
		})
		t.Run(name+"/postgres", func(t *testing.T) {
			url := server.Database(t)
			test(t, func(name string) *sqlstore.Store { return onPostgres(t, url, name) })
		})
	}
	t.Run("claimed elsewhere", func(t *testing.T) { claimedElsewhere(t, server) })
	t.Run("sharing", func(t *testing.T) { sharing(t, server) })
}

func onSQLite(t testing.TB, path string) *sqlstore.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	must(t, err)
	return s
}

func onPostgres(t testing.TB, url, server string) *sqlstore.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), postgres.Config{URL: url, Server: server, Base: "http://" + server + ".example"})
	must(t, err)
	return s
}

// worked records the jobs that were done.
type worked struct {
	begun chan string // if set, jobs announce their beginning here and run until they are interrupted

	mu    sync.Mutex
	done  []string
	bound []string // jobs that had a deadline
}

func (w *worked) Expired(ctx context.Context, _, id string) error {
	if w.begun != nil {
		select {
		case w.begun <- id:
		case <-ctx.Done(): // it began once more while the engine stops
		}
		<-ctx.Done()
		return ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = append(w.done, id)
	if _, bounded := ctx.Deadline(); bounded {
		w.bound = append(w.bound, id)
	}
	return nil
}

var errUnexpected = errors.New("not in this test")

func (w *worked) Stored(context.Context, string, string, archive.Status, string) error {
	return errUnexpected
}
func (w *worked) Unstorable(context.Context, string, string) error { return errUnexpected }

func (w *worked) sorted() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(slices.Values(w.done))
}

func (w *worked) await(t *testing.T, want ...string) {
	t.Helper()
	slices.Sort(want)
	for end := time.Now().Add(20 * time.Second); !slices.Equal(w.sorted(), want); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("done %q, want %q", w.sorted(), want)
		}
	}
}

func runner(t testing.TB, s *sqlstore.Store) *jobs.Runner {
	t.Helper()
	ticking := &clock.Clock{}
	cloud, err := storage.OpenCloud(t.TempDir(), ticking.Now)
	must(t, err)
	t.Cleanup(func() { must(t, cloud.Close()) })
	r, err := jobs.New(t.Context(), jobs.Config{Store: s, Clock: ticking, Cloud: cloud,
		Open: func(archive.Archive) (io.ReadCloser, int64, error) { return nil, 0, errUnexpected }})
	must(t, err)
	return r
}

func owe(t *testing.T, s *sqlstore.Store, at time.Time, archives ...string) {
	t.Helper()
	var owed []store.Job
	for _, id := range archives {
		owed = append(owed, store.Job{Kind: store.JobExpire, ApplicationID: "app", SessionID: "S", ArchiveID: id, At: at})
	}
	_, err := s.Commit(t.Context(), store.Transition{Jobs: owed})
	must(t, err)
}

// orphans checks that a job that was running when the process died is done at once after the next start, and that no job has a deadline.
func orphans(t *testing.T, open func(server string) *sqlstore.Store) {
	s := open("one")
	runner(t, s)
	must(t, s.CreateApplication(t.Context(), account.Application{ID: "app"}))
	owe(t, s, time.Now(), "mine", "another's")
	for _, statement := range []string{
		"UPDATE river_job SET state = 'running', attempt = 1, attempted_at = scheduled_at",
		"UPDATE river_job SET queue = 'expire-another' WHERE args ->> 'archiveId' = 'another''s'",
	} {
		_, err := s.Write.ExecContext(t.Context(), statement)
		must(t, err)
	}
	must(t, s.Close())

	s = open("one")
	r, w := runner(t, s), &worked{}
	began := time.Now()
	must(t, r.Start(t.Context(), w))
	w.await(t, "mine")
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("requeued after %v", took)
	}
	must(t, r.Settle(t.Context(), "app"))
	pending, err := r.Pending(t.Context(), "app")
	must(t, err)
	if len(pending) != 0 {
		t.Errorf("pending %+v", pending)
	}
	var state string
	must(t, s.Read.QueryRowContext(t.Context(), "SELECT state FROM river_job WHERE queue = 'expire-another'").Scan(&state))
	if state != "running" || len(w.bound) > 0 {
		t.Errorf("the job of another server is %s; with a deadline: %q", state, w.bound)
	}
	must(t, r.Close())
	must(t, s.Close())
}

// interrupted checks that a job that runs when the server closes is done after the next start.
func interrupted(t *testing.T, open func(server string) *sqlstore.Store) {
	s := open("one")
	r, w := runner(t, s), &worked{begun: make(chan string)}
	must(t, s.CreateApplication(t.Context(), account.Application{ID: "app"}))
	must(t, r.Start(t.Context(), w))
	owe(t, s, time.Now(), "slow")
	<-w.begun
	must(t, r.Close())
	must(t, s.Close())

	s = open("one")
	r, w = runner(t, s), &worked{}
	must(t, r.Start(t.Context(), w))
	w.await(t, "slow")
	must(t, r.Close())
	must(t, s.Close())
}

// clocks checks that jobs are due by their application's clock, even if it was moved before a restart.
func clocks(t *testing.T, open func(server string) *sqlstore.Store) {
	s := open("one")
	r, w := runner(t, s), &worked{}
	must(t, s.CreateApplication(t.Context(), account.Application{ID: "app"}))
	must(t, r.Start(t.Context(), w))
	due := time.Now().Add(time.Hour)
	owe(t, s, due, "first", "second")
	must(t, r.SetClock(t.Context(), "app", 59*time.Minute))
	must(t, r.Settle(t.Context(), "app"))
	pending, err := r.Pending(t.Context(), "app")
	must(t, err)
	if len(pending) != 2 || pending[0].ArchiveID != "first" || pending[0].SessionID != "S" || pending[0].At.Sub(due).Abs() > time.Millisecond {
		t.Fatalf("pending %+v, want two at %v", pending, due)
	}
	must(t, r.Close())
	must(t, s.Close())

	s = open("one")
	r = runner(t, s)
	r.Clock.SetOffset("app", 59*time.Minute)
	must(t, r.Start(t.Context(), w))
	must(t, r.SetClock(t.Context(), "app", time.Hour))
	must(t, r.Settle(t.Context(), "app"))
	if got := w.sorted(); !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("done %q", got)
	}
	must(t, r.Close())
	must(t, s.Close())
}

// claimedElsewhere checks that a due job is not done twice if the engine takes and completes it while a walk is about to take it.
func claimedElsewhere(t *testing.T, server *postgrestest.Server) {
	ctx := t.Context()
	s := onPostgres(t, server.Database(t), "one")
	r := runner(t, s) // it is not started; the transaction stands for the engine
	must(t, s.CreateApplication(ctx, account.Application{ID: "app"}))
	owe(t, s, time.Now(), "done")
	engine, err := s.Begin(ctx)
	must(t, err)
	_, err = engine.ExecContext(ctx, "UPDATE river_job SET state = 'completed', finalized_at = now()")
	must(t, err)
	walk := make(chan error, 1)
	go func() { walk <- r.Settle(ctx, "app") }()
	for waits := false; !waits; time.Sleep(5 * time.Millisecond) {
		must(t, s.Read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock')").Scan(&waits))
	}
	must(t, engine.Commit())
	must(t, <-walk)
	must(t, s.Close())
}

// sharing checks that each server does its own jobs, once.
func sharing(t *testing.T, server *postgrestest.Server) {
	url := server.Database(t)
	const each = 40
	workers := map[string]*worked{"one": {}, "two": {}}
	want := map[string][]string{}
	for server, w := range workers {
		s := onPostgres(t, url, server)
		r := runner(t, s)
		must(t, r.Start(t.Context(), w))
		defer func() {
			must(t, r.Close())
			must(t, s.Close())
		}()
		for n := range each {
			want[server] = append(want[server], fmt.Sprintf("%s-%02d", server, n))
		}
		owe(t, s, time.Now(), want[server]...)
	}
	for server, w := range workers {
		w.await(t, want[server]...)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
