package sessions_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/callback"
)

// monitor receives session monitoring webhooks.
type monitor struct {
	*httptest.Server
	mu     sync.Mutex
	events []callback.Event
	raw    []map[string]any
	tokens []string
	fails  int // the number of requests to refuse first
}

func watch(t *testing.T) *monitor {
	m := &monitor{}
	m.Server = httptest.NewServer(m)
	t.Cleanup(m.Close)
	return m
}

func (m *monitor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails > 0 {
		m.fails--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var e callback.Event
	var raw map[string]any
	if json.Unmarshal(body, &e) != nil || json.Unmarshal(body, &raw) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	m.events, m.raw, m.tokens = append(m.events, e), append(m.raw, raw), append(m.tokens, r.Header.Get("Authorization"))
}

func (m *monitor) want(t *testing.T, want ...archive.NoticeKind) {
	t.Helper()
	var got []archive.NoticeKind
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		got = nil
		m.mu.Lock()
		for _, e := range m.events {
			got = append(got, e.Event)
		}
		m.mu.Unlock()
		if slices.Equal(got, want) {
			return
		}
	}
	t.Fatalf("session events %q, want %q", got, want)
}

func TestSessionMonitoring(t *testing.T) {
	t.Parallel()
	s, m := start(t, t.TempDir()), watch(t)
	s.app(t, func(a *account.Application) { a.SessionCallbackURL, a.SignatureSecret = m.URL, "secret" })
	s.join(t, "anna")
	s.publish(t, "camera", "anna")
	s.join(t, "bert")
	s.Ended("camera", 0, "forceUnpublished")
	must(t, s.Disconnect(t.Context(), "S", "anna", "clientDisconnected"))
	s.publish(t, "screen", "bert")
	must(t, s.Disconnect(t.Context(), "S", "bert", "networkDisconnected"))
	m.want(t, "sessionCreated", "connectionCreated", "streamCreated", "connectionCreated", "streamDestroyed", "connectionDestroyed",
		"streamCreated", "streamDestroyed", "connectionDestroyed", "sessionDestroyed")
	for i, e := range m.events {
		if e.SessionID != "S" || e.ProjectID != "app" || e.Timestamp < time.Now().Add(-time.Minute).UnixMilli() || m.tokens[i] == "" {
			t.Errorf("event %d: %+v, authorization %q", i, e, m.tokens[i])
		}
	}
	created, last := m.events[2], m.events[7:]
	if c := m.events[1].Connection; c == nil || c.ID != "anna" || c.CreatedAt != m.events[1].Timestamp {
		t.Errorf("connectionCreated %+v", m.events[1])
	}
	if st := created.Stream; st == nil || st.ID != "camera" || st.Connection.ID != "anna" || st.CreatedAt != created.Timestamp || created.Reason != "" {
		t.Errorf("streamCreated %+v", created)
	}
	if m.events[4].Reason != "forceUnpublished" {
		t.Errorf("streamDestroyed %+v", m.events[4])
	}
	for _, e := range last { // a disconnection ends the stream and the connection at the same time for the same reason
		if e.Reason != "networkDisconnected" || e.Timestamp != last[0].Timestamp {
			t.Errorf("%+v", e)
		}
	}
	if _, has := m.raw[0]["reason"]; has || m.raw[0]["connection"] != nil {
		t.Errorf("sessionCreated %v", m.raw[0])
	}
}

// TestSessionMonitoringInOrder checks that later events wait for one that could not be delivered.
func TestSessionMonitoringInOrder(t *testing.T) {
	t.Parallel()
	s, m := start(t, t.TempDir()), watch(t)
	m.fails = 3
	s.app(t, func(a *account.Application) { a.SessionCallbackURL = m.URL })
	s.join(t, "anna")
	must(t, s.Disconnect(t.Context(), "S", "anna", "clientDisconnected"))
	s.advance(t, time.Minute)
	m.want(t, "sessionCreated", "connectionCreated", "connectionDestroyed", "sessionDestroyed")
}

// TestSessionMonitoringRestart checks that a server that died announces once, at its next start, that its clients are gone.
func TestSessionMonitoringRestart(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), watch(t)
	s, err := open(t.Context(), dir, 0)
	must(t, err)
	s.app(t, func(a *account.Application) { a.SessionCallbackURL = m.URL })
	s.join(t, "anna")
	s.publish(t, "camera", "anna")
	m.want(t, "sessionCreated", "connectionCreated", "streamCreated")
	must(t, s.jobs.Settle(t.Context(), "app")) // otherwise an event that was received but not marked as delivered is sent again
	s.close(t)
	for range 2 {
		s, err = open(t.Context(), dir, 0)
		must(t, err)
		m.want(t, "sessionCreated", "connectionCreated", "streamCreated", "streamDestroyed", "connectionDestroyed", "sessionDestroyed")
		must(t, s.jobs.Settle(t.Context(), "app"))
		s.close(t)
	}
	if e := m.events[3]; e.Reason != "networkDisconnected" || e.Stream.ID != "camera" || e.Stream.Connection.ID != "anna" {
		t.Errorf("%+v", e)
	}
}
