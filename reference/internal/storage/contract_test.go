package storage_test

import (
	"context"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/google/uuid"
	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/storage"
	"reelcheck/reference/internal/storage/storagetest"
)

func TestCloudContract(t *testing.T) {
	dir := t.TempDir()
	c, err := storage.OpenCloud(dir, func(string) time.Time { return time.Unix(0, 0) })
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	files := os.DirFS(filepath.Join(dir, "files"))
	storagetest.Run(t, storagetest.Target{
		Put: c.Put,
		Get: func(t *testing.T, key string) []byte {
			content, err := fs.ReadFile(files, key)
			must(t, err)
			return content
		},
		List: func(t *testing.T) (keys []string) {
			must(t, fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					keys = append(keys, path)
				}
				return err
			}))
			return keys
		},
	})
}

func TestS3Contract(t *testing.T) {
	for _, addressing := range []string{account.PathStyle, account.VirtualHost} {
		t.Run(addressing, func(t *testing.T) { s3Contract(t, addressing) })
	}
}

func s3Contract(t *testing.T, addressing string) {
	backend := s3mem.New()
	must(t, backend.CreateBucket(t.Context(), "reels"))
	s3 := gofakes3.New(backend, gofakes3.WithV4Auth(map[string]string{"key": "secret"}), gofakes3.WithHostBucket(addressing == account.VirtualHost)).Server()
	var mu sync.Mutex
	parts := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && r.URL.Query().Has("partNumber") {
			mu.Lock()
			parts++
			mu.Unlock()
		}
		s3.ServeHTTP(w, r)
	}))
	defer server.Close()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	}}
	defer transport.CloseIdleConnections()
	target := account.Storage{Type: account.StorageS3, S3: account.S3{AccessKey: "key", SecretKey: "secret", Bucket: "reels",
		Endpoint: "http://store.example.com", Addressing: addressing}}
	storagetest.Run(t, storagetest.Target{
		Put: func(ctx context.Context, a archive.Archive, r io.Reader) (string, error) {
			return storage.Upload(ctx, transport, target, a, r)
		},
		Get: func(t *testing.T, key string) []byte {
			o, err := backend.GetObject(t.Context(), "reels", key, nil)
			must(t, err)
			defer o.Contents.Close()
			content, err := io.ReadAll(o.Contents)
			must(t, err)
			return content
		},
		List: func(t *testing.T) (keys []string) {
			page, err := backend.ListBucket(t.Context(), "reels", nil, gofakes3.ListBucketPage{})
			must(t, err)
			for _, o := range page.Contents {
				keys = append(keys, o.Key)
			}
			return keys
		},
	})
	if parts < 3 {
		t.Errorf("large files went in %d parts", parts)
	}
}

// The published account of Azurite.
const (
	azuriteAccount = "devstoreaccount1"
	azuriteKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// TestAzureContract needs Azurite at the base URL in REELCHECK_AZURITE. TestAzureRequest needs nothing.
func TestAzureContract(t *testing.T) {
	base := os.Getenv("REELCHECK_AZURITE")
	if base == "" {
		t.Skip("REELCHECK_AZURITE names no Azurite, such as http://127.0.0.1:10000")
	}
	key, err := azblob.NewSharedKeyCredential(azuriteAccount, azuriteKey)
	must(t, err)
	client, err := azblob.NewClientWithSharedKeyCredential(strings.TrimSuffix(base, "/")+"/"+azuriteAccount, key, nil)
	must(t, err)
	name := uuid.NewString()
	_, err = client.CreateContainer(t.Context(), name, nil)
	must(t, err)
	target := account.Storage{Type: account.StorageAzure, Azure: account.Azure{
		AccountName: azuriteAccount, AccountKey: azuriteKey, Container: name, Domain: base}}
	storagetest.Run(t, storagetest.Target{
		Put: upload(target),
		Get: func(t *testing.T, key string) []byte {
			answer, err := client.DownloadStream(t.Context(), name, key, nil)
			must(t, err)
			defer answer.Body.Close()
			content, err := io.ReadAll(answer.Body)
			must(t, err)
			return content
		},
		List: func(t *testing.T) (keys []string) {
			for pages := client.NewListBlobsFlatPager(name, nil); pages.More(); {
				page, err := pages.NextPage(t.Context())
				must(t, err)
				for _, item := range page.Segment.BlobItems {
					keys = append(keys, *item.Name)
				}
			}
			return keys
		},
	})
}

// TestAzureRequest fixes the request that Azure gets for a small file.
func TestAzureRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("ETag", `"0x8DBF"`)
		w.WriteHeader(http.StatusCreated)
	}))
	defer server.Close()
	target := account.Storage{Type: account.StorageAzure, Azure: account.Azure{AccountName: "acc", AccountKey: "a2V5", Container: "films", Domain: server.URL}}
	_, err := upload(target)(t.Context(), archive.Archive{ID: "film", ApplicationID: "app", OutputMode: archive.Composed}, strings.NewReader("abc"))
	if err != nil || got == nil {
		t.Fatal(err)
	}
	if got.Method != http.MethodPut || got.URL.Path != "/acc/films/app/film/archive.mp4" || string(body) != "abc" {
		t.Errorf("%s %s with %q", got.Method, got.URL, body)
	}
	for name, want := range map[string]string{"X-Ms-Blob-Type": "BlockBlob", "X-Ms-Blob-Content-Type": "video/mp4"} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Header.Get(name), want)
		}
	}
	if !strings.HasPrefix(got.Header.Get("Authorization"), "SharedKey acc:") {
		t.Errorf("authorization %q", got.Header.Get("Authorization"))
	}
}

// TestAzureRefuses checks that an upload that the service refuses is an error, for a file in one request and for one in blocks.
func TestAzureRefuses(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	target := account.Storage{Type: account.StorageAzure, Azure: account.Azure{AccountName: "acc", AccountKey: "a2V5", Container: "films", Domain: server.URL}}
	for _, size := range []int{3, 20 << 20} {
		if _, err := upload(target)(t.Context(), archive.Archive{ID: "film", ApplicationID: "app"}, strings.NewReader(strings.Repeat("x", size))); err == nil {
			t.Errorf("%d bytes were uploaded", size)
		}
	}
}

func upload(target account.Storage) func(context.Context, archive.Archive, io.Reader) (string, error) {
	return func(ctx context.Context, a archive.Archive, r io.Reader) (string, error) {
		return storage.Upload(ctx, http.DefaultTransport, target, a, r)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// faltering is an S3 store that refuses one part after it has accepted others.
type faltering struct {
	s3 http.Handler

	mu      sync.Mutex // guards the rest
	stored  *sync.Cond // signalled for each part
	kept    int
	refused string   // the number of the refused part; "" = none
	sent    []string // the numbers of the other parts
}

func newFaltering(s3 http.Handler) *faltering {
	f := &faltering{s3: s3}
	f.stored = sync.NewCond(&f.mu)
	return f
}

func (f *faltering) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	number := r.URL.Query().Get("partNumber")
	if number == "" {
		f.s3.ServeHTTP(w, r)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if number == f.refused {
		for f.kept < 2 { // a failed attempt also ends the requests that are under way
			f.stored.Wait()
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	f.sent = append(f.sent, number)
	f.mu.Unlock()
	f.s3.ServeHTTP(w, r)
	f.mu.Lock()
	f.kept++
	f.stored.Broadcast()
}

// refuse starts again with another part to refuse.
func (f *faltering) refuse(part string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused, f.sent, f.kept = part, nil, 0
}

// parts returns the parts sent since refuse.
func (f *faltering) parts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.sent)
}

// TestS3Resume checks that after an attempt that failed or died, only the missing parts are sent.
func TestS3Resume(t *testing.T) {
	backend := s3mem.New()
	must(t, backend.CreateBucket(t.Context(), "reels"))
	store := newFaltering(gofakes3.New(backend).Server())
	server := httptest.NewServer(store)
	defer server.Close()
	target := account.Storage{Type: account.StorageS3, S3: account.S3{AccessKey: "key", SecretKey: "secret", Bucket: "reels", Endpoint: server.URL}}
	put := upload(target)
	a := archive.Archive{ID: "film", ApplicationID: "app", OutputMode: archive.Composed}
	content := strings.Repeat("0123456789abcdef", 26<<20/16) // in 4 parts
	store.refuse("3")
	if _, err := put(t.Context(), a, strings.NewReader(content)); err == nil {
		t.Fatal("a part was refused, and the upload succeeded")
	}
	store.refuse("")
	if _, err := put(t.Context(), a, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if again := store.parts(); len(again) == 0 || len(again) > 2 {
		t.Errorf("sent parts %v again", again)
	}
	o, err := backend.GetObject(t.Context(), "reels", storage.Key(a), nil)
	must(t, err)
	defer o.Contents.Close()
	if got, err := io.ReadAll(o.Contents); err != nil || string(got) != content {
		t.Errorf("%d bytes, %v", len(got), err)
	}

	// After Abandon nothing is left, so all parts are sent again.
	store.refuse("3")
	if _, err := put(t.Context(), a, strings.NewReader(content)); err == nil {
		t.Fatal("a part was refused, and the upload succeeded")
	}
	must(t, storage.Abandon(t.Context(), http.DefaultTransport, target, a))
	store.refuse("")
	if _, err := put(t.Context(), a, strings.NewReader(content)); err != nil || len(store.parts()) != 4 {
		t.Errorf("after giving up: sent %v, %v", store.parts(), err)
	}
}
