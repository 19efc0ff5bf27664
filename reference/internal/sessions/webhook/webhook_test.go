package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/callback"
	"reelcheck/reference/internal/clock"
	"reelcheck/reference/internal/store"
)

// shelf is a store with two applications: loud wants all webhooks, quiet none.
type shelf struct {
	fails     error // of the reads of applications
	announced []store.Delivery
	committed []store.Transition
}

func (s *shelf) Application(_ context.Context, id string) (account.Application, error) {
	switch {
	case s.fails != nil:
		return account.Application{}, s.fails
	case id == "loud":
		return account.Application{ID: id, ArchiveCallbackURL: "https://example.com/archives", SessionCallbackURL: "https://example.com/sessions"}, nil
	case id == "quiet":
		return account.Application{ID: id}, nil
	}
	return account.Application{}, store.ErrNotFound
}

func (s *shelf) Monitored(context.Context) ([]store.Delivery, error) { return s.announced, nil }

func (s *shelf) Commit(_ context.Context, t store.Transition) ([]int64, error) {
	s.committed = append(s.committed, t)
	return nil, nil
}

var (
	noon   = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	broken = errors.New("the database is away")
)

func TestArchiveWebhook(t *testing.T) {
	e := archive.Effect{Kind: archive.DoAnnounce, Archive: archive.Archive{ID: "film", Status: archive.Stopped}, At: noon}
	a := Announcer{&shelf{}, &clock.Clock{}}
	for _, id := range []string{"quiet", "unknown"} { // ARC-CB-32
		if d, wanted, err := a.Archive(t.Context(), id, "S", e); wanted || err != nil {
			t.Errorf("%s: got %+v, %v, want none", id, d, err)
		}
	}
	d, wanted, err := a.Archive(t.Context(), "loud", "S", e)
	if err != nil || !wanted {
		t.Fatalf("got %v, %v, want a webhook", wanted, err)
	}
	var body struct{ ID, Status string }
	if err := json.Unmarshal(d.Body, &body); err != nil || body.ID != "film" || body.Status != "stopped" {
		t.Errorf("got body %s, %v", d.Body, err)
	}
	if d.URL != "https://example.com/archives" || d.ApplicationID != "loud" || d.SessionID != "S" || d.Lane() != "film" || !d.CreatedAt.Equal(noon) {
		t.Errorf("got %+v", d)
	}
	if _, _, err := (Announcer{&shelf{fails: broken}, &clock.Clock{}}).Archive(t.Context(), "loud", "S", e); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

// TestSessionWebhooks checks that the notices of a step are delivered in order, in the lane of the session, by one job.
func TestSessionWebhooks(t *testing.T) {
	notices := []archive.Notice{{Kind: archive.StreamDestroyed, At: noon}, {Kind: archive.ConnectionDestroyed, At: noon.Add(time.Second)}}
	a := Announcer{&shelf{}, &clock.Clock{}}
	for _, id := range []string{"quiet", "unknown"} { // ARC-SES-09
		var none store.Transition
		if err := a.Session(t.Context(), &none, id, "S", notices); err != nil || len(none.Deliveries)+len(none.Jobs) > 0 {
			t.Errorf("%s: got %+v, %v, want nothing", id, none, err)
		}
	}
	var got store.Transition
	if err := a.Session(t.Context(), &got, "loud", "S", notices); err != nil {
		t.Fatal(err)
	}
	if told := events(t, got); !slices.Equal(told, []string{"streamDestroyed of S", "connectionDestroyed of S"}) {
		t.Errorf("got %q", told)
	}
	for i, d := range got.Deliveries {
		if d.URL != "https://example.com/sessions" || d.Lane() != "S" || !d.CreatedAt.Equal(notices[i].At) {
			t.Errorf("got %+v", d)
		}
	}
	want := store.Job{Kind: store.JobWebhook, ApplicationID: "loud", SessionID: "S", At: noon}
	if len(got.Jobs) != 1 || got.Jobs[0] != want {
		t.Errorf("got jobs %+v, want %+v", got.Jobs, want)
	}
}

// events returns the events that a transition announces.
func events(t *testing.T, of store.Transition) (out []string) {
	t.Helper()
	for _, d := range of.Deliveries {
		var e callback.Event
		if err := json.Unmarshal(d.Body, &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s of %s", e.Event, d.SessionID))
	}
	return out
}

// TestClientsOfAnEarlierProcess checks that departures are announced of the clients and streams that were still there, at the
// policy time of their application, and that nothing is committed for an application that wants no webhooks by now.
func TestClientsOfAnEarlierProcess(t *testing.T) {
	var before store.Transition
	a := Announcer{&shelf{}, &clock.Clock{}}
	anna, bert := archive.Connection{ID: "anna"}, archive.Connection{ID: "bert"}
	for _, n := range []archive.Notice{
		{Kind: archive.ConnectionCreated, Connection: anna, At: noon},
		{Kind: archive.ConnectionCreated, Connection: bert, At: noon},
		{Kind: archive.StreamCreated, Connection: anna, Stream: archive.Stream{ID: "camera"}, At: noon},
		{Kind: archive.ConnectionDestroyed, Connection: bert, At: noon},
	} {
		if err := a.Session(t.Context(), &before, "loud", "S", []archive.Notice{n}); err != nil {
			t.Fatal(err)
		}
	}
	other := before.Deliveries[0]
	other.ApplicationID, other.SessionID = "quiet", "Q"
	s := &shelf{announced: append(before.Deliveries, other)}
	a = Announcer{s, &clock.Clock{}}
	const ahead = 1000 * time.Hour
	a.Clock.SetOffset("loud", ahead)
	if err := a.Gone(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.committed) != 1 {
		t.Fatalf("got %d transitions, want one", len(s.committed))
	}
	if told := events(t, s.committed[0]); !slices.Equal(told, []string{"streamDestroyed of S", "connectionDestroyed of S", "sessionDestroyed of S"}) { // ARC-SES-10, 11
		t.Errorf("got %q", told)
	}
	if at := s.committed[0].Jobs[0].At; time.Until(at) < ahead-time.Hour {
		t.Errorf("announced at %v, which is not policy time", at)
	}

	s.announced = []store.Delivery{{ApplicationID: "loud", SessionID: "S", Body: []byte("{")}}
	if err := a.Gone(t.Context()); err == nil || len(s.committed) != 1 {
		t.Errorf("got %v and %d transitions for a body that cannot be read", err, len(s.committed))
	}
}
