package postgres_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/store"
	"reelcheck/reference/internal/store/postgres"
	"reelcheck/reference/internal/store/postgrestest"
	"reelcheck/reference/internal/store/sqlstore"
	"reelcheck/reference/internal/store/storetest"
)

func open(t *testing.T, url, server string) *sqlstore.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), postgres.Config{URL: url, Server: server, Base: "http://" + server + ".example"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Test runs all tests on one PostgreSQL server, because its start takes longest.
func Test(t *testing.T) {
	server := postgrestest.Start(t)
	for name, test := range map[string]func(*testing.T, *postgrestest.Server){
		"contract": contract, "servers": servers, "remnant": remnant, "deadlock": deadlock, "taken": taken, "broken": broken,
	} {
		t.Run(name, func(t *testing.T) { test(t, server) })
	}
}

func contract(t *testing.T, server *postgrestest.Server) {
	url := server.Database(t)
	storetest.Run(t, func(t *testing.T) *sqlstore.Store { return open(t, url, "one") })
}

// servers checks that a server does not get what another server holds.
func servers(t *testing.T, server *postgrestest.Server) {
	ctx := t.Context()
	url := server.Database(t)
	one, two := open(t, url, "one"), open(t, url, "two")
	must(t, one.CreateApplication(ctx, account.Application{ID: "app", APIKey: 1}))
	for id, s := range map[string]*sqlstore.Store{"of one": one, "of two": two} {
		must(t, s.CreateSession(ctx, archive.Session{ID: id, ApplicationID: "app"}))
		_, err := s.Commit(ctx, store.Transition{
			Archives:   []archive.Archive{{ID: "archive " + id, SessionID: id, ApplicationID: "app", Status: archive.Started}},
			Deliveries: []store.Delivery{{ApplicationID: "app", SessionID: id, Body: []byte(`{"event":"sessionCreated"}`)}},
		})
		must(t, err)
	}
	var elsewhere *store.Elsewhere
	if _, err := two.Session(ctx, "of one"); !errors.As(err, &elsewhere) || elsewhere.URL != "http://one.example" {
		t.Errorf("a session of another server: %v", err)
	}
	if url, err := two.FileServer(ctx, "archive of one"); err != nil || url != "http://one.example" {
		t.Errorf("server of the file %q, %v", url, err)
	}
	for _, id := range []string{"archive of two", "none"} {
		if url, err := two.FileServer(ctx, id); err != nil || url != "" {
			t.Errorf("server of the file of %s: %q, %v", id, url, err)
		}
	}
	if ids, err := two.Unsettled(ctx); err != nil || !slices.Equal(ids, []string{"of two"}) {
		t.Errorf("unsettled %q, %v", ids, err)
	}
	if events, err := two.Monitored(ctx); err != nil || len(events) != 1 || events[0].SessionID != "of two" {
		t.Errorf("monitored %+v, %v", events, err)
	}
	if list, total, err := two.Archives(ctx, "app", archive.Query{Count: 9}); err != nil || total != 2 || len(list) != 2 {
		t.Errorf("archives %+v of %d, %v", list, total, err)
	}
	mine, err := one.Shared(ctx, "key", []byte("one"))
	must(t, err)
	theirs, err := two.Shared(ctx, "key", []byte("two"))
	must(t, err)
	if string(mine) != "one" || string(theirs) != "one" {
		t.Errorf("shared %q and %q, want what the first brought", mine, theirs)
	}
	must(t, one.Close())
	must(t, two.Close())
}

// remnant checks that an unfinished transaction of a dead process is not committed after its successor began.
func remnant(t *testing.T, server *postgrestest.Server) {
	ctx := t.Context()
	url := server.Database(t)
	must(t, open(t, url, "one").Close())
	old, err := pgx.Connect(ctx, url+"&application_name=archived%20one")
	must(t, err)
	defer old.Close(ctx)
	other, err := pgx.Connect(ctx, url+"&application_name=archived%20two")
	must(t, err)
	defer other.Close(ctx)
	late, err := old.Begin(ctx)
	must(t, err)
	_, err = late.Exec(ctx, "INSERT INTO applications (id, api_key, data) VALUES ('late', 1, '{}')")
	must(t, err)
	s := open(t, url, "one")
	defer s.Close()
	if err := late.Commit(ctx); err == nil {
		t.Error("a dead process has committed")
	}
	if _, err := s.Application(ctx, "late"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("application of a dead process: %v", err)
	}
	must(t, other.Ping(ctx))
}

// deadlock checks that transactions that block each other all succeed.
func deadlock(t *testing.T, server *postgrestest.Server) {
	ctx := t.Context()
	s := open(t, server.Database(t), "one")
	defer s.Close()
	for n, id := range []string{"a", "b"} {
		must(t, s.CreateApplication(ctx, account.Application{ID: id, APIKey: int64(n)}))
	}
	var locked, ended sync.WaitGroup
	locked.Add(2)
	for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		ended.Go(func() {
			tries := 0
			err := s.InTx(ctx, func(tx sqlstore.Tx) error {
				tries++
				for n, id := range order {
					if _, err := tx.ExecContext(ctx, "UPDATE applications SET api_key = api_key + 10 WHERE id = $1", id); err != nil {
						return err
					}
					if n == 0 && tries == 1 {
						locked.Done()
						locked.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Errorf("%v: %v", order, err)
			}
		})
	}
	ended.Wait()
	for n := range int64(2) {
		if _, err := s.ApplicationByKey(ctx, n+20); err != nil {
			t.Errorf("key %d: %v", n+20, err)
		}
	}
}

// broken checks that a failed statement gives the connection back, and that the end of the transaction does not touch it any more.
func broken(t *testing.T, server *postgrestest.Server) {
	s := open(t, server.Database(t), "one")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := s.InTx(ctx, func(tx sqlstore.Tx) error {
		cancel()
		_, err := tx.ExecContext(ctx, "SELECT 1")
		return err
	})
	if !errors.Is(err, driver.ErrBadConn) || !errors.Is(err, sql.ErrConnDone) {
		t.Errorf("the transaction ends with %v, want that its connection is gone", err)
	}
	must(t, s.Ping(t.Context()))
	must(t, s.Close())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// taken checks that a server is told if its name was claimed while it was not connected.
func taken(t *testing.T, server *postgrestest.Server) {
	ctx := t.Context()
	url := server.Database(t)
	lost := make(chan error, 1)
	s, err := postgres.Open(ctx, postgres.Config{URL: url, Server: "one", Base: "http://one.example", Lost: func(err error) { lost <- err }})
	must(t, err)
	other, err := pgx.Connect(ctx, url)
	must(t, err)
	defer other.Close(ctx)
	for _, statement := range []string{
		"SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'",
		"SELECT pg_advisory_lock(hashtextextended('archived server ' || current_schema() || ' one', 0))",
	} {
		_, err = other.Exec(ctx, statement)
		must(t, err)
	}
	select {
	case err := <-lost:
		if !strings.Contains(err.Error(), "server one is in use") {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the server does not know that another has its name")
	}
	must(t, s.Close())
}
