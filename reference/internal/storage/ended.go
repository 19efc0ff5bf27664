package storage

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

// endedBodies ends the body of a request with its answer. The SDK of Azure rewinds the body for the next attempt, while the transport
// may still send it to a store that has answered early.
type endedBodies struct{ base http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (e endedBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return e.base.RoundTrip(r)
	}
	body := &body{ReadCloser: r.Body}
	defer body.end()
	attempt := r.WithContext(r.Context())
	attempt.Body, attempt.GetBody = body, nil
	return e.base.RoundTrip(attempt)
}

// body can be read until it is ended.
type body struct {
	io.ReadCloser
	mu    sync.Mutex
	ended bool
}

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return 0, errors.New("the answer came before the body was sent")
	}
	return b.ReadCloser.Read(p)
}

func (b *body) end() {
	b.mu.Lock()
	b.ended = true
	b.mu.Unlock()
}
