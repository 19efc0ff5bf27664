package storage

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
)

var film = archive.Archive{ID: "film", ApplicationID: "app", OutputMode: archive.Composed}

// abcSum is the result of `printf abc | openssl dgst -sha256 -binary | base64`.
const abcSum = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="

// TestS3Request fixes the request that a server other than Amazon gets.
func TestS3Request(t *testing.T) {
	for _, sse := range []bool{false, true} {
		var got *http.Request
		var body string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"e"`)
			data, _ := io.ReadAll(r.Body)
			got, body = r, string(data)
		}))
		target := account.Storage{Type: account.StorageS3, S3: account.S3{AccessKey: "k", SecretKey: "s", Bucket: "reels", Endpoint: server.URL, SSE: sse}}
		sum, err := Upload(t.Context(), http.DefaultTransport, target, film, strings.NewReader("abc"))
		server.Close()
		if err != nil || sum != abcSum {
			t.Fatalf("got %q, %v", sum, err)
		}
		if got.Method != http.MethodPut || got.URL.Path != "/reels/app/film/archive.mp4" || body != "abc" || got.Header.Get("Content-Type") != "video/mp4" {
			t.Errorf("%s %s with %q, %v", got.Method, got.URL, body, got.Header)
		}
		digest := sha256.Sum256([]byte(body)) // the service detects changes on the way by it
		if sum := got.Header.Get("X-Amz-Content-Sha256"); sum != hex.EncodeToString(digest[:]) {
			t.Errorf("signed checksum %q", sum)
		}
		for name := range got.Header {
			if strings.HasPrefix(strings.ToLower(name), "x-amz-checksum") || name == "X-Amz-Trailer" || name == "X-Amz-Sdk-Checksum-Algorithm" {
				t.Errorf("a checksum that other services refuse: %s", name)
			}
		}
		if want := map[bool]string{true: "AES256"}[sse]; got.Header.Get("X-Amz-Server-Side-Encryption") != want {
			t.Errorf("encryption %q, want %q", got.Header.Get("X-Amz-Server-Side-Encryption"), want)
		}
	}
}

func TestUploadRefuses(t *testing.T) {
	var e *archive.Error
	_, err := Upload(t.Context(), http.DefaultTransport, account.Storage{Type: "ftp"}, film, strings.NewReader("abc"))
	if !errors.As(err, &e) || e.Kind != archive.Invalid {
		t.Errorf("got %v", err)
	}
}

func TestContainerURL(t *testing.T) {
	for domain, want := range map[string]string{
		"":                           "https://acc.blob.core.windows.net/films",
		"blob.core.chinacloudapi.cn": "https://acc.blob.core.chinacloudapi.cn/films",
		"http://127.0.0.1:10000":     "http://127.0.0.1:10000/acc/films",
		"https://gate.example.com/":  "https://gate.example.com/acc/films",
	} {
		if got := containerURL(account.Azure{AccountName: "acc", Container: "films", Domain: domain}); got != want {
			t.Errorf("%q: %s, want %s", domain, got, want)
		}
	}
}

func TestCloud(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	open := func() *Cloud {
		c, err := OpenCloud(dir, func(string) time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	c := open()
	if _, err := c.Put(t.Context(), film, iotest.ErrReader(errors.New("disk gone"))); err == nil {
		t.Error("half a file was kept")
	}
	get := func(c *Cloud, link string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		c.ServeHTTP(w, httptest.NewRequest(http.MethodGet, link, nil))
		return w
	}
	if w := get(c, c.Link(film)); w.Code != http.StatusNotFound {
		t.Errorf("before the file: %d", w.Code)
	}
	if sum, err := c.Put(t.Context(), film, strings.NewReader("abc")); err != nil || sum != abcSum {
		t.Fatalf("got %q, %v", sum, err)
	}
	link := c.Link(film)
	w := get(open(), link) // the key survives the process
	if w.Code != http.StatusOK || w.Body.String() != "abc" || w.Header().Get("Content-Type") != "video/mp4" {
		t.Errorf("got %d %q %v", w.Code, w.Body, w.Header())
	}
	for name, bad := range map[string]string{
		"other file":      strings.Replace(link, "film", "filn", 1),
		"later expiry":    strings.Replace(link, "expires=", "expires=9", 1),
		"no signature":    link[:strings.Index(link, "?")],
		"path of the key": LinkPath + "../link.key?expires=1&signature=00",
	} {
		if w := get(c, bad); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	now = now.Add(LinkLife)
	if w := get(c, link); w.Code != http.StatusForbidden {
		t.Errorf("after its life: %d", w.Code)
	}
	if err := errors.Join(c.Erase(t.Context(), film), c.Erase(t.Context(), film), c.EraseApplication("app")); err != nil {
		t.Errorf("erase: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "files", "app")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
	if err := c.EraseApplication("../files"); err == nil {
		t.Error("a path was erased")
	}
}
