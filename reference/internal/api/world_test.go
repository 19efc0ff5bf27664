package api_test

import (
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/account/accounttest"
	"reelcheck/reference/internal/api"
	"reelcheck/reference/internal/api/target"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/controlapi"
	"reelcheck/reference/internal/fault"
	"reelcheck/reference/internal/gateway"
	"reelcheck/reference/internal/outbound"
)

const (
	connectionID = "5a1c2b58-1111-4222-8333-0123456789ab"
	streamID     = "5a1c2b58-2222-4222-8333-0123456789ab"
	archiveID    = "b40ef09b-3811-4726-b508-e41a0f96c68f"
	foreignID    = "b40ef09b-9999-4726-b508-e41a0f96c68f"
	unknownID    = "00000000-3811-4726-b508-e41a0f96c68f"
	controlToken = "control-token-of-the-test"
	offerSDP     = "v=0\r\n"
)

var (
	start = time.Date(2026, 11, 2, 10, 0, 0, 123e6, time.UTC)

	keysOnce    sync.Once
	app, other  accounttest.App // the same keys for all tests
	sessionID   string
	relayedID   string
	foreignSess string
)

func keys(tb testing.TB) {
	tb.Helper()
	keysOnce.Do(func() {
		app, other = accounttest.NewApp(tb, "app", start), accounttest.NewApp(tb, "other", start)
		app.ID, app.APIKey = "29f760f8-7ce1-46c9-ade3-f2dedee4ed5f", 472032
		sessionID = account.ID{Owner: app.ID, CreatedAt: start}.New()
		relayedID = account.ID{Owner: app.ID, CreatedAt: start}.New()
		foreignSess = account.ID{Owner: other.ID, CreatedAt: start}.New()
	})
}

// world is the API with in-memory services: two applications, each with a session that has a client, a stream and an archive.
type world struct {
	*api.Server
	sessions *fakeSessions
	ingest   *fakeIngest
	gateway  *gateway.Gateway
	// published is the id of a stream that clientToken published by WHIP.
	clientToken, published string
}

// anywhere allows applications to name every address.
var anywhere = target.Rules{Guard: outbound.Guard{AllowPrivate: true}}

func newWorld(tb testing.TB, adapt ...func(*api.Config)) *world {
	tb.Helper()
	keys(tb)
	apps := &accounttest.Applications{}
	apps.Add(app.Application, other.Application)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	now := func() time.Time { return start }
	w := &world{sessions: newFakeSessions(apps), ingest: &fakeIngest{}}
	w.gateway = gateway.New(gateway.Config{Sessions: w.sessions, Ingest: w.ingest, Log: log})
	w.ingest.gone = w.gateway.Gone
	tb.Cleanup(w.gateway.Close)
	document, err := os.ReadFile(openapiFile)
	if err != nil {
		tb.Fatal(err)
	}
	config := api.Config{
		Sessions: w.sessions,
		Verifier: account.Verifier{Applications: apps, Unknown: accounttest.ErrUnknown, Now: now},
		Clients:  w.gateway,
		Link:     func(a archive.Archive) string { return "http://archived/cloud/" + a.ID },
		Download: http.HandlerFunc(download),
		ControlAPI: controlapi.New(controlapi.Config{Token: controlToken, Applications: testApplications{apps, w.sessions}, Sessions: w.sessions,
			Webhooks: testDeliveries{w.sessions}, Board: &fault.Board{}, Targets: anywhere, Now: now}),
		Targets: anywhere,

		Applications: testApplications{apps, w.sessions},
		Metrics: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "text/plain")
			rw.WriteHeader(http.StatusOK)
		}),
		Missing: func(context.Context) []string { return nil },
		OpenAPI: document,
		Now:     now,
		Log:     log,
	}
	for _, f := range adapt {
		f(&config)
	}
	w.Server = api.New(config)
	w.clientToken = app.Client(tb, start, sessionID, nil)
	answer := w.do(http.MethodPost, "/v2/session/"+sessionID+"/whip", offerSDP, "Authorization", "Bearer "+w.clientToken, "Content-Type", "application/sdp")
	if answer.Code != http.StatusCreated {
		tb.Fatalf("publish: %d %s", answer.Code, answer.Body)
	}
	location := answer.Header().Get("Location")
	w.published = location[strings.LastIndex(location, "/")+1:]
	w.sessions.changes = nil
	return w
}

func download(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("signature") != "good" || r.URL.Query().Get("expires") != "1" {
		http.Error(rw, "bad link", http.StatusForbidden)
		return
	}
	if r.URL.Path != "/cloud/"+app.ID+"/"+archiveID+"/archive.mp4" {
		http.Error(rw, "gone", http.StatusNotFound)
		return
	}
	rw.Header().Set("Content-Type", "video/mp4")
	rw.WriteHeader(http.StatusOK)
}

// do sends a request. headers are pairs of name and value.
func (w *world) do(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec
}

func upper(s string) string { return strings.ToUpper(s) }

func junk(n int) string { return hex.EncodeToString(make([]byte, n/2)) }
