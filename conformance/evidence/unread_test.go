package evidence

import (
	"net/http"
	"strings"
	"testing"
)

func TestUnread(t *testing.T) {
	for _, c := range []struct {
		op         Operation
		accept     string
		body, fail string
		size       int64
		want       string
	}{
		{op: GetArchive, body: `{"id":"a"}`},
		{op: CreateSession, body: `[{"session_id":"1_a"}]`},
		{op: GetArchive, body: " [1]", want: "the answer is no JSON object: `[1]`"},
		{op: GetArchive, body: "<!DOCTYPE html>\n<p>hello", want: "the answer is no JSON: `<!DOCTYPE html> <p>hello`"},
		{op: GetArchive, body: strings.Repeat("é", 100), want: "the answer is no JSON: `" + strings.Repeat("é", 80) + "…`"},
		{op: GetArchive, body: `{"id":"a"`, fail: "the answer did not end within 10s", want: "the answer did not end within 10s"},
		{op: GetArchive, size: 4, want: "the answer of 4 bytes is no text"},
		{op: GetArchive, size: inlineLimit + 1, want: "the answer is longer than 2097152 bytes"},
		{op: GetArchive, want: "the answer is empty"},
		{op: DeleteArchive},
		{op: CreateSession, accept: "application/xml", body: "<sessions/>"},
	} {
		e := &Exchange{Operation: c.op, Error: c.fail, Request: Request{Header: http.Header{"Accept": {"application/json"}}},
			Response: &Response{Status: 200, Body: Body{Text: c.body, Size: max(c.size, int64(len(c.body)))}}}
		if c.accept != "" {
			e.Request.Header.Set("Accept", c.accept)
		}
		if got := e.Unread(); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.op, c.body, got, c.want)
		}
	}
	if got := (&Exchange{Error: "refused"}).Unread(); got != "" {
		t.Errorf("no answer: %q", got)
	}
}
