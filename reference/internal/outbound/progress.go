package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// ErrStalled is the reason why an exchange without progress was given up.
var ErrStalled = errors.New("stalled")

// Watch limits an exchange by its progress, not by its total time. It returns a transport and a context. The context ends with the cause
// [ErrStalled] when nothing was sent or received over the transport for the time patience. The caller must call stop at the end.
func Watch(ctx context.Context, base http.RoundTripper, patience time.Duration) (watched context.Context, transport http.RoundTripper, stop func()) {
	watched, cancel := context.WithCancelCause(ctx)
	p := &progress{base: base, patience: patience}
	p.timer = time.AfterFunc(patience, func() { cancel(fmt.Errorf("%w: nothing moved for %v", ErrStalled, patience)) })
	return watched, p, func() {
		p.timer.Stop()
		cancel(nil)
	}
}

type progress struct {
	base     http.RoundTripper
	patience time.Duration
	timer    *time.Timer
}

func (p *progress) moved() { p.timer.Reset(p.patience) }

// RoundTrip implements [http.RoundTripper]. Progress is seen when the base transport asks for more of the body.
func (p *progress) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		watched := *r
		watched.Body = &body{ReadCloser: r.Body, progress: p}
		if again := r.GetBody; again != nil {
			watched.GetBody = func() (io.ReadCloser, error) {
				b, err := again()
				return &body{ReadCloser: b, progress: p}, err
			}
		}
		r = &watched
	}
	response, err := p.base.RoundTrip(r)
	p.moved()
	if err == nil {
		response.Body = &body{ReadCloser: response.Body, progress: p}
	}
	return response, err
}

type body struct {
	io.ReadCloser
	progress *progress
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.progress.moved()
	return n, err
}
