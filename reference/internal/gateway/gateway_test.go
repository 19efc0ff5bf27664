package gateway_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/gateway"
	"reelcheck/reference/internal/ingest"
	"reelcheck/reference/internal/sessions"
)

const (
	sessionID = "1_session"
	patience  = 5 * time.Second // for events that must happen; a test that passes never waits that long
)

var start = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

// session is a session in memory. It stands for sessions and ingest.
type session struct {
	mu      sync.Mutex
	present archive.Session
	clients map[string]chan archive.Notice
	log     []string
	changed chan struct{} // closed and replaced at each new line of the log

	offer  func(who ingest.Publisher) error // called before an offer is accepted
	gone   func(ingest.Publisher, string)
	offers map[string]ingest.Publisher
}

func (r *session) note(line string) {
	r.log = append(r.log, line)
	close(r.changed)
	r.changed = make(chan struct{})
}

// wait returns when the log has line.
func (r *session) wait(t *testing.T, line string) {
	t.Helper()
	limit := time.After(patience)
	for {
		r.mu.Lock()
		found, changed := slices.Contains(r.log, line), r.changed
		r.mu.Unlock()
		if found {
			return
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("%q did not happen; what did: %q", line, r.lines())
		}
	}
}

func (r *session) lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.log)
}

func (r *session) Session(_ context.Context, appID, id string) (archive.Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id != sessionID || appID != "app" {
		return archive.Session{}, &archive.Error{Kind: archive.NotFound, Message: "session does not exist"}
	}
	return r.present, nil
}

func (r *session) Connect(ctx context.Context, appID, id string, c archive.Connection) (*sessions.Subscription, error) {
	if _, err := r.Session(ctx, appID, id); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c.CreatedAt = start
	r.present.Connections = append(slices.Clone(r.present.Connections), c)
	r.clients[c.ID] = make(chan archive.Notice, 8)
	r.note("connect " + c.Data)
	return &sessions.Subscription{Session: r.present, C: r.clients[c.ID]}, nil
}

func (r *session) Disconnect(_ context.Context, _, id, reason string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.present.Connection(id); !ok {
		return &archive.Error{Kind: archive.NotFound, Message: "connection is not connected"}
	}
	r.present.Connections = slices.DeleteFunc(slices.Clone(r.present.Connections), func(c archive.Connection) bool { return c.ID == id })
	r.note("disconnect " + reason)
	if c := r.clients[id]; c != nil {
		c <- archive.Notice{Kind: archive.SessionDisconnected, At: start, Reason: reason}
		close(c)
		delete(r.clients, id)
	}
	return nil
}

// only returns the channel of the only client.
func (r *session) only(t *testing.T) (id string, c chan archive.Notice) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.clients) != 1 {
		t.Fatalf("%d clients, want 1", len(r.clients))
	}
	for id, c = range r.clients {
	}
	return id, c
}

func (r *session) Offer(_ context.Context, who ingest.Publisher, sdp string) (ingest.Answer, error) {
	if sdp != "v=0" {
		return ingest.Answer{}, &archive.Error{Kind: archive.Unprocessable, Message: "no SDP"}
	}
	r.mu.Lock()
	r.offers[who.Stream.ID] = who
	r.note("offer " + who.Stream.Name)
	r.mu.Unlock()
	if r.offer != nil {
		return ingest.Answer{SDP: "v=0", ETag: `"e"`}, r.offer(who)
	}
	return ingest.Answer{SDP: "v=0", ETag: `"e"`}, nil
}

func (r *session) endStream(id, reason string) {
	r.mu.Lock()
	who, ok := r.offers[id]
	delete(r.offers, id)
	if ok {
		r.note("end " + who.Stream.Name + " " + reason)
	}
	r.mu.Unlock()
	if ok {
		r.gone(who, reason)
	}
}

// media is the Ingest of a session.
type media struct{ *session }

func (m media) Disconnect(id, reason string) { m.endStream(id, reason) }

func (m media) Patch(_ context.Context, _, _, fragment string) (ingest.Answer, error) {
	switch fragment {
	case "other":
		return ingest.Answer{}, &archive.Error{Kind: archive.PreconditionFailed, Message: "another session"}
	case "restart":
		return ingest.Answer{SDP: "a=ice-ufrag:new", ETag: `"f"`}, nil
	default:
		return ingest.Answer{}, nil
	}
}

func (m media) Delete(_ context.Context, id string) error {
	m.Disconnect(id, ingest.ClientDisconnected)
	return nil
}

// testServer is a gateway behind HTTP. A request's bearer is its client's name, role and identity.
type testServer struct {
	*session
	*gateway.Gateway
	url string
}

func newTestServer(t *testing.T, adapt ...func(*gateway.Config)) testServer {
	t.Helper()
	r := &session{changed: make(chan struct{}), clients: map[string]chan archive.Notice{}, offers: map[string]ingest.Publisher{},
		present: archive.Session{ID: sessionID, ApplicationID: "app", MediaMode: archive.Routed}}
	config := gateway.Config{Sessions: r, Ingest: media{r}, Log: slog.New(slog.DiscardHandler)}
	for _, f := range adapt {
		f(&config)
	}
	g := gateway.New(config)
	r.gone = g.Gone
	mux := http.NewServeMux()
	handle := func(pattern string, f func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) { answer(t, w, f(w, req)) })
	}
	handle("GET /v2/session/{sessionId}/events", func(w http.ResponseWriter, req *http.Request) error { return g.Events(w, req, client(req)) })
	handle("POST /v2/session/{sessionId}/whip", func(w http.ResponseWriter, req *http.Request) error { return g.Publish(w, req, client(req)) })
	handle("PATCH /v2/session/{sessionId}/whip/{streamId}", func(w http.ResponseWriter, req *http.Request) error {
		return g.Patch(w, req, client(req).Identity)
	})
	handle("DELETE /v2/session/{sessionId}/whip/{streamId}", func(w http.ResponseWriter, req *http.Request) error {
		return g.Stop(w, req, client(req).Identity)
	})
	handle("OPTIONS /v2/session/{sessionId}/whip", g.Preflight)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(g.Close)
	return testServer{session: r, Gateway: g, url: server.URL + "/v2/session/" + sessionID}
}

func client(r *http.Request) account.Client {
	token, _ := account.Bearer(r.Header.Get("Authorization"))
	role := account.RolePublisher
	if strings.HasPrefix(token, "subscriber") {
		role = account.RoleSubscriber
	}
	return account.Client{Application: account.Application{ID: "app"}, SessionID: r.PathValue("sessionId"), Role: role, Data: token,
		LayoutClasses: []string{"focus"}, Identity: account.Identify(token)}
}

func answer(t *testing.T, w http.ResponseWriter, err error) {
	var domain *archive.Error
	switch {
	case err == nil:
	case errors.As(err, &domain):
		w.WriteHeader(map[archive.Kind]int{archive.NotFound: 404, archive.Forbidden: 403, archive.Invalid: 400, archive.Conflict: 409,
			archive.PreconditionFailed: 412, archive.TooLarge: 413, archive.Unsupported: 415, archive.Unprocessable: 422, archive.UpgradeRequired: 426,
			archive.Unavailable: 503}[domain.Kind])
	default:
		t.Errorf("unexpected error %v", err)
	}
}

func (h testServer) dial(t *testing.T, token string) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	socket, response, err := websocket.Dial(ctx, h.url+"/events", &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + token}}, Subprotocols: []string{gateway.Protocol}})
	if err != nil {
		t.Fatal(err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	t.Cleanup(func() { _ = socket.CloseNow() })
	return socket
}

func (h testServer) do(t *testing.T, method, path, token, contentType, body string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}
