package facts

import (
	"encoding/json"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts/flaw"
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
	var running []*History
	for id, body := range map[string]string{"plain": `{}`, "tagged": `{"multiArchiveTag":"a"}`} {
		known[id] = &Session{ID: id, App: "a", Created: evidence.Record{Exchange: &evidence.Exchange{}}, Clients: []Span{{From: after(-time.Minute)}}}
		h := &History{Start: evidence.Record{IDs: map[string]string{evidence.Session: id}, Exchange: &evidence.Exchange{Started: after(-time.Second)}}}
		if err := json.Unmarshal([]byte(body), &h.Request); err != nil {
			t.Fatal(err)
		}
		running = append(running, h)
	}
	for body, want := range map[string]string{
		`{"sessionId":"s"}`: "", `{"sessionId":"s","unknown":1}`: "", `{"sessionId":"s","hasVideo":false}`: "", `{"sessionId":"s","layout":{"type":"pip"}}`: "",
		`{"sessionId":"s"`: flaw.Malformed, ``: flaw.Malformed, `[]`: flaw.Types, `{"sessionId":1}`: flaw.Types, `{"sessionId":"s","hasAudio":"no"}`: flaw.Types,
		`{}`: flaw.NoSession, `{"sessionId":"x"}`: flaw.UnknownSession, `{"sessionId":"empty"}`: flaw.Nobody, `{"sessionId":"left"}`: flaw.Nobody, `{"sessionId":"leaving"}`: flaw.Leaving, `{"sessionId":"later"}`: flaw.Nobody,
		`{"sessionId":"relayed"}`: flaw.Relayed,
		`{"sessionId":"foreign"}`: flaw.ForeignSession, `{"sessionId":"s","outputMode":"x"}`: flaw.OutputMode, `{"sessionId":"s","streamMode":"x"}`: flaw.StreamMode,
		`{"sessionId":"s","hasAudio":false,"hasVideo":false}`: flaw.Neither, `{"sessionId":"s","resolution":"1x1"}`: flaw.Resolution,
		`{"sessionId":"s","quantizationParameter":14}`: flaw.QPRange, `{"sessionId":"s","quantizationParameter":15}`: "", `{"sessionId":"s","maxBitrate":6000001}`: flaw.BitrateRange,
		`{"sessionId":"s","maxBitrate":100000,"quantizationParameter":20}`: flaw.BothRates, `{"sessionId":"s","outputMode":"individual","resolution":"640x480"}`: flaw.IndResolution,
		`{"sessionId":"s","layout":{"type":"x"}}`: flaw.Layout, `{"sessionId":"s","layout":{"type":"pip","stylesheet":"s"}}`: flaw.LayoutParts,
		`{"sessionId":"plain"}`: flaw.Recorded, `{"sessionId":"plain","multiArchiveTag":"a"}`: "", `{"sessionId":"tagged"}`: flaw.Untagged,
		`{"sessionId":"tagged","multiArchiveTag":"A"}`: "", `{"sessionId":"tagged","multiArchiveTag":"a"}`: flaw.Tag,
	} {
		f := Sort(ledger, evidence.View{})
		f.Sessions, f.Archives = known, running
		a := f.asked(evidence.Record{IDs: map[string]string{evidence.Application: "a"}, Exchange: &evidence.Exchange{
			Operation: evidence.StartArchive, Identity: evidence.AsUnified, Started: noon, Request: evidence.Request{URL: "http://x/v2/project/a/archive", Body: evidence.Body{Text: body}}}})
		if want == "" && !a.Clean() || want != "" && !a.Only(want) {
			t.Errorf("%s: flaws %q, want %q", body, a.flaws, want)
		}
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return noon.Add(d) }
