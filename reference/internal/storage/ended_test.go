package storage

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// TestBodiesEndWithTheAnswer checks that a transport cannot read a body that the next attempt has rewound.
func TestBodiesEndWithTheAnswer(t *testing.T) {
	content := strings.NewReader("abc")
	var sent io.Reader
	bodies := endedBodies{transport(func(r *http.Request) (*http.Response, error) {
		sent = r.Body
		if n, err := io.CopyN(io.Discard, r.Body, 1); n != 1 || err != nil {
			t.Errorf("before the answer: %d bytes, %v", n, err)
		}
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Body: http.NoBody}, nil
	})}
	request := httptest.NewRequest(http.MethodPut, "/", io.NopCloser(content))
	response, err := bodies.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if n, err := sent.Read(make([]byte, 1)); n != 0 || err == nil || err == io.EOF || content.Len() != 2 {
		t.Errorf("after the answer: %d bytes, %v; %d bytes are left", n, err, content.Len())
	}
}
