// Package storetest tests the contract of every store.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/store"
	"reelcheck/reference/internal/store/sqlstore"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)

// Run tests a store. open opens the same database on each call; the store before has been closed by then.
func Run(t *testing.T, open func(t *testing.T) *sqlstore.Store) {
	s := open(t)
	t.Run("applications", func(t *testing.T) { applications(t, s) })
	t.Run("paging", func(t *testing.T) { paging(t, s) })
	t.Run("transitions are whole", func(t *testing.T) { whole(t, s) })
	t.Run("deliveries", func(t *testing.T) { deliveries(t, s) })
	t.Run("deliveries are replayed", func(t *testing.T) { replay(t, s) })
	t.Run("deliveries that are refused", func(t *testing.T) { refusedDeliveries(t, s) })
	t.Run("strange text", func(t *testing.T) { strange(t, s) })
	t.Run("clock", func(t *testing.T) { clock(t, s) })
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
	t.Run("reset", func(t *testing.T) { reset(t, s) })
	must(t, s.Close())
}

func applications(t *testing.T, s *sqlstore.Store) {
	ctx := t.Context()
	a := account.Application{ID: "app", APIKey: 5, Name: "first", Fallback: true, CreatedAt: epoch,
		Storage: &account.Storage{Type: account.StorageS3, S3: account.S3{Bucket: "b"}}}
	must(t, s.CreateApplication(ctx, a))
	must(t, s.CreateApplication(ctx, account.Application{ID: "other", APIKey: 6}))
	if err := s.CreateApplication(ctx, account.Application{ID: "third", APIKey: 5}); !errors.Is(err, store.ErrExists) {
		t.Errorf("a key was given twice: %v", err)
	}
	byID, err := s.Application(ctx, "app")
	must(t, err)
	byKey, err := s.ApplicationByKey(ctx, 5)
	must(t, err)
	if !reflect.DeepEqual(byID, a) || !reflect.DeepEqual(byKey, a) {
		t.Errorf("kept %+v, got %+v and %+v", a, byID, byKey)
	}
	all, err := s.Applications(ctx)
	must(t, err)
	if len(all) != 2 || all[0].ID != "app" || all[1].ID != "other" {
		t.Errorf("applications %+v", all)
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

func paging(t *testing.T, s *sqlstore.Store) {
	ctx := t.Context()
	for _, id := range []string{"one", "two"} {
		must(t, s.CreateSession(ctx, archive.Session{ID: id, ApplicationID: "app", MediaMode: archive.Routed, CreatedAt: epoch}))
	}
	for n := range 6 {
		a := recording(fmt.Sprint(n), []string{"one", "two"}[n%2])
		a.MultiArchiveTag = []string{"", "tag", `<"t\%_` + "\x00é"}[n%3]
		a.Name = `"multiArchiveTag":"name"`
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
		{"app", archive.Query{Count: 2, Status: archive.Started}, 5, []string{"4", "3"}},
		{"app", archive.Query{Count: 50, Status: archive.Stopped}, 0, nil},
		{"app", archive.Query{Count: 50, Status: archive.Deleted}, 0, nil},
		{"app", archive.Query{Count: 50, MultiArchiveTag: "tag"}, 2, []string{"4", "1"}},
		{"app", archive.Query{Count: 50, MultiArchiveTag: "tag", SessionID: "two"}, 1, []string{"1"}},
		{"app", archive.Query{Count: 50, MultiArchiveTag: `<"t\%_` + "\x00é"}, 1, []string{"2"}},
		{"app", archive.Query{Count: 50, MultiArchiveTag: "name"}, 0, nil},
		{"app", archive.Query{Count: 50, MultiArchiveTag: "ta"}, 0, nil},
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

func whole(t *testing.T, s *sqlstore.Store) {
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

// often is the number of refusals after which other webhooks are tried.
const often = 2

func deliveries(t *testing.T, s *sqlstore.Store) {
	ctx := t.Context()
	d := store.Delivery{ApplicationID: "app", SessionID: "one", ArchiveID: "0", URL: "u", Body: []byte("first"), CreatedAt: epoch}
	second := d
	second.Body = []byte("second")
	commit(t, s, store.Transition{Deliveries: []store.Delivery{d, second}})
	next := func() store.Delivery {
		t.Helper()
		d, err := s.NextDelivery(ctx, "0", often)
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
	if _, err := s.NextDelivery(ctx, "0", often); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nothing is owed any more: %v", err)
	}
}

// refusedDeliveries checks that a webhook that an archive's receiver refuses delays later ones only for a while. One that nobody answered, or
// one of a session, delays them until it has ended.
func refusedDeliveries(t *testing.T, s *sqlstore.Store) {
	for _, test := range []struct {
		archive string
		status  int
		passed  bool
	}{{"refused", 400, true}, {"unanswered", 0, false}, {"", 400, false}} {
		d := store.Delivery{ApplicationID: "app", SessionID: "lane of " + test.archive, ArchiveID: test.archive, Body: []byte("1"), CreatedAt: epoch}
		second, third := d, d
		second.Body, third.Body = []byte("2"), []byte("3")
		commit(t, s, store.Transition{Deliveries: []store.Delivery{d, second, third}})
		got := ""
		for n := range 7 { // each try fails, and the next is due a minute later
			next, err := s.NextDelivery(t.Context(), d.Lane(), often)
			must(t, err)
			got += string(next.Body)
			must(t, s.PostponeDelivery(t.Context(), next.ID, epoch.Add(time.Duration(n+1)*time.Minute), test.status))
		}
		if want := map[bool]string{true: "1121231", false: "1111111"}[test.passed]; got != want {
			t.Errorf("archive %q answered %d: tried %s, want %s", test.archive, test.status, got, want)
		}
	}
}

func outbox(t *testing.T, s *sqlstore.Store) {
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

func commit(t *testing.T, s *sqlstore.Store, tr store.Transition) {
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

func sessionEvents(t *testing.T, s *sqlstore.Store) {
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
	next, err := s.NextDelivery(t.Context(), "two", often)
	must(t, err)
	if next.Lane() != "two" || string(next.Body) != `{"event":"sessionCreated"}` {
		t.Errorf("next of the session %+v", next)
	}
	if next, err = s.NextDelivery(t.Context(), "film", often); err != nil || next.Lane() != "film" {
		t.Errorf("next of the archive %+v, %v", next, err)
	}
}

func replay(t *testing.T, s *sqlstore.Store) {
	ctx := t.Context()
	log, err := s.Deliveries(ctx, "app", 1)
	must(t, err)
	if len(log) != 1 || string(log[0].Body) != "second" || log[0].Outcome != store.Dropped {
		t.Fatalf("log %+v", log)
	}
	var owed []store.Job
	s.Enqueue = func(_ context.Context, _ sqlstore.Tx, jobs []store.Job) error {
		owed = jobs
		return nil
	}
	now := epoch.Add(time.Hour)
	must(t, s.ReplayDelivery(ctx, "app", log[0].ID, now))
	if want := []store.Job{{Kind: store.JobWebhook, ApplicationID: "app", SessionID: "one", ArchiveID: "0", At: now}}; !reflect.DeepEqual(owed, want) {
		t.Errorf("jobs %+v, want %+v", owed, want)
	}
	d, err := s.NextDelivery(ctx, "0", often)
	must(t, err)
	if d.ID != log[0].ID || !d.CreatedAt.Equal(now) || d.Attempts != 0 {
		t.Errorf("owed again: %+v", d)
	}
	if err := s.ReplayDelivery(ctx, "other", d.ID, now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the webhook of another application: %v", err)
	}
	must(t, s.SettleDelivery(ctx, d.ID, store.Delivered, 200))

	refused := errors.New("refused")
	s.Enqueue = func(context.Context, sqlstore.Tx, []store.Job) error { return refused }
	a := recording("0", "one")
	a.Status = archive.Stopped
	if _, err := s.Commit(ctx, store.Transition{Archives: []archive.Archive{a}, Jobs: owed}); !errors.Is(err, refused) {
		t.Errorf("jobs that cannot be kept: %v", err)
	}
	if got, err := s.Archive(ctx, "app", "0"); err != nil || got.Status != archive.Started {
		t.Errorf("a transition without its jobs was kept: %s, %v", got.Status, err)
	}
}

// strange stores unusual data of clients and applications.
func strange(t *testing.T, s *sqlstore.Store) {
	ctx := t.Context()
	a := recording("strange", "one")
	a.Name = "nul \x00, \U0001f3ac, \u2028 and '; --"
	commit(t, s, store.Transition{Archives: []archive.Archive{a}})
	got, err := s.Archive(ctx, "app", "strange")
	must(t, err)
	if got.Name != a.Name {
		t.Errorf("name %q, want %q", got.Name, a.Name)
	}
	for _, id := range []string{"\x00", "\xff"} {
		if _, err := s.Archive(ctx, "app", id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("archive %q: %v", id, err)
		}
		if _, err := s.Session(ctx, id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("session %q: %v", id, err)
		}
	}
	commit(t, s, store.Transition{Deliveries: []store.Delivery{{ApplicationID: "app", SessionID: "one", CreatedAt: epoch,
		Body: []byte(`{"event":"connectionCreated","connection":{"data":"\u0000 \"event\":\"sessionCreated\""}}`)}}})
	if open, err := s.Monitored(ctx); err != nil || len(open) != 0 {
		t.Errorf("what a client says of itself was taken for an event: %+v, %v", open, err)
	}
}

func clock(t *testing.T, s *sqlstore.Store) {
	ctx := t.Context()
	refused := errors.New("refused")
	if err := s.SetClock(ctx, "app", time.Minute, func(sqlstore.Tx) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("jobs that cannot be moved: %v", err)
	}
	if a, err := s.Application(ctx, "app"); err != nil || a.ClockOffset != 0 {
		t.Errorf("the clock was moved without its jobs: %v, %v", a.ClockOffset, err)
	}
	committing, moved, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	s.Enqueue = func(context.Context, sqlstore.Tx, []store.Job) error {
		close(committing)
		select {
		case <-moved:
			t.Error("the clock moved while jobs were made that fall due by it")
		case <-time.After(50 * time.Millisecond):
		}
		return nil
	}
	go func() { // ends by sending to done
		_, err := s.Commit(ctx, store.Transition{Jobs: []store.Job{{Kind: store.JobExpire, ApplicationID: "app"}}})
		done <- err
	}()
	<-committing
	must(t, s.SetClock(ctx, "app", time.Hour, func(sqlstore.Tx) error { close(moved); return nil }))
	must(t, <-done)
	must(t, s.UpdateApplication(ctx, account.Application{ID: "app", APIKey: 5, Name: "renamed"}))
	if a, err := s.Application(ctx, "app"); err != nil || a.ClockOffset != time.Hour || a.Name != "renamed" {
		t.Errorf("after a change of settings: %+v, %v", a, err)
	}
	if err := s.UpdateApplication(ctx, account.Application{ID: "none"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("change of no application: %v", err)
	}
}

func reset(t *testing.T, s *sqlstore.Store) {
	ctx := t.Context()
	must(t, s.ResetApplication(ctx, "app", func(sqlstore.Tx) error { return nil }))
	if a, err := s.Application(ctx, "app"); err != nil || a.ClockOffset != 0 || a.Name != "renamed" {
		t.Errorf("application %+v, %v", a, err)
	}
	_, total, err := s.Archives(ctx, "app", archive.Query{Count: 10})
	must(t, err)
	left, err := s.Deliveries(ctx, "app", 10)
	must(t, err)
	unsettled, err := s.Unsettled(ctx)
	must(t, err)
	if total+len(left)+len(unsettled) != 0 {
		t.Errorf("left: %d archives, %d deliveries, sessions %q", total, len(left), unsettled)
	}
}
