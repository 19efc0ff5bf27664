package storage

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/outbound"
)

// targets returns an S3 and an Azure target at the same base URL.
func targets(base string) map[string]account.Storage {
	return map[string]account.Storage{
		"s3":    {Type: account.StorageS3, S3: account.S3{AccessKey: "k", SecretKey: "s", Bucket: "reels", Endpoint: base}},
		"azure": {Type: account.StorageAzure, Azure: account.Azure{AccountName: "acc", AccountKey: "a2V5", Container: "films", Domain: base}},
	}
}

// TestPrivateTarget checks that a host name that resolves to a private address is refused, for every target and every connection.
func TestPrivateTarget(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a private address was reached") }))
	defer server.Close()
	transport := outbound.Guard{}.Transport()
	defer transport.CloseIdleConnections()
	for name, target := range targets(strings.Replace(server.URL, "127.0.0.1", "localhost", 1)) {
		if _, err := Upload(t.Context(), transport, target, film, strings.NewReader("abc")); !errors.Is(err, outbound.ErrPrivate) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRedirects checks that redirects are not followed. They would take credentials and archives to addresses that the application did not
// choose.
func TestRedirects(t *testing.T) {
	var followed atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	defer elsewhere.Close()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, status)
		}))
		for name, target := range targets(server.URL) {
			if _, err := Upload(t.Context(), http.DefaultTransport, target, film, strings.NewReader("abc")); err == nil || followed.Load() > 0 {
				t.Errorf("%s, %d: %v, followed %d times", name, status, err, followed.Load())
			}
		}
		server.Close()
	}
}
