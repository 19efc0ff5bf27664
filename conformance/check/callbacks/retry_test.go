package callbacks

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// waited returns the evidence of a day in which a callback was refused at the times given, after the first attempt.
func waited(attempts []time.Duration) evidence.View {
	zero := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	ids := map[string]string{evidence.Application: "app", evidence.Session: "s", evidence.Archive: "a"}
	call := func(op evidence.Operation, sent, got string) evidence.Record {
		return evidence.Record{Time: zero, IDs: ids, Exchange: &evidence.Exchange{Operation: op, Identity: evidence.AsUnified, Started: zero, Duration: time.Millisecond,
			Request:  evidence.Request{Method: "POST", URL: "http://t/v2/project/app/archive", Body: evidence.Body{Text: sent}},
			Response: &evidence.Response{Status: 200, Body: evidence.Body{Text: got}}}}
	}
	list := []evidence.Record{
		{Time: zero, IDs: ids, Prepared: &evidence.Prepared{Role: "default"}},
		call(evidence.CreateSession, "p2p.preference=disabled", `[{"session_id":"s"}]`),
		call(evidence.StartArchive, `{"sessionId":"s"}`, `{"id":"a","sessionId":"s","status":"started"}`),
	}
	for _, after := range append([]time.Duration{0}, attempts...) {
		list = append(list, evidence.Record{Time: zero.Add(time.Second + after), IDs: ids, Label: "webhook", Webhook: &evidence.Webhook{Method: "POST", Path: "/hooks", Answer: 500,
			Body: evidence.Body{Text: `{"event":"archive","id":"a","sessionId":"s","status":"started"}`}}})
	}
	end := zero.Add(25*time.Hour + 15*time.Minute)
	for _, what := range []string{evidence.PolicyTime, "webhooks"} {
		list = append(list, evidence.Record{Time: end, IDs: ids, Watch: &evidence.Watch{What: what, Span: evidence.Span{From: zero.Add(time.Minute), To: end}}})
	}
	list = append(list, evidence.Record{Time: end, Label: "scenario", Step: &evidence.Step{Outcome: evidence.Done}})
	for i := range list {
		list[i].Seq, list[i].Scenario = int64(i), scenarios.Retry
	}
	return evidence.View{}.With(list)
}

// doubling returns attempts at intervals that double up to the longest one, for as long as a period.
func doubling(longest, period time.Duration) (out []time.Duration) {
	for wait, at := 5*time.Second, 5*time.Second; at < period; at += wait {
		out = append(out, at)
		wait = min(2*wait, longest)
	}
	return out
}

// TestADayOfRefusals: attempts are judged by the times at which they came, where the run waited for them.
func TestADayOfRefusals(t *testing.T) {
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	cl, _ := l.Clause("ARC-CB-29")
	ch := Checks[slices.IndexFunc(Checks, func(ch check.Check) bool { return ch.Clause == cl.ID })]
	for name, c := range map[string]struct {
		attempts []time.Duration
		want     verdict.Outcome
	}{
		"as it should be":      {doubling(15*time.Minute, 24*time.Hour), verdict.Pass},
		"an hour apart":        {doubling(time.Hour, 24*time.Hour), verdict.Fail},
		"for half a day":       {doubling(15*time.Minute, 12*time.Hour), verdict.Fail},
		"for more than a day":  {doubling(15*time.Minute, 25*time.Hour), verdict.Fail},
		"once":                 {nil, verdict.Fail},
		"at equal intervals":   {doubling(5*time.Second, time.Hour), verdict.Fail},
		"begun after a minute": {[]time.Duration{time.Minute + 1234567}, verdict.Fail},
	} {
		if got := check.Grade(facts.Sort(l, waited(c.attempts)), cl, []string{"callback"}, ch, check.Causes{}); got.Outcome != c.want {
			t.Errorf("%s: %s, want %s: %s %v", name, got.Outcome, c.want, got.Reason, got.Findings)
		} else if s := fmt.Sprint(got.Findings); strings.Contains(s, "234567") {
			t.Errorf("%s: a time to the nanosecond: %s", name, s)
		}
	}
}
