// Package storetest is the contract of every store.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/session"
	"reelcheck/reference/internal/store"
)

// Store is what the contract covers.
type Store interface {
	CreateApplication(ctx context.Context, a session.Application) error
	Application(ctx context.Context, id string) (session.Application, error)
	ApplicationByKey(ctx context.Context, key int64) (session.Application, error)
	DeleteApplication(ctx context.Context, id string) error
	CreateSession(ctx context.Context, s archive.Session) error
	Session(ctx context.Context, id string) (archive.Session, error)
	Unsettled(ctx context.Context) ([]string, error)
	Archive(ctx context.Context, applicationID, id string) (archive.Archive, error)
	Archives(ctx context.Context, applicationID string, q archive.Query) ([]archive.Archive, int, error)
	Commit(ctx context.Context, t store.Transition) ([]int64, error)
	Outbox(ctx context.Context, sessionID string) ([]store.Act, error)
	NextDelivery(ctx context.Context, lane string) (store.Delivery, error)
	Monitored(ctx context.Context) ([]store.Delivery, error)
	SettleDelivery(ctx context.Context, id int64, outcome string, status int) error
	PostponeDelivery(ctx context.Context, id int64, notBefore time.Time, status int) error
	Close() error
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)

// Run holds a store to the contract. open opens the same database each time; the one before has been closed.
func Run(t *testing.T, open func(t *testing.T) Store) {
	s := open(t)
	t.Run("applications", func(t *testing.T) { applications(t, s) })
	t.Run("paging", func(t *testing.T) { paging(t, s) })
	t.Run("transitions are whole", func(t *testing.T) { whole(t, s) })
	t.Run("deliveries", func(t *testing.T) { deliveries(t, s) })
	t.Run("session events", func(t *testing.T) { sessionEvents(t, s) })
	t.Run("outbox survives", func(t *testing.T) {
		commit(t, s, store.Transition{Archives: []archive.Archive{recording("kept", "one")}, Outbox: []store.Act{
			{SessionID: "one", At: 7, Effect: archive.Effect{Kind: archive.DoRecord, At: epoch}},
			{SessionID: "one", At: 8, Effect: archive.Effect{Kind: archive.DoStop, At: epoch}},
		}})
		must(t, s.Close())
		s = open(t)
		outbox(t, s)
	})
	must(t, s.Close())
}

func applications(t *testing.T, s Store) {
	ctx := t.Context()
	a := session.Application{ID: "app", APIKey: 5, Name: "first", Fallback: true, CreatedAt: epoch,
		Storage: &session.Storage{Type: session.StorageS3, S3: session.S3{Bucket: "b"}}}
	must(t, s.CreateApplication(ctx, a))
	must(t, s.CreateApplication(ctx, session.Application{ID: "other", APIKey: 6}))
	if err := s.CreateApplication(ctx, session.Application{ID: "third", APIKey: 5}); !errors.Is(err, store.ErrExists) {
		t.Errorf("a key was given twice: %v", err)
	}
	byID, err := s.Application(ctx, "app")
	must(t, err)
	byKey, err := s.ApplicationByKey(ctx, 5)
	must(t, err)
	if !reflect.DeepEqual(byID, a) || !reflect.DeepEqual(byKey, a) {
		t.Errorf("kept %+v, got %+v and %+v", a, byID, byKey)
	}
	if _, err := s.Application(ctx, "none"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown id: %v", err)
	}
	must(t, s.CreateSession(ctx, archive.Session{ID: "doomed", ApplicationID: "other"}))
	commit(t, s, store.Transition{Archives: []archive.Archive{{ID: "doomed", SessionID: "doomed", ApplicationID: "other", Status: archive.Started}}})
	must(t, s.DeleteApplication(ctx, "other"))
	if _, err := s.Archive(ctx, "other", "doomed"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("archive of a deleted application: %v", err)
	}
	if err := s.DeleteApplication(ctx, "other"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
}

func recording(id, sessionID string) archive.Archive {
	return archive.Archive{ID: id, SessionID: sessionID, ApplicationID: "app", Status: archive.Started, CreatedAt: epoch, Duration: time.Second}
}

func paging(t *testing.T, s Store) {
	ctx := t.Context()
	for _, id := range []string{"one", "two"} {
		must(t, s.CreateSession(ctx, archive.Session{ID: id, ApplicationID: "app", MediaMode: archive.Routed, CreatedAt: epoch}))
	}
	for n := range 6 {
		a := recording(fmt.Sprint(n), []string{"one", "two"}[n%2])
		if n == 5 {
			a.Status = archive.Deleted
		}
		commit(t, s, store.Transition{Archives: []archive.Archive{a}})
	}
	for _, test := range []struct {
		app   string
		q     archive.Query
		total int
		want  []string
	}{
		{"app", archive.Query{Count: 50}, 5, []string{"4", "3", "2", "1", "0"}},
		{"app", archive.Query{Count: 2, Offset: 1}, 5, []string{"3", "2"}},
		{"app", archive.Query{Count: 2, Offset: 9}, 5, nil},
		{"app", archive.Query{Count: 50, SessionID: "two"}, 2, []string{"3", "1"}},
		{"app", archive.Query{Count: 50, SessionID: "none"}, 0, nil},
		{"other", archive.Query{Count: 50}, 0, nil},
	} {
		page, total, err := s.Archives(ctx, test.app, test.q)
		must(t, err)
		var got []string
		for _, a := range page {
			got = append(got, a.ID)
		}
		if total != test.total || !slices.Equal(got, test.want) {
			t.Errorf("%+v: got %v of %d, want %v of %d", test.q, got, total, test.want, test.total)
		}
	}
	v, err := s.Session(ctx, "two")
	must(t, err)
	if len(v.Archives) != 2 || v.Archives[0].ID != "1" || v.MediaMode != archive.Routed || !v.CreatedAt.Equal(epoch) {
		t.Errorf("session %+v", v)
	}
	if ids, err := s.Unsettled(ctx); err != nil || !slices.Equal(ids, []string{"one", "two"}) {
		t.Errorf("unsettled %q, %v", ids, err)
	}
}

func whole(t *testing.T, s Store) {
	a := recording("0", "one")
	a.Status = archive.Stopped
	_, err := s.Commit(t.Context(), store.Transition{Archives: []archive.Archive{a, recording("x", "no such session")}})
	if err == nil {
		t.Fatal("an archive without session was kept")
	}
	if got, err := s.Archive(t.Context(), "app", "0"); err != nil || got.Status != archive.Started {
		t.Errorf("half a transition was kept: %s, %v", got.Status, err)
	}
}

func deliveries(t *testing.T, s Store) {
	ctx := t.Context()
	d := store.Delivery{ApplicationID: "app", SessionID: "one", ArchiveID: "0", URL: "u", Body: []byte("first"), CreatedAt: epoch}
	second := d
	second.Body = []byte("second")
	commit(t, s, store.Transition{Deliveries: []store.Delivery{d, second}})
	next := func() store.Delivery {
		t.Helper()
		d, err := s.NextDelivery(ctx, "0")
		must(t, err)
		return d
	}
	must(t, s.PostponeDelivery(ctx, next().ID, epoch.Add(time.Minute), 503))
	if got := next(); string(got.Body) != "first" || got.Attempts != 1 || !got.NotBefore.Equal(epoch.Add(time.Minute)) || !got.CreatedAt.Equal(epoch) {
		t.Errorf("after an attempt: %+v", got)
	}
	must(t, s.SettleDelivery(ctx, next().ID, store.Delivered, 200))
	if got := next(); string(got.Body) != "second" {
		t.Errorf("then %q", got.Body)
	}
	must(t, s.SettleDelivery(ctx, next().ID, store.Dropped, 0))
	if _, err := s.NextDelivery(ctx, "0"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nothing is owed any more: %v", err)
	}
}

func outbox(t *testing.T, s Store) {
	acts, err := s.Outbox(t.Context(), "one")
	must(t, err)
	if len(acts) != 2 || acts[0].At != 7 || acts[0].Effect.Kind != archive.DoRecord || acts[1].Effect.Kind != archive.DoStop || !acts[0].Effect.At.Equal(epoch) {
		t.Fatalf("outbox %+v", acts)
	}
	commit(t, s, store.Transition{Done: []int64{acts[0].ID}})
	left, err := s.Outbox(t.Context(), "one")
	must(t, err)
	if len(left) != 1 || left[0].ID != acts[1].ID {
		t.Errorf("left %+v", left)
	}
}

func commit(t *testing.T, s Store, tr store.Transition) {
	t.Helper()
	ids, err := s.Commit(t.Context(), tr)
	must(t, err)
	if len(ids) != len(tr.Outbox) {
		t.Fatalf("%d ids for %d acts", len(ids), len(tr.Outbox))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sessionEvents(t *testing.T, s Store) {
	event := func(sessionID, body string) store.Delivery {
		return store.Delivery{ApplicationID: "app", SessionID: sessionID, Body: []byte(body), CreatedAt: epoch}
	}
	commit(t, s, store.Transition{Deliveries: []store.Delivery{
		event("one", `{"event":"sessionCreated"}`), event("two", `{"event":"sessionCreated"}`),
		event("one", `{"event":"sessionDestroyed"}`), event("two", `{"event":"streamCreated"}`),
		{ApplicationID: "app", SessionID: "two", ArchiveID: "film", Body: []byte(`{"event":"archive"}`), CreatedAt: epoch},
	}})
	open, err := s.Monitored(t.Context())
	must(t, err)
	if len(open) != 2 || open[0].SessionID != "two" || string(open[1].Body) != `{"event":"streamCreated"}` {
		t.Errorf("monitored %+v", open)
	}
	next, err := s.NextDelivery(t.Context(), "two")
	must(t, err)
	if next.Lane() != "two" || string(next.Body) != `{"event":"sessionCreated"}` {
		t.Errorf("next of the session %+v", next)
	}
	if next, err = s.NextDelivery(t.Context(), "film"); err != nil || next.Lane() != "film" {
		t.Errorf("next of the archive %+v, %v", next, err)
	}
}
