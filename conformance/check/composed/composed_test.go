package composed

import (
	"fmt"
	"testing"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// TestMutesInterrupt checks that the last picture before a mute may stand for a while, also where it moves to another place meanwhile.
func TestMutesInterrupt(t *testing.T) {
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := &check.Case{Facts: facts.Sort(l, evidence.View{})}
	due := func(from, to float64) content.Due {
		return content.Due{Published: evidence.Published{Fixture: "small-09"}, R: evidence.Record{Seq: 1}, From: from, To: to}
	}
	before, after := due(0, 5), due(9, 20)
	x := content.Recording{Expected: content.Expected{Due: []content.Due{before, after}}}
	for name, s := range map[string]struct {
		from, to float64
		want     bool
	}{
		"before the mute":      {0, 4.9, false},
		"into the mute":        {0, 6.5, true},
		"in another place":     {5.3, 6.5, true},
		"long after the mute":  {7.5, 8.5, false},
		"from the mute's end":  {9.2, 20, false},
		"through all the mute": {0, 20, true},
	} {
		if got := interrupted(c, x, before, s.from, s.to); got != s.want {
			t.Errorf("%s: %v, want %v", name, got, s.want)
		}
	}
}

// TestNothingOfTheKind checks that an archive of pictures alone, during which only sound is published, has a file as long as it says.
func TestNothingOfTheKind(t *testing.T) {
	const app, id, session, stream = "3a05247c-2d77-4eb9-b414-776f5aa182a4", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "1_a", "5"
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	zero := time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return zero.Add(time.Duration(s) * time.Second) }
	call := func(s int, op evidence.Operation, method, path, request, response string) evidence.Record {
		return evidence.Record{Seq: int64(s), Time: at(s), Scenario: "video-only", Label: string(op), IDs: map[string]string{evidence.Application: app, evidence.Archive: id, evidence.Session: session},
			Exchange: &evidence.Exchange{Operation: op, Identity: evidence.AsUnified, Started: at(s), Request: evidence.Request{Method: method, URL: "http://server" + path, Body: evidence.Body{Text: request}},
				Response: &evidence.Response{Status: 200, Body: evidence.Body{Text: response, Size: int64(len(response))}}}}
	}
	voice := evidence.Record{Seq: 1, Time: at(9), Scenario: "video-only", Label: "published.bob.audio", IDs: map[string]string{evidence.Application: app, evidence.Session: session, evidence.Stream: stream},
		Published: &evidence.Published{Client: "bob", Kind: "audio", Fixture: "tone-13", Rate: 50, First: at(1), Last: at(9), Ended: true}}
	object := func(status, more string) string {
		return `{"id":"` + id + `","sessionId":"` + session + `","status":"` + status + `"` + more + `}`
	}
	for name, c := range map[string]struct {
		size, duration int
		want           verdict.Outcome
	}{
		"an empty file":       {0, 5, verdict.Fail},
		"it says so":          {0, 0, verdict.Pass},
		"nobody read what is": {900, 5, verdict.Inconclusive},
	} {
		f := facts.Sort(l, evidence.View{}.With([]evidence.Record{voice,
			call(2, evidence.StartArchive, "POST", "/v2/project/"+app+"/archive", `{"sessionId":"`+session+`","hasAudio":false}`, object("started", "")),
			call(7, evidence.StopArchive, "POST", "/v2/project/"+app+"/archive/"+id+"/stop", "", object("stopped", "")),
			call(10, evidence.GetArchive, "GET", "/v2/project/"+app+"/archive/"+id, "", object("uploaded", fmt.Sprintf(`,"size":%d,"duration":%d`, c.size, c.duration)))}))
		v := check.Grade(f, spec.Clause{ID: "ARC-COMP-15", Verify: spec.Checks}, nil, check.New("ARC-COMP-15", fileLength, "video-only"), check.Causes{})
		if v.Outcome != c.want {
			t.Errorf("%s: %s %s %+v", name, v.Outcome, v.Reason, v.Findings)
		}
	}
}
