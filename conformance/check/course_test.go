package check

import (
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/spec"
)

var zero = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return zero.Add(d) }

func policySpan(from, to time.Duration) span {
	s := span{from: at(from)}
	if to >= 0 {
		s.to, s.late = at(to), at(to)
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
	here := []span{policySpan(0, open)}
	for _, c := range []struct {
		name    string
		streams []span
		clients []span
		rule    rule
		end     time.Duration
	}{
		{"nobody publishes", nil, here, byMinute, time.Minute},
		{"published too late", []span{policySpan(61*time.Second, open)}, here, byMinute, time.Minute},
		{"published in time, for good", []span{policySpan(59*time.Second, open)}, here, byRecorded, 4*time.Hour + 59*time.Second},
		{"four hours in two parts", []span{policySpan(0, time.Hour), policySpan(90*time.Minute, open)}, here, byRecorded, 4*time.Hour + 30*time.Minute},
		{"exactly four hours", []span{policySpan(0, 4*time.Hour)}, here, byRecorded, 4 * time.Hour},
		{"idle", []span{policySpan(0, 5*time.Minute)}, here, byIdle, 65 * time.Minute},
		{"idle just not long enough", []span{policySpan(0, 5*time.Minute), policySpan(64*time.Minute, 66*time.Minute)}, here, byIdle, 126 * time.Minute},
		{"everybody left", []span{policySpan(0, 5*time.Minute)}, []span{policySpan(0, 6*time.Minute)}, byLeaving, 7 * time.Minute},
		{"back in time", []span{policySpan(0, 5*time.Minute)}, []span{policySpan(0, 6*time.Minute), policySpan(6*time.Minute+59*time.Second, open)}, byIdle, 65 * time.Minute},
		{"twelve hours of little", []span{policySpan(0, time.Minute), policySpan(50*time.Minute, 51*time.Minute), policySpan(100*time.Minute, 101*time.Minute),
			policySpan(150*time.Minute, 151*time.Minute), policySpan(200*time.Minute, 201*time.Minute), policySpan(250*time.Minute, 251*time.Minute),
			policySpan(300*time.Minute, 301*time.Minute), policySpan(350*time.Minute, 351*time.Minute), policySpan(400*time.Minute, 401*time.Minute),
			policySpan(450*time.Minute, 451*time.Minute), policySpan(500*time.Minute, 501*time.Minute), policySpan(550*time.Minute, 551*time.Minute),
			policySpan(600*time.Minute, 601*time.Minute), policySpan(650*time.Minute, 651*time.Minute), policySpan(700*time.Minute, 701*time.Minute)}, here, byTotal, 12 * time.Hour},
	} {
		k := &Case{facts: sortOut(ledger, evidence.View{})}
		got, end := k.limits(course{started: zero, streams: c.streams, clients: c.clients})
		if got != c.rule || !end.Equal(at(c.end)) {
			t.Errorf("%s: %s after %v, want %s after %v", c.name, got, end.Sub(zero), c.rule, c.end)
		}
	}
}

func TestPolicyTime(t *testing.T) {
	f := &facts{walks: []walk{
		{app: "a", from: at(10 * time.Second), to: at(12 * time.Second), skip: time.Hour},
		{app: "a", from: at(20 * time.Second), to: at(21 * time.Second), skip: time.Minute},
		{app: "b", from: at(0), to: at(1), skip: 24 * time.Hour},
	}}
	for _, c := range []struct{ at, earliest, latest time.Duration }{
		{5 * time.Second, 0, 0},
		{11 * time.Second, 0, time.Hour},
		{15 * time.Second, time.Hour, time.Hour},
		{30 * time.Second, time.Hour + time.Minute, time.Hour + time.Minute},
	} {
		if got := f.earliest("a", at(c.at)).Sub(at(c.at)); got != c.earliest {
			t.Errorf("earliest at %v: +%v, want +%v", c.at, got, c.earliest)
		}
		if got := f.latest("a", at(c.at)).Sub(at(c.at)); got != c.latest {
			t.Errorf("latest at %v: +%v, want +%v", c.at, got, c.latest)
		}
	}
}

func TestFileTimeLeavesPausesOut(t *testing.T) {
	recorded := []span{policySpan(10*time.Second, 20*time.Second), policySpan(30*time.Second, 40*time.Second)}
	for _, c := range []struct {
		at   time.Duration
		want float64
	}{{5 * time.Second, 0}, {15 * time.Second, 5}, {25 * time.Second, 10}, {35 * time.Second, 15}, {60 * time.Second, 20}} {
		if got := fileTime(recorded, at(c.at)); got != c.want {
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
	known := map[string]*session{
		"s":       {id: "s", app: "a", created: evidence.Record{Exchange: &evidence.Exchange{}}, clients: []span{{from: at(-time.Minute)}}},
		"empty":   {id: "empty", app: "a", created: evidence.Record{Exchange: &evidence.Exchange{}}},
		"relayed": {id: "relayed", app: "a", relayed: true, created: evidence.Record{Exchange: &evidence.Exchange{}}},
		"foreign": {id: "foreign", app: "b", created: evidence.Record{Exchange: &evidence.Exchange{}}},
	}
	for body, want := range map[string]string{
		`{"sessionId":"s"}`: "", `{"sessionId":"s","unknown":1}`: "", `{"sessionId":"s","hasVideo":false}`: "", `{"sessionId":"s","layout":{"type":"pip"}}`: "",
		`{"sessionId":"s"`: flawMalformed, ``: flawMalformed, `[]`: flawMalformed, `{"sessionId":1}`: flawTypes, `{"sessionId":"s","hasAudio":"no"}`: flawTypes,
		`{}`: flawNoSession, `{"sessionId":"x"}`: flawUnknownSession, `{"sessionId":"empty"}`: flawNobody, `{"sessionId":"relayed"}`: flawRelayed,
		`{"sessionId":"foreign"}`: flawForeignSession, `{"sessionId":"s","outputMode":"x"}`: flawOutputMode, `{"sessionId":"s","streamMode":"x"}`: flawStreamMode,
		`{"sessionId":"s","hasAudio":false,"hasVideo":false}`: flawNeither, `{"sessionId":"s","resolution":"1x1"}`: flawResolution,
		`{"sessionId":"s","quantizationParameter":14}`: flawQPRange, `{"sessionId":"s","quantizationParameter":15}`: "", `{"sessionId":"s","maxBitrate":6000001}`: flawBitrateRange,
		`{"sessionId":"s","maxBitrate":100000,"quantizationParameter":20}`: flawBothRates, `{"sessionId":"s","outputMode":"individual","resolution":"640x480"}`: flawIndResolution,
		`{"sessionId":"s","layout":{"type":"x"}}`: flawLayout, `{"sessionId":"s","layout":{"type":"pip","stylesheet":"s"}}`: flawLayout,
	} {
		f := sortOut(ledger, evidence.View{})
		f.sessions = known
		a := f.asked(evidence.Record{IDs: map[string]string{evidence.Application: "a"}, Exchange: &evidence.Exchange{
			Operation: "startArchive", Identity: "unified", Started: zero, Request: evidence.Request{URL: "http://x/v2/project/a/archive", Body: evidence.Body{Text: body}}}})
		if want == "" && !a.clean() || want != "" && !a.only(want) {
			t.Errorf("%s: flaws %q, want %q", body, a.flaws, want)
		}
	}
}
