package check

import (
	"strings"

	"reelcheck/conformance/evidence"
)

// Typed notes a contradiction where an answer with JSON, to a client that asked for that, says that it is something else. Nothing is told of
// answers whose headers were not kept.
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
