package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"
)

// webhookWithin is how long a webhook may take. It is longer than the time to the first retry.
const webhookWithin = 20 * time.Second

// gate lets requests pass, or holds one and all later ones until it is opened.
type gate struct {
	held   chan struct{} // closed when a request is held
	opened chan struct{}
	once   sync.Once
}

func newGate() *gate { return &gate{held: make(chan struct{}), opened: make(chan struct{})} }

// pass reports whether the request may go on at once.
func (g *gate) pass() bool {
	select {
	case <-g.opened:
		return true
	default:
		g.once.Do(func() { close(g.held) })
		<-g.opened
		return false
	}
}

// webhooks receives the status webhooks of one archive.
type webhooks struct {
	url  string
	hold string // the webhook with this status waits at the gate and is not answered with 200
	gate *gate

	mu        sync.Mutex
	statuses  []string
	passwords []string
}

func receiveWebhooks(t *testing.T) *webhooks {
	w := &webhooks{gate: newGate()}
	server := httptest.NewServer(w)
	w.url = server.URL + "/status"
	t.Cleanup(server.Close)
	return w
}

func (w *webhooks) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	var body struct{ Status, Password string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(answer, err.Error(), http.StatusBadRequest)
		return
	}
	if body.Status == w.hold && !w.gate.pass() {
		http.Error(answer, "not taken", http.StatusServiceUnavailable)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.statuses, w.passwords = append(w.statuses, body.Status), append(w.passwords, body.Password)
}

func (w *webhooks) seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.statuses)
}

func (w *webhooks) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.statuses = nil
}

// expect waits for the last of these statuses. Each must have come in this order, perhaps more than once.
func (w *webhooks) expect(t *testing.T, want ...string) {
	t.Helper()
	await(t, "webhook "+want[len(want)-1], webhookWithin, func() bool { return slices.Contains(w.seen(), want[len(want)-1]) })
	if got := slices.Compact(w.seen()); !slices.Equal(got, want) {
		t.Errorf("webhooks %v, want %v", w.seen(), want)
	}
}

const bucketName = "archives"

// bucket is an S3 bucket that checks signatures.
type bucket struct {
	endpoint string
	hold     bool // uploads wait at the gate and then fail
	gate     *gate
	backend  gofakes3.Backend
	server   http.Handler
}

const (
	accessKey = "archived"
	secretKey = "archived-secret"
)

func openBucket(t *testing.T) *bucket {
	t.Helper()
	b := &bucket{gate: newGate(), backend: s3mem.New()}
	must(t, b.backend.CreateBucket(t.Context(), bucketName))
	b.server = gofakes3.New(b.backend, gofakes3.WithV4Auth(map[string]string{accessKey: secretKey})).Server()
	server := httptest.NewServer(b)
	b.endpoint = server.URL
	t.Cleanup(server.Close)
	return b
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if upload := r.Method == http.MethodPut || r.Method == http.MethodPost; b.hold && upload && !b.gate.pass() {
		http.Error(w, "not taken", http.StatusServiceUnavailable)
		return
	}
	b.server.ServeHTTP(w, r)
}

// storage returns the bucket as a setting of an application.
func (b *bucket) storage() map[string]any {
	return map[string]any{"type": "s3", "fallback": "none", "config": map[string]string{
		"accessKey": accessKey, "secretKey": secretKey, "bucket": bucketName, "endpoint": b.endpoint, "region": "eu-west-1",
	}}
}

// file returns the only object.
func (b *bucket) file(t *testing.T, key string) []byte {
	t.Helper()
	page, err := b.backend.ListBucket(t.Context(), bucketName, nil, gofakes3.ListBucketPage{})
	must(t, err)
	var keys []string
	for _, o := range page.Contents {
		keys = append(keys, o.Key)
	}
	if !slices.Equal(keys, []string{key}) {
		t.Fatalf("objects %s, want %s", strings.Join(keys, ", "), key)
	}
	return b.object(t, key)
}

func (b *bucket) object(t *testing.T, key string) []byte {
	t.Helper()
	object, err := b.backend.GetObject(t.Context(), bucketName, key, nil)
	must(t, err)
	defer object.Contents.Close()
	content, err := io.ReadAll(object.Contents)
	must(t, err)
	return content
}
