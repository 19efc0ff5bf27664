package storage

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"reelcheck/reference/internal/account"
)

// elsewhere is an S3 service whose buckets are in eu-north-1. refuse determines how it says so.
type elsewhere struct {
	refuse func(http.ResponseWriter)

	mu    sync.Mutex
	hosts []string // of the accepted requests
}

var signedFor = regexp.MustCompile(`Credential=k/\d+/([a-z0-9-]+)/s3/`)

func (e *elsewhere) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	if by := signedFor.FindStringSubmatch(r.Header.Get("Authorization")); by == nil || by[1] != "eu-north-1" {
		e.refuse(w)
		return
	}
	e.mu.Lock()
	e.hosts = append(e.hosts, r.Host)
	e.mu.Unlock()
	w.Header().Set("ETag", `"e"`)
	switch query := r.URL.Query(); {
	case r.Method == http.MethodPost && query.Has("uploads"):
		_, _ = io.WriteString(w, `<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>`)
	case r.Method == http.MethodPost:
		_, _ = io.WriteString(w, `<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>`)
	case r.Method == http.MethodGet:
		_, _ = io.WriteString(w, `<ListMultipartUploadsResult/>`)
	}
}

// everywhere returns a transport that connects to server for every host name.
func everywhere(t *testing.T, server *httptest.Server) http.RoundTripper {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the names are those of others
	}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// TestBucketElsewhere checks that an upload goes to the region that the service names.
func TestBucketElsewhere(t *testing.T) {
	refusals := map[string]func(http.ResponseWriter){
		"301 with a header": func(w http.ResponseWriter) {
			w.Header().Set("X-Amz-Bucket-Region", "eu-north-1")
			w.WriteHeader(http.StatusMovedPermanently)
			_, _ = io.WriteString(w, `<Error><Code>PermanentRedirect</Code><Endpoint>reels.s3-eu-north-1.amazonaws.com</Endpoint></Error>`)
		},
		"400 with a body": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-north-1</Region></Error>`)
		},
	}
	for name, refuse := range refusals {
		for endpoint, want := range map[string]string{
			"": "reels.s3.eu-north-1.amazonaws.com", "https://s3.us-east-1.amazonaws.com": "reels.s3.eu-north-1.amazonaws.com", "https://store.example.com": "store.example.com",
		} {
			for _, size := range []int{3, partSize + 1} {
				service := &elsewhere{refuse: refuse}
				server := httptest.NewTLSServer(service)
				target := account.Storage{Type: account.StorageS3, S3: account.S3{AccessKey: "k", SecretKey: "s", Bucket: "reels", Endpoint: endpoint}}
				_, err := Upload(t.Context(), everywhere(t, server), target, film, strings.NewReader(strings.Repeat("x", size)))
				if hosts := slices.Compact(service.hosts); err != nil || !slices.Equal(hosts, []string{want}) {
					t.Errorf("%s, endpoint %q, %d bytes: %v at %q, want %s", name, endpoint, size, err, hosts, want)
				}
				server.Close()
			}
		}
	}
}

// TestNoRegion checks that a string that is no name of a region does not become part of a host name.
func TestNoRegion(t *testing.T) {
	service := &elsewhere{refuse: func(w http.ResponseWriter) {
		w.Header().Set("X-Amz-Bucket-Region", "evil.example.com/x?")
		w.WriteHeader(http.StatusMovedPermanently)
	}}
	server := httptest.NewTLSServer(service)
	defer server.Close()
	target := account.Storage{Type: account.StorageS3, S3: account.S3{AccessKey: "k", SecretKey: "s", Bucket: "reels"}}
	if _, err := Upload(t.Context(), everywhere(t, server), target, film, strings.NewReader("abc")); err == nil || strings.Contains(err.Error(), "evil") {
		t.Error(err)
	}
}

// TestWebPage checks that nothing counts as stored at an endpoint that answers every request with a page.
func TestWebPage(t *testing.T) {
	var status atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(int(status.Load()))
		_, _ = io.WriteString(w, "<html><body>It works!</body></html>")
	}))
	defer server.Close()
	for _, target := range []account.Storage{
		{Type: account.StorageS3, S3: account.S3{AccessKey: "k", SecretKey: "s", Bucket: "reels", Endpoint: server.URL}},
		{Type: account.StorageAzure, Azure: account.Azure{AccountName: "acc", AccountKey: "a2V5", Container: "films", Domain: server.URL}},
	} {
		for _, size := range []int{3, partSize + 1} {
			for _, code := range []int64{http.StatusOK, http.StatusCreated, http.StatusAccepted} {
				status.Store(code)
				if _, err := Upload(t.Context(), http.DefaultTransport, target, film, strings.NewReader(strings.Repeat("x", size))); err == nil {
					t.Errorf("%s, %d bytes, status %d: a web page counts as a store", target.Type, size, code)
				}
			}
		}
	}
}

// TestEndlessAnswer checks that only a little of an endless answer is read, for every request.
func TestEndlessAnswer(t *testing.T) {
	const far = 256 << 20 // the answer ends here, so that a server that reads on fails the test and not the machine
	var mu sync.Mutex
	sent := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "<Error><Message>")
		piece := []byte(strings.Repeat("x", 64<<10))
		for n := 0; n < far; n += len(piece) {
			if _, err := w.Write(piece); err != nil {
				return
			}
			mu.Lock()
			sent += len(piece)
			mu.Unlock()
		}
	}))
	defer server.Close()
	for _, target := range []account.Storage{
		{Type: account.StorageS3, S3: account.S3{AccessKey: "k", SecretKey: "s", Bucket: "reels", Endpoint: server.URL}},
		{Type: account.StorageAzure, Azure: account.Azure{AccountName: "acc", AccountKey: "a2V5", Container: "films", Domain: server.URL}},
	} {
		for name, do := range map[string]func() error{
			"upload": func() error {
				return second(Upload(t.Context(), http.DefaultTransport, target, film, strings.NewReader("abc")))
			},
			"abandon": func() error { return Abandon(t.Context(), http.DefaultTransport, target, film) },
		} {
			took := allocated(func() {
				if err := do(); err == nil && (name == "upload" || target.Type == account.StorageS3) {
					t.Errorf("%s, %s: no error", target.Type, name)
				}
			})
			mu.Lock()
			if took > 64<<20 || sent > 64<<20 { // three attempts, and what is on its way
				t.Errorf("%s, %s: %d MB sent, %d MB allocated", target.Type, name, sent>>20, took>>20)
			}
			t.Logf("%s, %s: %d MB sent, %d MB allocated", target.Type, name, sent>>20, took>>20)
			sent = 0
			mu.Unlock()
		}
	}
}

func second[T any](_ T, err error) error { return err }

// allocated returns how many bytes f allocates on the heap, freed or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
