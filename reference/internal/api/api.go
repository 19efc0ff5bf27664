// Package api is the HTTP face of the server, as openapi.yaml describes it.
//
// A handler parses, asks a service and renders. It returns its error; one mapping turns that into an answer. Routes that do
// not belong to the REST API (clients, control) are handlers of the same kind, which other packages provide through [Clients] and
// [ControlAPI], so that they share authentication, logging and errors.
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

// Sessions is what the REST API asks of sessions and archives. Everything concerns one application; what belongs to another is not
// found. Errors that are to be told to the caller are [*archive.Error].
type Sessions interface {
	CreateSession(ctx context.Context, s archive.Session) error
	Session(ctx context.Context, appID, sessionID string) (archive.Session, error)
	StartArchive(ctx context.Context, appID string, r archive.Request) (archive.Archive, error)
	StopArchive(ctx context.Context, appID, archiveID string) (archive.Archive, error)
	Archive(ctx context.Context, appID, archiveID string) (archive.Archive, error)
	SetLayout(ctx context.Context, appID, archiveID string, l layout.Layout) (archive.Archive, error)
	// Archives returns a page and the number of all archives that match.
	Archives(ctx context.Context, appID string, q archive.Query) ([]archive.Archive, int, error)
	DeleteArchive(ctx context.Context, appID, archiveID string) error
	AddStream(ctx context.Context, appID, archiveID string, in archive.Inclusion) error
	RemoveStream(ctx context.Context, appID, archiveID, streamID string) error
	Disconnect(ctx context.Context, sessionID, connectionID, reason string) error
	Migrate(ctx context.Context, appID, sessionID string) error
	SetStreamClasses(ctx context.Context, appID, sessionID string, classes map[string][]string) error
}

// Clients serves the clients of sessions. The API has authenticated the client token where there is one in the signature.
type Clients interface {
	Events(w http.ResponseWriter, r *http.Request, c account.Client) error
	Publish(w http.ResponseWriter, r *http.Request, c account.Client) error
	// Patch and Stop check that the token is the one that published, which may have expired since.
	Patch(w http.ResponseWriter, r *http.Request, token account.TokenIdentity) error
	Stop(w http.ResponseWriter, r *http.Request, token account.TokenIdentity) error
	Preflight(w http.ResponseWriter, r *http.Request) error
}

// ControlAPI serves the control API. Every handler is called only after Authorize accepted the request.
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
	// RequireApplication answers an error when the application in the path does not exist.
	RequireApplication(r *http.Request) error
}

// Config is what the API is built from.
type Config struct {
	Sessions Sessions
	Verifier account.Verifier
	Clients  Clients
	// Applications keeps what applications set by REST.
	Applications Applications
	// Link makes the download link of an available archive.
	Link func(archive.Archive) string
	// Download serves /cloud/{applicationId}/{archiveId}/{file}, links made by Link. It answers errors itself.
	Download http.Handler
	// Targets are the addresses that applications may name.
	Targets target.Rules
	// ControlAPI is nil unless the control API is offered.
	ControlAPI ControlAPI
	// Metrics is nil unless metrics are offered.
	Metrics http.Handler
	// Missing says what keeps the server from being ready.
	Missing func(context.Context) []string
	OpenAPI []byte
	// Now is real time.
	Now func() time.Time
	Log *slog.Logger
}

// Server is the HTTP handler.
type Server struct {
	Config
	mux *http.ServeMux
}

// New returns the handler of everything the server offers over HTTP.
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

// dispatch is ServeMux with errors in JSON and without redirects.
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

// allowOrigins lets pages of every origin in: clients carry their token explicitly, never by cookie.
func allowOrigins(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Location, ETag, Link, Accept-Post, Accept-Patch")
}

// statusProbe asks ServeMux's own error handler what it would answer.
type statusProbe struct {
	header http.Header
	status int
}

func (p *statusProbe) Header() http.Header         { return p.header }
func (p *statusProbe) WriteHeader(status int)      { p.status = status }
func (p *statusProbe) Write(b []byte) (int, error) { return len(b), nil }
