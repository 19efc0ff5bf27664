package check

import (
	"strings"

	"reelcheck/conformance/evidence"
)

// Typed wants an answer with JSON to have the Content-Type application/json, if the client asked for JSON. Evidence without the headers
// shows neither.
func (c *Case) Typed(r evidence.Record) {
	e := r.Exchange
	if e.Response == nil || len(e.Response.Header) == 0 || e.Response.Body.Text == "" || !strings.Contains(e.Request.Header.Get("Accept"), "json") || e.Unread() != "" {
		return
	}
	got := e.Response.Header.Get("Content-Type")
	if kind, _, _ := strings.Cut(got, ";"); !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		if got == "" {
			got = "none"
		}
		c.Wrong("an answer with the Content-Type application/json", "Content-Type "+got, r)
	}
}
