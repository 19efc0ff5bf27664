package check

import (
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/spec"
)

var zero = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return zero.Add(d) }

func policySpan(from, to time.Duration) Span {
	s := Span{From: at(from)}
	if to >= 0 {
		s.To, s.Late = at(to), at(to)
	}
	return s
}

const open = time.Duration(-1)

// The oracle of limits, from what the harness did and nothing else.
func TestLimits(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	here := []Span{policySpan(0, open)}
	for _, c := range []struct {
		name    string
		streams []Span
		clients []Span
		rule    Rule
		end     time.Duration
	}{
		{"nobody publishes", nil, here, ByMinute, time.Minute},
		{"published too late", []Span{policySpan(61*time.Second, open)}, here, ByMinute, time.Minute},
		{"published in time, for good", []Span{policySpan(59*time.Second, open)}, here, ByRecorded, 4*time.Hour + 59*time.Second},
		{"four hours in two parts", []Span{policySpan(0, time.Hour), policySpan(90*time.Minute, open)}, here, ByRecorded, 4*time.Hour + 30*time.Minute},
		{"exactly four hours", []Span{policySpan(0, 4*time.Hour)}, here, ByRecorded, 4 * time.Hour},
		{"idle", []Span{policySpan(0, 5*time.Minute)}, here, ByIdle, 65 * time.Minute},
		{"idle just not long enough", []Span{policySpan(0, 5*time.Minute), policySpan(64*time.Minute, 66*time.Minute)}, here, ByIdle, 126 * time.Minute},
		{"everybody left", []Span{policySpan(0, 5*time.Minute)}, []Span{policySpan(0, 6*time.Minute)}, ByLeaving, 7 * time.Minute},
		{"back in time", []Span{policySpan(0, 5*time.Minute)}, []Span{policySpan(0, 6*time.Minute), policySpan(6*time.Minute+59*time.Second, open)}, ByIdle, 65 * time.Minute},
		{"twelve hours of little", []Span{policySpan(0, time.Minute), policySpan(50*time.Minute, 51*time.Minute), policySpan(100*time.Minute, 101*time.Minute),
			policySpan(150*time.Minute, 151*time.Minute), policySpan(200*time.Minute, 201*time.Minute), policySpan(250*time.Minute, 251*time.Minute),
			policySpan(300*time.Minute, 301*time.Minute), policySpan(350*time.Minute, 351*time.Minute), policySpan(400*time.Minute, 401*time.Minute),
			policySpan(450*time.Minute, 451*time.Minute), policySpan(500*time.Minute, 501*time.Minute), policySpan(550*time.Minute, 551*time.Minute),
			policySpan(600*time.Minute, 601*time.Minute), policySpan(650*time.Minute, 651*time.Minute), policySpan(700*time.Minute, 701*time.Minute)}, here, ByTotal, 12 * time.Hour},
	} {
		k := &Case{Facts: SortOut(ledger, evidence.View{})}
		got, end := k.limits(Course{Started: zero, Streams: c.streams, Clients: c.clients})
		if got != c.rule || !end.Equal(at(c.end)) {
			t.Errorf("%s: %s after %v, want %s after %v", c.name, got, end.Sub(zero), c.rule, c.end)
		}
	}
}

func TestPolicyTime(t *testing.T) {
	f := &Facts{walks: []Walk{
		{app: "a", From: at(10 * time.Second), To: at(12 * time.Second), Skip: time.Hour},
		{app: "a", From: at(20 * time.Second), To: at(21 * time.Second), Skip: time.Minute},
		{app: "b", From: at(0), To: at(1), Skip: 24 * time.Hour},
	}}
	for _, c := range []struct{ at, earliest, latest time.Duration }{
		{5 * time.Second, 0, 0},
		{11 * time.Second, 0, time.Hour},
		{15 * time.Second, time.Hour, time.Hour},
		{30 * time.Second, time.Hour + time.Minute, time.Hour + time.Minute},
	} {
		if got := f.Earliest("a", at(c.at)).Sub(at(c.at)); got != c.earliest {
			t.Errorf("earliest at %v: +%v, want +%v", c.at, got, c.earliest)
		}
		if got := f.Latest("a", at(c.at)).Sub(at(c.at)); got != c.latest {
			t.Errorf("latest at %v: +%v, want +%v", c.at, got, c.latest)
		}
	}
}

func TestFileTimeLeavesPausesOut(t *testing.T) {
	recorded := []Span{policySpan(10*time.Second, 20*time.Second), policySpan(30*time.Second, 40*time.Second)}
	for _, c := range []struct {
		at   time.Duration
		want float64
	}{{5 * time.Second, 0}, {15 * time.Second, 5}, {25 * time.Second, 10}, {35 * time.Second, 15}, {60 * time.Second, 20}} {
		if got := FileTime(recorded, at(c.at)); got != c.want {
			t.Errorf("at %v: %v s, want %v", c.at, got, c.want)
		}
	}
}

// One flaw at a time is what refusals are judged by.
func TestAsked(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]*Session{
		"s":       {ID: "s", App: "a", Created: evidence.Record{Exchange: &evidence.Exchange{}}, Clients: []Span{{From: at(-time.Minute)}}},
		"empty":   {ID: "empty", App: "a", Created: evidence.Record{Exchange: &evidence.Exchange{}}},
		"relayed": {ID: "relayed", App: "a", Relayed: true, Created: evidence.Record{Exchange: &evidence.Exchange{}}},
		"foreign": {ID: "foreign", App: "b", Created: evidence.Record{Exchange: &evidence.Exchange{}}},
	}
	for body, want := range map[string]string{
		`{"sessionId":"s"}`: "", `{"sessionId":"s","unknown":1}`: "", `{"sessionId":"s","hasVideo":false}`: "", `{"sessionId":"s","layout":{"type":"pip"}}`: "",
		`{"sessionId":"s"`: FlawMalformed, ``: FlawMalformed, `[]`: FlawMalformed, `{"sessionId":1}`: FlawTypes, `{"sessionId":"s","hasAudio":"no"}`: FlawTypes,
		`{}`: FlawNoSession, `{"sessionId":"x"}`: FlawUnknownSession, `{"sessionId":"empty"}`: FlawNobody, `{"sessionId":"relayed"}`: FlawRelayed,
		`{"sessionId":"foreign"}`: FlawForeignSession, `{"sessionId":"s","outputMode":"x"}`: FlawOutputMode, `{"sessionId":"s","streamMode":"x"}`: FlawStreamMode,
		`{"sessionId":"s","hasAudio":false,"hasVideo":false}`: FlawNeither, `{"sessionId":"s","resolution":"1x1"}`: FlawResolution,
		`{"sessionId":"s","quantizationParameter":14}`: FlawQPRange, `{"sessionId":"s","quantizationParameter":15}`: "", `{"sessionId":"s","maxBitrate":6000001}`: FlawBitrateRange,
		`{"sessionId":"s","maxBitrate":100000,"quantizationParameter":20}`: FlawBothRates, `{"sessionId":"s","outputMode":"individual","resolution":"640x480"}`: FlawIndResolution,
		`{"sessionId":"s","layout":{"type":"x"}}`: FlawLayout, `{"sessionId":"s","layout":{"type":"pip","stylesheet":"s"}}`: FlawLayout,
	} {
		f := SortOut(ledger, evidence.View{})
		f.Sessions = known
		a := f.asked(evidence.Record{IDs: map[string]string{evidence.Application: "a"}, Exchange: &evidence.Exchange{
			Operation: "startArchive", Identity: "unified", Started: zero, Request: evidence.Request{URL: "http://x/v2/project/a/archive", Body: evidence.Body{Text: body}}}})
		if want == "" && !a.Clean() || want != "" && !a.Only(want) {
			t.Errorf("%s: flaws %q, want %q", body, a.flaws, want)
		}
	}
}

func TestRealMomentsOfPolicyTimes(t *testing.T) {
	begin := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	second := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Second) }
	f := &Facts{walks: []Walk{
		{app: "a", From: second(10), To: second(11), Skip: time.Hour},
		{app: "b", From: second(12), To: second(13), Skip: time.Hour},
		{app: "a", From: second(20), To: second(21), Skip: time.Minute},
	}}
	for _, tt := range []struct{ policy, real time.Time }{
		{second(5), second(5)},                                // before any walk
		{second(15).Add(time.Hour), second(15)},               // between the two
		{second(30).Add(time.Hour + time.Minute), second(30)}, // after both
		{second(10).Add(time.Minute), second(10)},             // passed over by the first
	} {
		if got := f.Real("a", tt.policy); !got.Equal(tt.real) {
			t.Errorf("%v: got %v, want %v", tt.policy, got, tt.real)
		}
	}
}
