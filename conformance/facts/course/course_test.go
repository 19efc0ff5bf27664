package course

import (
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/jsonvalue"
	"reelcheck/spec"
)

var zero = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return zero.Add(d) }

func policySpan(from, to time.Duration) facts.Span {
	s := facts.Span{From: at(from)}
	if to >= 0 {
		s.To, s.Late = at(to), at(to)
	}
	return s
}

const open = time.Duration(-1)

// TestLimits checks when limits end an archive, from what the harness did and nothing else.
func TestLimits(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	here := []facts.Span{policySpan(0, open)}
	for _, c := range []struct {
		name    string
		streams []facts.Span
		clients []facts.Span
		rule    Rule
		end     time.Duration
	}{
		{"nobody publishes", nil, here, ByMinute, time.Minute},
		{"published too late", []facts.Span{policySpan(61*time.Second, open)}, here, ByMinute, time.Minute},
		{"published in time, for good", []facts.Span{policySpan(59*time.Second, open)}, here, ByRecorded, 4*time.Hour + 59*time.Second},
		{"four hours in two parts", []facts.Span{policySpan(0, time.Hour), policySpan(90*time.Minute, open)}, here, ByRecorded, 4*time.Hour + 30*time.Minute},
		{"exactly four hours", []facts.Span{policySpan(0, 4*time.Hour)}, here, ByRecorded, 4 * time.Hour},
		{"idle", []facts.Span{policySpan(0, 5*time.Minute)}, here, ByIdle, 65 * time.Minute},
		{"idle just not long enough", []facts.Span{policySpan(0, 5*time.Minute), policySpan(64*time.Minute, 66*time.Minute)}, here, ByIdle, 126 * time.Minute},
		{"everybody left", []facts.Span{policySpan(0, 5*time.Minute)}, []facts.Span{policySpan(0, 6*time.Minute)}, ByLeaving, 7 * time.Minute},
		{"back in time", []facts.Span{policySpan(0, 5*time.Minute)}, []facts.Span{policySpan(0, 6*time.Minute), policySpan(6*time.Minute+59*time.Second, open)}, ByIdle, 65 * time.Minute},
		{"twelve hours of little", []facts.Span{policySpan(0, time.Minute), policySpan(50*time.Minute, 51*time.Minute), policySpan(100*time.Minute, 101*time.Minute),
			policySpan(150*time.Minute, 151*time.Minute), policySpan(200*time.Minute, 201*time.Minute), policySpan(250*time.Minute, 251*time.Minute),
			policySpan(300*time.Minute, 301*time.Minute), policySpan(350*time.Minute, 351*time.Minute), policySpan(400*time.Minute, 401*time.Minute),
			policySpan(450*time.Minute, 451*time.Minute), policySpan(500*time.Minute, 501*time.Minute), policySpan(550*time.Minute, 551*time.Minute),
			policySpan(600*time.Minute, 601*time.Minute), policySpan(650*time.Minute, 651*time.Minute), policySpan(700*time.Minute, 701*time.Minute)}, here, ByTotal, 12 * time.Hour},
	} {
		f := facts.Sort(ledger, evidence.View{})
		got, end := limits(f, Course{Started: zero, Streams: c.streams, Clients: c.clients}, Gaps(c.streams, zero), Gaps(c.clients, zero))
		if got != c.rule || !end.Equal(at(c.end)) {
			t.Errorf("%s: %s after %v, want %s after %v", c.name, got, end.Sub(zero), c.rule, c.end)
		}
	}
}

// TestOfChosen checks when an archive of chosen streams ends if nothing is chosen.
func TestOfChosen(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	here := []facts.Span{policySpan(-time.Minute, open)}
	for _, c := range []struct {
		name    string
		streams []facts.Span
		clients []facts.Span
		rule    Rule
		end     time.Duration
	}{
		{"nobody publishes", nil, here, ByMinute, time.Minute},
		{"somebody publishes", []facts.Span{policySpan(-time.Minute, open)}, here, ByIdle, time.Hour},
		{"everybody leaves", []facts.Span{policySpan(-time.Minute, 5*time.Minute)}, []facts.Span{policySpan(-time.Minute, 5*time.Minute)}, ByLeaving, 6 * time.Minute},
	} {
		f := facts.Sort(ledger, evidence.View{})
		f.Sessions = map[string]*facts.Session{"s": {ID: "s", Streams: c.streams, Clients: c.clients}}
		h := &facts.History{Start: evidence.Record{IDs: map[string]string{evidence.Session: "s"}}, Begun: policySpan(0, 0), Request: jsonvalue.Object{"streamMode": "manual"}}
		if k, ok := OfChosen(f, h); !ok || k.Rule != c.rule || !k.End.Equal(at(c.end)) {
			t.Errorf("%s: %v, %s after %v, want %s after %v", c.name, ok, k.Rule, k.End.Sub(zero), c.rule, c.end)
		}
		if _, ok := Of(f, h); ok {
			t.Errorf("%s: a course like that of other archives", c.name)
		}
	}
}
