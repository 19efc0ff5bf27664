package mutants

import (
	"io"
	"net/http"
	"net/http/httptest"

	"reelcheck/conformance/verdict"
)

// Sentinel is a server that does nothing right.
type Sentinel struct {
	Name    string
	Handler http.Handler
	Exit    int // exit code of a run
}

// Sentinels lists the sentinels. No must-clause may pass on any of them.
var Sentinels = []Sentinel{
	{"always-404", always(404, "application/json", `{"message":"not found"}`), verdict.ExitNonConformant},
	{"always-500", always(500, "application/json", `{"message":"internal server error","code":-1}`), verdict.ExitNonConformant},
	{"always-200-empty-object", always(200, "application/json", `{}`), verdict.ExitNonConformant},
	{"always-200-ok", always(200, "text/plain", "ok"), verdict.ExitNonConformant},
	{"hangs", http.HandlerFunc(hang), verdict.ExitUnreachable},
}

// Serve starts the sentinel on a local port. Closing the server also ends requests that hang.
func (s Sentinel) Serve() *httptest.Server {
	return httptest.NewServer(s.Handler)
}

func always(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20))
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// hang never answers a request. It returns when the client gives up, which the server only notices once the body has
// been read.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}
