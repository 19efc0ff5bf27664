package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

type requestKey struct{}

func requestID(r *http.Request) string {
	id, _ := r.Context().Value(requestKey{}).(string)
	return id
}

// observe gives the request an id, logs it, and turns a panic into a 500. It never logs the query or headers, which may hold secrets.
func (s *Server) observe(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	id := uuid.NewString()
	began := s.Now()
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, id))
	rec := &recorder{ResponseWriter: w}
	rec.Header().Set("X-Request-Id", id)
	defer func() {
		p := recover()
		err, _ := p.(error)
		aborted := errors.Is(err, http.ErrAbortHandler)
		if p != nil && !aborted {
			s.recovered(rec, r, p)
		}
		s.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("request", id), slog.String("method", r.Method),
			slog.String("path", r.URL.Path), slog.Int("status", rec.status), slog.Int64("bytes", rec.bytes),
			slog.Duration("took", s.Now().Sub(began)), slog.String("client", r.RemoteAddr))
		if aborted || rec.status == 0 {
			panic(http.ErrAbortHandler) // otherwise net/http would answer 200
		}
	}()
	r.Body = s.timely(rec, r.Body)
	next(rec, r)
}

// bodyWithin is how long a body may take to arrive, so that a slow one cannot hold a connection forever.
const bodyWithin = 30 * time.Second

// timely limits the time in which a body must arrive. After its end there is no limit, because moving a clock may take minutes.
func (s *Server) timely(w http.ResponseWriter, b io.ReadCloser) io.ReadCloser {
	if b == nil || b == http.NoBody {
		return b
	}
	t := &timelyBody{ReadCloser: b, connection: http.NewResponseController(w)}
	_ = t.connection.SetReadDeadline(s.Now().Add(bodyWithin)) // a test's recorder has no deadline
	return t
}

type timelyBody struct {
	io.ReadCloser
	connection *http.ResponseController
	late       atomic.Bool // the body did not arrive in time
}

func (b *timelyBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.connection.SetReadDeadline(time.Time{})
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		b.late.Store(true)
	}
	return n, err
}

// late reports whether the body of r did not arrive in time. net/http cancels the context of such a request as if the client had gone.
func late(r *http.Request) bool {
	b, ok := r.Body.(*timelyBody)
	return ok && b.late.Load()
}

func (s *Server) recovered(rec *recorder, r *http.Request, p any) {
	s.Log.LogAttrs(r.Context(), slog.LevelError, "handler panicked", slog.String("request", requestID(r)),
		slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
	if rec.status == 0 {
		s.write(rec, r, http.StatusInternalServerError, -1, "Internal server error")
	}
}

// recorder records the status of the answer. It is 0 until there is one, and stays 101 for a hijacked connection.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// Unwrap gives [http.ResponseController] and the WebSocket upgrade access to the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 || r.status < http.StatusOK && r.status != http.StatusSwitchingProtocols {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}
