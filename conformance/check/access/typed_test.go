package access

import (
	"net/http"
	"testing"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// TestContentTypeIsJudged checks that each of the clauses that want JSON fails on JSON that says that it is a web page.
func TestContentTypeIsJudged(t *testing.T) {
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	const app, id = "3a05247c-2d77-4eb9-b414-776f5aa182a4", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
	for clause, c := range map[string]struct {
		op     evidence.Operation
		status int
		body   string
	}{
		"ARC-GET-06":  {evidence.ListArchives, 200, `{"count":0,"items":[]}`},
		"ARC-SES-01":  {evidence.CreateSession, 200, `[{"session_id":"1_a"}]`},
		"ARC-AUTH-14": {evidence.GetArchive, 404, `{"message":"not found"}`},
	} {
		for kind, fails := range map[string]bool{"text/html": true, "application/json;charset=utf-8": false} {
			call := func(seq int64, op evidence.Operation, status int, kind, body string) evidence.Record {
				return evidence.Record{Seq: seq, Scenario: "auth", Label: "call", IDs: map[string]string{evidence.Application: app}, Exchange: &evidence.Exchange{Operation: op,
					Identity: evidence.AsUnified, Request: evidence.Request{Method: "POST", URL: "http://server/v2/project/" + app + "/archive/" + id, Header: http.Header{"Accept": {"application/json"}}},
					Response: &evidence.Response{Status: status, Header: http.Header{"Content-Type": {kind}}, Body: evidence.Body{Text: body, Size: int64(len(body))}}}}
			}
			proper := call(1, evidence.ListArchives, 200, "application/json", `{"count":0,"items":[]}`)
			f := facts.Sort(l, evidence.View{}.With([]evidence.Record{proper, call(2, c.op, c.status, kind, c.body)}))
			for _, ch := range Checks {
				if ch.Clause == clause {
					v := check.Grade(f, spec.Clause{ID: clause, Verify: spec.Checks}, nil, ch, check.Causes{})
					if (v.Outcome == verdict.Fail) != fails {
						t.Errorf("%s with %s: %s %+v", clause, kind, v.Outcome, v.Findings)
					}
				}
			}
		}
	}
}
