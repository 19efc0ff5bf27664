package sink

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"reelcheck/conformance/evidence"
)

// gate is a proxy between the target and a store. It records what it passes on and what it refuses.
type gate struct {
	url     string // as the target reaches it
	journal *evidence.Journal
	store   http.Handler
	server  *http.Server
	done    chan error // of Serve

	mu      sync.Mutex
	owners  map[string]string  // scenario by bucket, or by archive id in a bucket that scenarios share
	refused map[string]refusal // by bucket or archive id
	err     error              // the first error in writing a record
}

// openGate listens for requests to the store at endpoint. It passes on the host, because S3 signatures cover it.
func openGate(listen, endpoint string, j *evidence.Journal) (*gate, error) {
	behind, err := url.Parse(endpoint)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, err
	}
	g := &gate{url: "http://" + ln.Addr().String(), journal: j, done: make(chan error, 1), owners: map[string]string{}, refused: map[string]refusal{},
		store: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(behind)
			r.Out.Host = r.In.Host
		}}}
	g.server = &http.Server{Handler: newBudget(g, diskBudget), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	go func() { g.done <- g.server.Serve(netutil.LimitListener(ln, maxConnections)) }() // awaited by close
	return g, nil
}

// own assigns the requests whose path names a bucket or an archive to a scenario.
func (g *gate) own(name, scenario string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.owners[name] = scenario
}

// named returns what is known of the first bucket or archive that a path names.
func named[T any](of map[string]T, path string) (v T) {
	for name := range strings.SplitSeq(path, "/") {
		if v, known := of[name]; known {
			return v
		}
	}
	return v
}

// refusal says which requests are refused: none if status is 0, otherwise all, or those without which no object is made.
type refusal struct {
	status   int
	unmaking bool // multipart uploads may begin, with their first part, and be aborted
}

func (r refusal) of(request *http.Request, u evidence.Upload) int {
	first := u.Part == evidence.PutPart && request.URL.Query().Get("partNumber") == "1"
	if r.unmaking && (first || u.Part != "" && u.Part != evidence.PutPart && u.Part != evidence.EndParts) {
		return 0
	}
	return r.status
}

func (g *gate) refuse(name string, r refusal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refused[name] = r
}

// partOf returns what a request does in a multipart upload of S3, and the id of the upload.
func partOf(r *http.Request) (part evidence.Part, id string) {
	q := r.URL.Query()
	id = q.Get("uploadId")
	switch {
	case r.Method == http.MethodPost && q.Has("uploads"):
		part = evidence.BeginParts
	case r.Method == http.MethodGet && (id != "" || q.Has("uploads")):
		part = evidence.ListParts
	case id == "":
	case r.Method == http.MethodPut:
		part = evidence.PutPart
	case r.Method == http.MethodPost:
		part = evidence.EndParts
	case r.Method == http.MethodDelete:
		part = evidence.AbortParts
	}
	return part, id
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	scenario, refused := named(g.owners, r.URL.Path), named(g.refused, r.URL.Path)
	g.mu.Unlock()
	u := evidence.Upload{Store: "s3", Method: r.Method, Path: r.URL.Path, Encryption: r.Header.Get("X-Amz-Server-Side-Encryption")}
	u.Part, u.Multipart = partOf(r)
	status := refused.of(r, u)
	answer := &noting{ResponseWriter: w}
	arrived := time.Now()
	if status == 0 {
		g.store.ServeHTTP(answer, r)
	} else {
		u.Refused = true
		_, _ = io.Copy(io.Discard, r.Body) // like a store that fails after it has read the body
		answer.Header().Set("Content-Type", "application/xml")
		answer.WriteHeader(status)
		code := map[int]string{http.StatusForbidden: "AccessDenied", http.StatusServiceUnavailable: "ServiceUnavailable"}[status]
		fmt.Fprintf(answer, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>refused by the suite</Message></Error>`, code)
	}
	u.Answer = answer.status
	if _, err := g.journal.Append(evidence.Record{Time: arrived, Scenario: scenario, Label: "upload", Upload: &u}); err != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.err = errors.Join(g.err, err)
	}
}

func (g *gate) close() error {
	err := g.server.Close()
	if serr := <-g.done; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return errors.Join(g.err, err)
}

// noting remembers the status of an answer.
type noting struct {
	http.ResponseWriter
	status int
}

func (n *noting) Unwrap() http.ResponseWriter { return n.ResponseWriter } // for flushing

func (n *noting) WriteHeader(status int) {
	if n.status == 0 || n.status < 200 { // another status follows a 100
		n.status = status
	}
	n.ResponseWriter.WriteHeader(status)
}
