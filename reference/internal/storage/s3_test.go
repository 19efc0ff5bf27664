package storage

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"reelcheck/reference/internal/account"
)

// TestAddressing checks where a request names its bucket.
func TestAddressing(t *testing.T) {
	for _, test := range []struct{ endpoint, addressing, host, path string }{
		{"", "", "reels.s3.eu-west-1.amazonaws.com", "/app/film/archive.mp4"},
		{"", account.PathStyle, "s3.eu-west-1.amazonaws.com", "/reels/app/film/archive.mp4"},
		{"https://s3.amazonaws.com", "", "reels.s3.amazonaws.com", "/app/film/archive.mp4"},
		{"https://s3.amazonaws.com", account.PathStyle, "s3.amazonaws.com", "/reels/app/film/archive.mp4"},
		{"https://store.example.com:9000", "", "store.example.com:9000", "/reels/app/film/archive.mp4"},
		{"https://store.example.com:9000", account.PathStyle, "store.example.com:9000", "/reels/app/film/archive.mp4"},
		{"https://store.example.com:9000", account.VirtualHost, "reels.store.example.com:9000", "/app/film/archive.mp4"},
		{"https://store.example.com/base", account.VirtualHost, "reels.store.example.com", "/base/app/film/archive.mp4"},
		{"https://notamazonaws.com", "", "notamazonaws.com", "/reels/app/film/archive.mp4"},
	} {
		target := account.Storage{Type: account.StorageS3, S3: account.S3{AccessKey: "k", SecretKey: "s", Bucket: "reels",
			Endpoint: test.endpoint, Region: "eu-west-1", Addressing: test.addressing}}
		host, path := where(t, target, "small")
		if host != test.host || path != test.path {
			t.Errorf("%q, %q: %s%s, want %s%s", test.endpoint, test.addressing, host, path, test.host, test.path)
		}
	}
}

// where uploads over TLS to a server that answers for every host name, and returns where the request went.
func where(t *testing.T, target account.Storage, content string) (host, path string) {
	t.Helper()
	var mu sync.Mutex
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"e"`)
		mu.Lock()
		defer mu.Unlock()
		host, path = r.Host, r.URL.Path
	}))
	defer server.Close()
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the names are those of others
	}
	defer transport.CloseIdleConnections()
	if _, err := Upload(t.Context(), transport, target, film, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return host, path
}
