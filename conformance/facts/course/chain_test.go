package course

import (
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/spec"
)

// TestChain checks what ends an automatic archive that began some time after the recording that it is a part of.
func TestChain(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	here := []facts.Span{policySpan(0, open)}
	for _, c := range []struct {
		name    string
		started time.Duration
		streams []facts.Span
		clients []facts.Span
		rule    Rule
		end     time.Duration
	}{
		{"nobody publishes, which has no first minute", 0, nil, here, ByIdle, time.Hour},
		{"four hours of its own", 4 * time.Hour, []facts.Span{policySpan(0, open)}, here, ByRecorded, 8 * time.Hour},
		{"an idle hour that began before it", 12 * time.Hour, []facts.Span{policySpan(0, 11*time.Hour+30*time.Minute)}, here, ByIdle, 12*time.Hour + 30*time.Minute},
		{"an idle hour that somebody ended", 12 * time.Hour, []facts.Span{policySpan(0, 11*time.Hour+30*time.Minute), policySpan(12*time.Hour+20*time.Minute, open)}, here,
			ByRecorded, 16*time.Hour + 20*time.Minute},
		{"a pause that was over before it", 12 * time.Hour, []facts.Span{policySpan(0, time.Hour), policySpan(90*time.Minute, open)}, here, ByRecorded, 16 * time.Hour},
		{"everybody left", 4 * time.Hour, []facts.Span{policySpan(0, 5*time.Hour)}, []facts.Span{policySpan(0, 5*time.Hour)}, ByLeaving, 5*time.Hour + time.Minute},
	} {
		k := Course{Started: at(c.started), Begun: at(c.started), run: zero}
		k.endsBy(facts.Sort(ledger, evidence.View{}), &facts.Session{Streams: c.streams, Clients: c.clients}, 0)
		if k.Rule != c.rule || !k.End.Equal(at(c.end)) {
			t.Errorf("%s: %s after %v, want %s after %v", c.name, k.Rule, k.End.Sub(zero), c.rule, c.end)
		}
	}
}

// TestDivided checks whether the begin of the next archive shows that the rules ended one, and when it may have been over.
func TestDivided(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	f := facts.Sort(ledger, evidence.View{})
	const end = 4 * time.Hour
	for _, c := range []struct {
		name    string
		rule    Rule
		next    time.Duration // open means that there is none
		ok      bool
		soonest time.Duration
	}{
		{"nothing follows", ByRecorded, open, true, end},
		{"a slight overlap", ByRecorded, end - 2*time.Second, true, end - 2*time.Second},
		{"the longest overlap", ByTotal, end - 30*time.Second, true, end - 30*time.Second},
		{"divided earlier", ByRecorded, end - time.Minute, false, end},
		{"another after the move", ByMove, end, true, end},
		{"goes on through the move", ByMove, open, false, end},
		{"used again", ByIdle, end + time.Minute, true, end},
		{"followed before it was idle for an hour", ByIdle, end - time.Minute, false, end},
	} {
		k := Course{Started: zero, Rule: c.rule, End: at(end), ended: at(end + 5*time.Second)}
		var next time.Time
		if c.next != open {
			next = at(c.next)
		}
		if ok := k.dividedAt(f, next); ok != c.ok || !k.Soonest().Equal(at(c.soonest)) {
			t.Errorf("%s: %v, over after %v, want %v, %v", c.name, ok, k.Soonest().Sub(zero), c.ok, c.soonest)
		}
	}
}
