package outbound

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestBounded(t *testing.T) {
	size := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", size)) }))
	defer server.Close()
	client := http.Client{Transport: Bounded(http.DefaultTransport)}
	for _, size = range []int{0, 1, maxAnswer - 1, maxAnswer, maxAnswer + 1, 3 * maxAnswer} {
		response, err := client.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if fits := size <= maxAnswer; errors.Is(err, ErrTooLong) == fits || fits && err != nil || len(got) != min(size, maxAnswer) {
			t.Errorf("%d bytes: read %d, %v", size, len(got), err)
		}
	}
}

// TestHeaders checks that the size of headers is limited too.
func TestHeaders(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Long", strings.Repeat("x", 100<<10)) }))
	defer server.Close()
	transport := Guard{AllowPrivate: true}.Transport()
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get(server.URL)
	if err == nil {
		_ = response.Body.Close()
		t.Error("a header of 100 kB was taken")
	}
}
