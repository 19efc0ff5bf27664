package delivery

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

var zero = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)

// answered returns the record of a call, answered after a time.
func answered(scenario string, op evidence.Operation, after time.Duration, sent, got string) evidence.Record {
	at := zero.Add(after)
	return evidence.Record{Time: at, Scenario: scenario, IDs: map[string]string{evidence.Application: "app", evidence.Session: "s", evidence.Archive: "a"},
		Exchange: &evidence.Exchange{Operation: op, Identity: evidence.AsUnified, Started: at, Duration: time.Millisecond,
			Request:  evidence.Request{Method: "GET", URL: "http://t/v2/project/app/archive/a", Body: evidence.Body{Text: sent}},
			Response: &evidence.Response{Status: 200, Body: evidence.Body{Text: got}}}}
}

// recorded returns evidence of one archive in an application that somebody prepared, and of what is seen of it later.
func recorded(scenario string, p evidence.Prepared, later ...evidence.Record) evidence.View {
	list := slices.Concat([]evidence.Record{
		{Time: zero, Scenario: scenario, IDs: map[string]string{evidence.Application: "app"}, Prepared: &p},
		answered(scenario, evidence.CreateSession, 0, "p2p.preference=disabled", `[{"session_id":"s"}]`),
		answered(scenario, evidence.StartArchive, time.Second, `{"sessionId":"s"}`, `{"id":"a","sessionId":"s","status":"started"}`),
	}, later, []evidence.Record{{Time: zero.Add(100 * time.Hour), Scenario: scenario, Label: "scenario", Step: &evidence.Step{Outcome: evidence.Done}}})
	for i := range list {
		list[i].Seq = int64(i)
	}
	return evidence.View{}.With(list)
}

// judged returns the outcome of a clause of this package.
func judged(t *testing.T, v evidence.View, id string) verdict.Verdict {
	t.Helper()
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	cl, _ := l.Clause(id)
	i := slices.IndexFunc(Checks, func(ch check.Check) bool { return ch.Clause == id })
	return check.Grade(facts.Sort(l, v), cl, []string{"s3", "cloud"}, Checks[i], check.Causes{})
}

// TestAnAddressWhereNobodyListens: what becomes of an archive is seen without a store that refuses it.
func TestAnAddressWhereNobodyListens(t *testing.T) {
	seen := func(after time.Duration, status, url string) evidence.View {
		return recorded(scenarios.Undelivered, evidence.Prepared{Role: "unreachable", Store: "s3", Unreachable: true},
			answered(scenarios.Undelivered, evidence.GetArchive, after, "", fmt.Sprintf(`{"id":"a","sessionId":"s","status":%q,"url":%s}`, status, url)))
	}
	for name, c := range map[string]struct {
		v                     evidence.View
		fails, cloud, secrecy verdict.Outcome
	}{
		"failed":                {seen(74*time.Hour, "failed", "null"), verdict.Pass, verdict.Pass, verdict.Pass},
		"in the cloud":          {seen(74*time.Hour, "available", `"http://t/a"`), verdict.Fail, verdict.Fail, verdict.Fail},
		"uploaded":              {seen(74*time.Hour, "uploaded", "null"), verdict.Fail, verdict.Pass, verdict.Pass},
		"failed, with a copy":   {seen(74*time.Hour, "failed", `"http://t/a"`), verdict.Pass, verdict.Fail, verdict.Fail},
		"stopped for ever":      {seen(74*time.Hour, "stopped", "null"), verdict.Fail, verdict.Inconclusive, verdict.Inconclusive},
		"stopped until the end": {seen(72*time.Hour, "stopped", "null"), verdict.Inconclusive, verdict.Inconclusive, verdict.Inconclusive},
	} {
		for id, want := range map[string]verdict.Outcome{"ARC-STO-13": c.fails, "ARC-STO-19": c.cloud, "ARC-SEC-01": c.secrecy, "ARC-STO-15": verdict.Inconclusive} {
			if got := judged(t, c.v, id); got.Outcome != want {
				t.Errorf("%s: %s is %s, want %s: %s %v", name, id, got.Outcome, want, got.Reason, got.Findings)
			}
		}
	}
}

// TestAttemptsWithoutAClock: attempts are told apart by the time between them, where no clock is moved.
func TestAttemptsWithoutAClock(t *testing.T) {
	upload := func(answer int, after time.Duration) evidence.Record {
		return evidence.Record{Time: zero.Add(after), Scenario: scenarios.Recovers, Label: "upload",
			Upload: &evidence.Upload{Store: "s3", Method: "PUT", Path: "/reels/app/a/archive.mp4", Answer: answer, Refused: answer == 403}}
	}
	uploaded := answered(scenarios.Recovers, evidence.GetArchive, time.Minute, "", `{"id":"a","sessionId":"s","status":"uploaded"}`)
	stored := evidence.Record{Time: zero.Add(time.Minute), Scenario: scenarios.Recovers, IDs: map[string]string{evidence.Archive: "a"},
		Object: &evidence.Object{Store: "s3", Key: "app/a/archive.mp4", Size: 8, SHA256: "x"}}
	for name, c := range map[string]struct {
		uploads []evidence.Record
		want    verdict.Outcome
	}{
		"three":             {[]evidence.Record{upload(503, 5*time.Second), upload(503, 40*time.Second), upload(200, 50*time.Second)}, verdict.Pass},
		"three, forbidden":  {[]evidence.Record{upload(503, 5*time.Second), upload(403, 40*time.Second), upload(200, 50*time.Second)}, verdict.Pass},
		"two":               {[]evidence.Record{upload(503, 5*time.Second), upload(200, 50*time.Second)}, verdict.Fail},
		"two of many parts": {[]evidence.Record{upload(503, 5*time.Second), upload(503, 6*time.Second), upload(503, 7*time.Second), upload(200, 50*time.Second)}, verdict.Fail},
	} {
		v := recorded(scenarios.Recovers, evidence.Prepared{Role: "default", Store: "s3"}, slices.Concat(c.uploads, []evidence.Record{uploaded, stored})...)
		if got := judged(t, v, "ARC-STO-14"); got.Outcome != c.want {
			t.Errorf("%s: %s, want %s: %s %v", name, got.Outcome, c.want, got.Reason, got.Findings)
		}
	}
}
