package facts

import (
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/spec"
)

// TestAsked checks that each flaw of a request is found.
func TestAsked(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]*Session{
		"s":       {ID: "s", App: "a", Created: evidence.Record{Exchange: &evidence.Exchange{}}, Clients: []Span{{From: after(-time.Minute)}}},
		"empty":   {ID: "empty", App: "a", Created: evidence.Record{Exchange: &evidence.Exchange{}}},
		"left":    {ID: "left", App: "a", Created: evidence.Record{Exchange: &evidence.Exchange{}}, Clients: []Span{{From: after(-time.Minute), To: after(-1100 * time.Millisecond)}}},
		"leaving": {ID: "leaving", App: "a", Created: evidence.Record{Exchange: &evidence.Exchange{}}, Clients: []Span{{From: after(-time.Minute), To: after(-900 * time.Millisecond)}}},
		"later":   {ID: "later", App: "a", Created: evidence.Record{Exchange: &evidence.Exchange{}}, Clients: []Span{{From: after(time.Minute)}}},
		"relayed": {ID: "relayed", App: "a", Relayed: true, Created: evidence.Record{Exchange: &evidence.Exchange{}}},
		"foreign": {ID: "foreign", App: "b", Created: evidence.Record{Exchange: &evidence.Exchange{}}},
	}
	for body, want := range map[string]string{
		`{"sessionId":"s"}`: "", `{"sessionId":"s","unknown":1}`: "", `{"sessionId":"s","hasVideo":false}`: "", `{"sessionId":"s","layout":{"type":"pip"}}`: "",
		`{"sessionId":"s"`: FlawMalformed, ``: FlawMalformed, `[]`: FlawTypes, `{"sessionId":1}`: FlawTypes, `{"sessionId":"s","hasAudio":"no"}`: FlawTypes,
		`{}`: FlawNoSession, `{"sessionId":"x"}`: FlawUnknownSession, `{"sessionId":"empty"}`: FlawNobody, `{"sessionId":"left"}`: FlawNobody, `{"sessionId":"leaving"}`: flawLeaving, `{"sessionId":"later"}`: FlawNobody,
		`{"sessionId":"relayed"}`: FlawRelayed,
		`{"sessionId":"foreign"}`: FlawForeignSession, `{"sessionId":"s","outputMode":"x"}`: FlawOutputMode, `{"sessionId":"s","streamMode":"x"}`: FlawStreamMode,
		`{"sessionId":"s","hasAudio":false,"hasVideo":false}`: FlawNeither, `{"sessionId":"s","resolution":"1x1"}`: FlawResolution,
		`{"sessionId":"s","quantizationParameter":14}`: FlawQPRange, `{"sessionId":"s","quantizationParameter":15}`: "", `{"sessionId":"s","maxBitrate":6000001}`: FlawBitrateRange,
		`{"sessionId":"s","maxBitrate":100000,"quantizationParameter":20}`: FlawBothRates, `{"sessionId":"s","outputMode":"individual","resolution":"640x480"}`: FlawIndResolution,
		`{"sessionId":"s","layout":{"type":"x"}}`: FlawLayout, `{"sessionId":"s","layout":{"type":"pip","stylesheet":"s"}}`: FlawLayoutParts,
	} {
		f := Sort(ledger, evidence.View{})
		f.Sessions = known
		a := f.asked(evidence.Record{IDs: map[string]string{evidence.Application: "a"}, Exchange: &evidence.Exchange{
			Operation: evidence.StartArchive, Identity: evidence.AsUnified, Started: noon, Request: evidence.Request{URL: "http://x/v2/project/a/archive", Body: evidence.Body{Text: body}}}})
		if want == "" && !a.Clean() || want != "" && !a.Only(want) {
			t.Errorf("%s: flaws %q, want %q", body, a.flaws, want)
		}
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return noon.Add(d) }
