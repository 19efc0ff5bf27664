package access

import (
	"testing"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// TestSilentSockets checks that a client counts as let in only when the target said so, and as shut out only when it was refused.
func TestSilentSockets(t *testing.T) {
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	open := evidence.Client{Event: "open"}
	told := evidence.Client{Event: "message", Type: "connected", ConnectionID: "c1"}
	mute := evidence.Client{Event: "message", Type: "hello"}
	given, left, refused := evidence.Client{Event: "close", Lost: true}, evidence.Client{Event: "close", Left: true}, evidence.Client{Event: "refused", CloseCode: 403}
	closed := evidence.Client{Event: "close", CloseCode: 1008}
	for _, c := range []struct {
		name   string
		events []evidence.Client
		after  time.Duration // of the last event
		want   verdict.Outcome
	}{
		{"connected", []evidence.Client{open, told, left}, time.Second, verdict.Pass},
		{"connected, and it never left", []evidence.Client{open, told}, time.Second, verdict.Pass},
		{"silent", []evidence.Client{open, given}, 10 * time.Second, verdict.Fail},
		{"says something else", []evidence.Client{open, mute, given}, 10 * time.Second, verdict.Fail},
		{"closed by the target", []evidence.Client{open, closed}, time.Millisecond, verdict.Fail},
		{"refused", []evidence.Client{refused}, 0, verdict.Fail},
		{"the suite was interrupted", []evidence.Client{open, given}, time.Second, verdict.Inconclusive},
		{"the suite died", []evidence.Client{open}, 0, verdict.Inconclusive},
	} {
		for as, clause := range map[string]string{"jwt": "ARC-AUTH-16", "t1": "ARC-AUTH-17", "t1-timeless": "ARC-AUTH-17", "jwt-days-30": "ARC-AUTH-19"} {
			bad := refused
			bad.Name = as + "-expired"
			records := []evidence.Record{{Scenario: "auth", Label: "scenario", Step: &evidence.Step{Outcome: evidence.Done}}, {Scenario: "auth", Client: &bad}}
			for _, e := range c.events {
				e.Name = as
				records = append(records, evidence.Record{Scenario: "auth", Label: "client." + as, Client: &e})
			}
			for i := range records {
				records[i].Seq, records[i].Time = int64(i+1), time.Unix(1, 0)
			}
			records[len(records)-1].Time = time.Unix(1, 0).Add(c.after)
			if got := graded(l, clause, records); got != c.want {
				t.Errorf("%s, %s: %s, want %s", c.name, clause, got, c.want)
			}
		}
	}
	bad := open
	bad.Name = "jwt-expired"
	good, in := open, told
	good.Name, in.Name = "jwt", "jwt"
	if got := graded(l, "ARC-AUTH-16", []evidence.Record{{Seq: 1, Scenario: "auth", Client: &good}, {Seq: 2, Scenario: "auth", Client: &in}, {Seq: 3, Scenario: "auth", Client: &bad}}); got != verdict.Fail {
		t.Errorf("a silent socket refuses: %s", got)
	}
}

func graded(l spec.Ledger, clause string, records []evidence.Record) verdict.Outcome {
	f := facts.Sort(l, evidence.View{}.With(records))
	for _, ch := range Checks {
		if ch.Clause == clause {
			return check.Grade(f, spec.Clause{ID: clause, Verify: spec.Checks}, nil, ch, check.Causes{}).Outcome
		}
	}
	return "no check"
}
