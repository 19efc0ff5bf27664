package outbound

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const patience = 300 * time.Millisecond

// send puts a body of size bytes to url under [Watch]. It returns how long that took and why it failed.
func send(t *testing.T, url string, size int) (took time.Duration, cause error) {
	t.Helper()
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	ctx, transport, stop := Watch(t.Context(), base, patience)
	defer stop()
	began := time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, url, strings.NewReader(strings.Repeat("x", size)))
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	if err != nil {
		return time.Since(began), errors.Join(err, context.Cause(ctx))
	}
	return time.Since(began), nil
}

func TestStalled(t *testing.T) {
	silent := func(t *testing.T, read bool) string { // accepts the connection and never answers
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				if read {
					go func() { _, _ = io.Copy(io.Discard, conn) }()
				}
				t.Cleanup(func() { _ = conn.Close() })
			}
		}()
		return "http://" + listener.Addr().String()
	}
	stuck := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // stops in the middle of its answer
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write([]byte("half"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	defer stuck.Close()
	for name, test := range map[string]struct {
		url  string
		size int
	}{
		"never reads":   {silent(t, false), 64 << 20},
		"never answers": {silent(t, true), 1 << 20},
		"half answers":  {stuck.URL, 10},
	} {
		if took, cause := send(t, test.url, test.size); !errors.Is(cause, ErrStalled) || took > 10*patience {
			t.Errorf("%s: %v after %v, want stalled", name, cause, took)
		}
	}
}

// TestSlow checks that an exchange may take many times its patience, as long as it makes progress.
func TestSlow(t *testing.T) {
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		piece := make([]byte, 2<<20)
		for err := error(nil); err == nil; {
			time.Sleep(patience / 6)
			_, err = io.ReadFull(r.Body, piece)
		}
		for range 6 {
			time.Sleep(patience / 3)
			_, _ = w.Write([]byte("."))
			_ = http.NewResponseController(w).Flush()
		}
	}))
	defer slow.Close()
	if took, cause := send(t, slow.URL, 32<<20); cause != nil || took < 2*patience {
		t.Errorf("%v after %v", cause, took)
	}
}
