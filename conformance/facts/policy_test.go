package facts

import (
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/spec"
)

func TestPolicyTime(t *testing.T) {
	f := &Facts{Walks: []Walk{
		{App: "a", From: after(10 * time.Second), To: after(12 * time.Second), Skip: time.Hour},
		{App: "a", From: after(20 * time.Second), To: after(21 * time.Second), Skip: time.Minute},
		{App: "b", From: after(0), To: after(1), Skip: 24 * time.Hour},
	}}
	for _, c := range []struct{ at, earliest, latest time.Duration }{
		{5 * time.Second, 0, 0},
		{11 * time.Second, 0, time.Hour},
		{15 * time.Second, time.Hour, time.Hour},
		{30 * time.Second, time.Hour + time.Minute, time.Hour + time.Minute},
	} {
		if got := f.Earliest("a", after(c.at)).Sub(after(c.at)); got != c.earliest {
			t.Errorf("earliest at %v: +%v, want +%v", c.at, got, c.earliest)
		}
		if got := f.Latest("a", after(c.at)).Sub(after(c.at)); got != c.latest {
			t.Errorf("latest at %v: +%v, want +%v", c.at, got, c.latest)
		}
	}
}

// TestAsked checks that each flaw of a request is found.
func TestAsked(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]*Session{
		"s":       {ID: "s", App: "a", Created: evidence.Record{Exchange: &evidence.Exchange{}}, Clients: []Span{{From: after(-time.Minute)}}},
		"empty":   {ID: "empty", App: "a", Created: evidence.Record{Exchange: &evidence.Exchange{}}},
		"relayed": {ID: "relayed", App: "a", Relayed: true, Created: evidence.Record{Exchange: &evidence.Exchange{}}},
		"foreign": {ID: "foreign", App: "b", Created: evidence.Record{Exchange: &evidence.Exchange{}}},
	}
	for body, want := range map[string]string{
		`{"sessionId":"s"}`: "", `{"sessionId":"s","unknown":1}`: "", `{"sessionId":"s","hasVideo":false}`: "", `{"sessionId":"s","layout":{"type":"pip"}}`: "",
		`{"sessionId":"s"`: FlawMalformed, ``: FlawMalformed, `[]`: FlawTypes, `{"sessionId":1}`: FlawTypes, `{"sessionId":"s","hasAudio":"no"}`: FlawTypes,
		`{}`: FlawNoSession, `{"sessionId":"x"}`: FlawUnknownSession, `{"sessionId":"empty"}`: FlawNobody, `{"sessionId":"relayed"}`: FlawRelayed,
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

func TestRealMomentsOfPolicyTimes(t *testing.T) {
	begin := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	second := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Second) }
	f := &Facts{Walks: []Walk{
		{App: "a", From: second(10), To: second(11), Skip: time.Hour},
		{App: "b", From: second(12), To: second(13), Skip: time.Hour},
		{App: "a", From: second(20), To: second(21), Skip: time.Minute},
	}}
	for _, tt := range []struct{ policy, real time.Time }{
		{second(5), second(5)},                                // before any walk
		{second(15).Add(time.Hour), second(15)},               // between the two
		{second(30).Add(time.Hour + time.Minute), second(30)}, // after both
		{second(10).Add(time.Minute), second(10)},             // skipped by the first
	} {
		if got := f.Real("a", tt.policy); !got.Equal(tt.real) {
			t.Errorf("%v: got %v, want %v", tt.policy, got, tt.real)
		}
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return noon.Add(d) }
