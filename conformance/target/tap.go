package target

import (
	"bytes"
	"io"
	"net/http"
)

// bodyTap sees each response body before the caller does.
type bodyTap struct {
	inner http.RoundTripper // nil means plain
	see   func(body []byte)
}

func (t bodyTap) RoundTrip(r *http.Request) (*http.Response, error) {
	inner := t.inner
	if inner == nil {
		inner = plain
	}
	resp, err := inner.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, bodyLimit))
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	t.see(body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
