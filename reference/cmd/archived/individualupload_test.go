package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"reelcheck/reference/internal/whiptest"
)

// frailBucket is a bucket whose first uploads break after a number of bytes, are refused, or are read slowly.
type frailBucket struct {
	*bucket
	mu      sync.Mutex
	after   []int             // for each upload, the bytes that are read until it breaks; -1 = the answer is 503
	sent    map[string][]byte // longest beginning that was sent, by part
	changed []string          // parts whose content changed later
}

func openFrail(t *testing.T, after ...int) *frailBucket {
	t.Helper()
	b := &frailBucket{bucket: openBucket(t), after: after, sent: map[string][]byte{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.endpoint = server.URL
	return b
}

func (b *frailBucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPut {
		b.bucket.ServeHTTP(w, r)
		return
	}
	most, breaks := b.next()
	var content bytes.Buffer
	if most < 0 {
		_, _ = io.Copy(io.Discard, r.Body)
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	if breaks {
		_, _ = io.CopyN(&content, slowly{r.Body}, int64(most))
		b.note(r, content.Bytes())
		panic(http.ErrAbortHandler) // the connection breaks
	}
	_, _ = io.Copy(&content, r.Body)
	b.note(r, content.Bytes())
	r.Body = io.NopCloser(&content)
	b.bucket.ServeHTTP(w, r)
}

func (b *frailBucket) next() (most int, breaks bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.after) == 0 {
		return 0, false
	}
	most, b.after = b.after[0], b.after[1:]
	return most, true
}

func (b *frailBucket) note(r *http.Request, content []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	part := r.URL.Query().Get("partNumber")
	before := b.sent[part]
	if n := min(len(before), len(content)); !bytes.Equal(before[:n], content[:n]) {
		b.changed = append(b.changed, fmt.Sprintf("part %q, within %d bytes", part, n))
	}
	if len(content) > len(before) {
		b.sent[part] = bytes.Clone(content)
	}
}

func (b *frailBucket) broken() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.after) == 0
}

// slowly is a reader that reads a little at a time.
type slowly struct{ io.Reader }

func (s slowly) Read(p []byte) (int, error) { return s.Reader.Read(p[:min(len(p), 1000)]) }

// TestIndividualUploadBreaks breaks an upload at any byte of any part, even by killing the server. It must continue with the same bytes.
func TestIndividualUploadBreaks(t *testing.T) {
	t.Parallel()
	after := []int{0, 1, 29, 30, 4000, 65_536, 1_000_003, -1, -1, -1, 8<<20 - 1, 8 << 20, 3_333_333, 77, 5 << 20, 12_345, 2, 7 << 20, 999, 4 << 20}
	b := openFrail(t, after...)
	p := start(t, t.TempDir())
	c := isolatedClient(t, p, map[string]any{"storage": b.storage()})
	session := c.createSession()
	large := make([][]byte, 40)
	for i := range large {
		large[i] = bytes.Repeat([]byte{byte(i)}, 110_000)
		copy(large[i], []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a})
	}
	publisher := c.publishThis(session, nil, whiptest.Options{Frames: large, Tone: "tone-01"})
	var a archiveView
	c.call(http.MethodPost, c.project()+"/archive", map[string]any{"sessionId": session, "outputMode": "individual"}, &a)
	await(t, "more than two parts", fileWithin, func() bool {
		recorded := int64(0)
		for _, size := range sizes(t, filepath.Join(p.data, "recordings")) {
			recorded += size
		}
		return recorded > 18<<20
	})
	c.stopArchive(a.ID)
	publisher.Stop()
	for n := 0; !b.broken() && n < len(after); n++ {
		if n == 2 {
			p.kill()
			p = start(t, p.data)
			c = c.at(p)
		}
		exchange(t, http.MethodPost, p.ready.URL+"/control/v1/applications/"+c.app.ID+"/clock", p.ready.ControlToken,
			map[string]any{"advance": time.Hour.Milliseconds()}, http.StatusOK, nil)
	}
	exchange(t, http.MethodPost, p.ready.URL+"/control/v1/applications/"+c.app.ID+"/clock", p.ready.ControlToken,
		map[string]any{"advance": (2 * time.Hour).Milliseconds()}, http.StatusOK, nil)
	a = c.awaitStatus(a.ID, "uploaded")
	file := b.object(t, c.app.ID+"/"+a.ID+"/archive.zip")
	expectFile(t, a, file)
	bundle := unpack(t, file)
	if len(bundle.manifest.Files) != 1 || len(file) < 16<<20 {
		t.Errorf("%d bytes, want three parts; files %+v", len(file), bundle.manifest.Files)
	}
	if !b.broken() || len(b.sent) < 3 || len(b.changed) > 0 {
		t.Errorf("%d breaks were left, %d parts were sent, other bytes than before in %v", len(b.after), len(b.sent), b.changed)
	}
	sum := sha256.Sum256(file)
	t.Logf("%d bytes in %d parts, SHA-256 %s", len(file), len(b.sent), base64.StdEncoding.EncodeToString(sum[:]))
	p.expectNoLeftovers()
	p.terminate()
}
