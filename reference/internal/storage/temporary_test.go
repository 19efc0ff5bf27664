package storage

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
)

// TestTemporaryCredentials checks the requests with a session token or a shared access signature, and where the object goes.
func TestTemporaryCredentials(t *testing.T) {
	var got *http.Request
	film := film
	film.SessionID, film.CreatedAt = "1_s", time.Date(2026, 11, 29, 1, 0, 0, 0, time.FixedZone("", 2*60*60))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		got = r
		w.Header().Set("ETag", `"e"`)
		if r.URL.Query().Has("sig") {
			w.WriteHeader(http.StatusCreated)
		}
	}))
	defer server.Close()
	s3 := account.Storage{Type: account.StorageS3, KeyPrefix: "films/{date}/{sessionId}-",
		S3: account.S3{AccessKey: "k", SecretKey: "s", SessionToken: "t0ken", Bucket: "reels", Endpoint: server.URL}}
	if _, err := Upload(t.Context(), http.DefaultTransport, s3, film, strings.NewReader("abc")); err != nil {
		t.Fatal(err)
	}
	if got.Header.Get("X-Amz-Security-Token") != "t0ken" || got.URL.Path != "/reels/films/2026-11-28/1_s-app/film/archive.mp4" {
		t.Errorf("s3: %s %v", got.URL, got.Header)
	}
	azure := account.Storage{Type: account.StorageAzure, KeyPrefix: "films/",
		Azure: account.Azure{AccountName: "acc", SASToken: "sv=2025-01-05&sig=s3cret%2B", Container: "reels", Domain: server.URL}}
	if _, err := Upload(t.Context(), http.DefaultTransport, azure, film, strings.NewReader("abc")); err != nil {
		t.Fatal(err)
	}
	if q := got.URL.Query(); q.Get("sig") != "s3cret+" || got.Header.Get("Authorization") != "" || got.URL.Path != "/acc/reels/films/app/film/archive.mp4" {
		t.Errorf("azure: %s %v", got.URL, got.Header)
	}
	server.Close()
	for _, target := range []account.Storage{s3, azure} {
		if _, err := Upload(t.Context(), http.DefaultTransport, target, film, strings.NewReader("abc")); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s, nobody there: %v", target.Type, err)
		}
	}
}
