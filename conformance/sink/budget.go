package sink

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// Limits of the bytes that a target may upload in a run, to a store in memory and to a store on disk.
const (
	memoryBudget = 4 << 30
	diskBudget   = 16 << 30
)

var errBudget = errors.New("the target uploads more than the suite keeps")

// budget limits the bytes of all request bodies together.
type budget struct {
	handler http.Handler
	left    atomic.Int64
}

func newBudget(h http.Handler, bytes int64) *budget {
	b := &budget{handler: h}
	b.left.Store(bytes)
	return b
}

func (b *budget) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > b.left.Load() {
		http.Error(w, errBudget.Error(), http.StatusInsufficientStorage)
		return
	}
	r.Body = &budgeted{r.Body, b}
	b.handler.ServeHTTP(w, r)
}

// budgeted is a body whose bytes count.
type budgeted struct {
	io.ReadCloser
	of *budget
}

func (b *budgeted) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.of.left.Add(-int64(n)) < 0 {
		return 0, errBudget
	}
	return n, err
}
