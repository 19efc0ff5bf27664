// Package api is the HTTP interface of the server, as openapi.yaml describes it.
//
// A handler parses the request, calls a service, writes the answer, and returns its error. One function maps errors to answers. Routes outside
// the REST API (clients, control) have handlers of the same kind. Other packages provide them through [Clients] and [ControlAPI], so that they
// share authentication, logging and errors.
//
//	handler := api.New(api.Config{Sessions: runner, Clients: gateway, Applications: store, Now: time.Now, Log: log})
//	http.Serve(listener, handler)
//
// A service must return a refusal for the caller as an [*archive.Error]; the API answers every other error with 500 and without its text.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/target"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/layout"
)

// Sessions is the service for sessions and archives. Every method works within one application and does not find what belongs to another. Errors
// for the caller are of type [*archive.Error].
type Sessions interface {
	CreateSession(ctx context.Context, s archive.Session) error
	Session(ctx context.Context, appID, sessionID string) (archive.Session, error)
	StartArchive(ctx context.Context, appID string, r archive.Request) (archive.Archive, error)
	StopArchive(ctx context.Context, appID, archiveID string) (archive.Archive, error)
	Archive(ctx context.Context, appID, archiveID string) (archive.Archive, error)
	SetLayout(ctx context.Context, appID, archiveID string, l layout.Layout) (archive.Archive, error)
	// Archives returns a page of archives, and the number of all archives that match.
	Archives(ctx context.Context, appID string, q archive.Query) ([]archive.Archive, int, error)
	DeleteArchive(ctx context.Context, appID, archiveID string) error
	AddStream(ctx context.Context, appID, archiveID string, in archive.Inclusion) error
	RemoveStream(ctx context.Context, appID, archiveID, streamID string) error
	Disconnect(ctx context.Context, sessionID, connectionID, reason string) error
	Migrate(ctx context.Context, appID, sessionID string) error
	SetStreamClasses(ctx context.Context, appID, sessionID string, classes map[string][]string) error
}

// Clients serves the clients of sessions. If a method has a token parameter, the API has authenticated the client's token.
type Clients interface {
	Events(w http.ResponseWriter, r *http.Request, c account.Client) error
	Publish(w http.ResponseWriter, r *http.Request, c account.Client) error
	// Patch and Stop check that the token is the one that published. It may have expired since.
	Patch(w http.ResponseWriter, r *http.Request, token account.TokenIdentity) error
	Stop(w http.ResponseWriter, r *http.Request, token account.TokenIdentity) error
	Preflight(w http.ResponseWriter, r *http.Request) error
}

// ControlAPI serves the control API. The API calls Authorize first, and the handler only if it accepts the request.
type ControlAPI interface {
	Authorize(r *http.Request) error
	CreateApplication(w http.ResponseWriter, r *http.Request) error
	DeleteApplication(w http.ResponseWriter, r *http.Request) error
	ReadClock(w http.ResponseWriter, r *http.Request) error
	AdvanceClock(w http.ResponseWriter, r *http.Request) error
	Deadlines(w http.ResponseWriter, r *http.Request) error
	RotateSession(w http.ResponseWriter, r *http.Request) error
	Reset(w http.ResponseWriter, r *http.Request) error
	Faults(w http.ResponseWriter, r *http.Request) error
	ArmFault(w http.ResponseWriter, r *http.Request) error
	ClearFaults(w http.ResponseWriter, r *http.Request) error
	Deliveries(w http.ResponseWriter, r *http.Request) error
	ReplayDelivery(w http.ResponseWriter, r *http.Request) error
	// RequireApplication returns an error if the application in the path does not exist.
	RequireApplication(r *http.Request) error
}

// Config holds the services of a [Server].
type Config struct {
	Sessions Sessions
	Verifier account.Verifier
	Clients  Clients
	// Applications stores what applications set over REST.
	Applications Applications
	// Link returns the download link of an available archive.
	Link func(archive.Archive) string
	// Download serves /cloud/{applicationId}/{archiveId}/{file}, the links made by Link. It answers errors itself.
	Download http.Handler
	// Targets says which addresses applications may name.
	Targets target.Rules
	// ControlAPI is nil if the control API is not offered.
	ControlAPI ControlAPI
	// Metrics is nil if metrics are not offered.
	Metrics http.Handler
	// Missing lists what keeps the server from being ready.
	Missing func(context.Context) []string
	OpenAPI []byte
	// Now returns real time.
	Now func() time.Time
	Log *slog.Logger
}

// Server is the HTTP handler of the whole server.
type Server struct {
	Config
	mux *http.ServeMux
}

// New returns the handler for everything the server offers over HTTP.
func New(c Config) *Server {
	s := &Server{Config: c, mux: http.NewServeMux()}
	for _, rt := range s.routes() {
		s.mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := rt.handle(w, r); err != nil {
				rt.fail(w, r, err)
			}
		})
	}
	if c.Download != nil {
		s.mux.Handle("GET /cloud/{applicationId}/{archiveId}/{file}", c.Download)
	}
	if c.Metrics != nil {
		s.mux.Handle("GET /metrics", c.Metrics)
	}
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.observe(w, r, s.dispatch) }

// dispatch works like ServeMux, but answers errors in JSON and does not redirect.
func (s *Server) dispatch(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/v2/session/") {
		allowOrigins(w.Header())
	}
	if escaped := r.URL.EscapedPath(); escaped == "" || path.Clean(escaped) != escaped {
		s.fail(w, r, errNoPath)
		return
	}
	unmatched, pattern := s.mux.Handler(r)
	if pattern != "" {
		s.mux.ServeHTTP(w, r)
		return
	}
	probe := statusProbe{header: http.Header{}}
	unmatched.ServeHTTP(&probe, r)
	if allow := probe.header.Get("Allow"); probe.status == http.StatusMethodNotAllowed && allow != "" {
		w.Header().Set("Allow", allow)
		s.write(w, r, http.StatusMethodNotAllowed, http.StatusMethodNotAllowed, "method "+r.Method+" is not allowed here, only "+allow)
		return
	}
	s.fail(w, r, errNoPath)
}

var errNoPath = &archive.Error{Kind: archive.NotFound, Message: "there is nothing at this path"}

// allowOrigins allows pages of every origin, because clients send their token explicitly, never in a cookie.
func allowOrigins(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Location, ETag, Link, Accept-Post, Accept-Patch")
}

// statusProbe records the status that ServeMux's own error handler would answer.
type statusProbe struct {
	header http.Header
	status int
}

func (p *statusProbe) Header() http.Header         { return p.header }
func (p *statusProbe) WriteHeader(status int)      { p.status = status }
func (p *statusProbe) Write(b []byte) (int, error) { return len(b), nil }
