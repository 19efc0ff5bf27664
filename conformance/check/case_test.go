package check

import (
	"net/http"
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
)

// TestUnreadAnswers checks that a member is not told as missing where there is no object that could have it.
func TestUnreadAnswers(t *testing.T) {
	const page = "200, but the answer is no JSON: `<!DOCTYPE html>`"
	for _, c := range []struct {
		status int
		body   string
		more   []evidence.Record
		want   string
	}{
		{200, "<!DOCTYPE html>", nil, page},
		{200, "<!DOCTYPE html>", []evidence.Record{{Published: &evidence.Published{}}}, page},
		{200, "<!DOCTYPE html>", []evidence.Record{answer(200, `{"id":"a"}`)}, "id absent"},
		{200, `{"name":"a"}`, nil, "id absent"},
		{404, "<!DOCTYPE html>", nil, "id absent"},
	} {
		x := &Case{Facts: facts.Sort(ledger(t), evidence.View{}), clause: "ARC-GET-01"}
		x.Wrong("id a", "id absent", append([]evidence.Record{answer(c.status, c.body)}, c.more...)...)
		if got := x.notes[0].Actual; got != c.want {
			t.Errorf("%d %s: %q, want %q", c.status, c.body, got, c.want)
		}
	}
}

func TestOutcome(t *testing.T) {
	cut := answer(404, "")
	cut.Exchange.Error = "the answer is longer than 8388608 bytes"
	for want, r := range map[string]evidence.Record{
		"200":                              answer(200, "{}"),
		"404 <p>":                          answer(404, "<p>"),
		"200, but the answer is empty":     answer(200, ""),
		"404, but " + cut.Exchange.Error:   cut,
		"no answer: no complete response ": {Exchange: &evidence.Exchange{Error: "no complete response "}},
	} {
		if got := Outcome(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func answer(status int, body string) evidence.Record {
	return evidence.Record{Exchange: &evidence.Exchange{Operation: evidence.GetArchive, Request: evidence.Request{Header: http.Header{"Accept": {"application/json"}}},
		Response: &evidence.Response{Status: status, Body: evidence.Body{Text: body, Size: int64(len(body))}}}}
}

// TestOutcomeIsOneLine checks that the line end of an answer, which many servers send, does not break the text of a finding.
func TestOutcomeIsOneLine(t *testing.T) {
	r := evidence.Record{Exchange: &evidence.Exchange{Response: &evidence.Response{Status: http.StatusForbidden, Body: evidence.Body{Text: "{}\n"}}}}
	if got := Outcome(r); got != "403 {}" {
		t.Errorf("%q", got)
	}
}
