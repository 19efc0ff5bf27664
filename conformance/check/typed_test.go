package check

import (
	"net/http"
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
)

func TestContentType(t *testing.T) {
	for _, c := range []struct{ kind, body, want string }{
		{"application/json", "{}", ""},
		{"application/json; charset=utf-8", "{}", ""},
		{"application/json;charset=utf-8", "[]", ""},
		{"Application/JSON ; q", "{}", ""},
		{"text/html; charset=utf-8", `{"id":"a"}`, "Content-Type text/html; charset=utf-8"},
		{"text/plain", `[]`, ""}, // no object
		{"", `{}`, "Content-Type none"},
		{"text/html", "<html>", ""}, // judged as what it is
		{"text/html", "", ""},
	} {
		x := &Case{Facts: facts.Sort(ledger(t), evidence.View{}), clause: "ARC-GET-06"}
		r := answer(200, c.body)
		r.Exchange.Response.Header = http.Header{"Date": {"today"}}
		if c.kind != "" {
			r.Exchange.Response.Header.Set("Content-Type", c.kind)
		}
		x.Typed(r)
		if got := actual(x.notes); got != c.want {
			t.Errorf("%q with %s: %q, want %q", c.kind, c.body, got, c.want)
		}
		r.Exchange.Request.Header.Set("Accept", "application/xml")
		if x.notes = nil; c.want != "" {
			if x.Typed(r); len(x.notes) > 0 {
				t.Errorf("%q to a client that wants XML: %+v", c.kind, x.notes)
			}
		}
	}
	x := &Case{Facts: facts.Sort(ledger(t), evidence.View{}), clause: "ARC-GET-06"}
	if x.Typed(answer(200, "{}")); len(x.notes) > 0 {
		t.Errorf("without headers: %+v", x.notes)
	}
}

func actual(notes []note) string {
	if len(notes) == 0 {
		return ""
	}
	return notes[0].Actual
}
