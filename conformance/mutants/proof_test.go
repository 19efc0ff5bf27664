package mutants

import (
	"slices"
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/media"
	"reelcheck/conformance/mutants/tape"
	"reelcheck/conformance/verdict"
)

// unproven is evidence in which nothing contradicts a clause and nothing shows it.
type unproven struct {
	clause string
	why    string
	leave  func(*tape.Tape)
}

// of removes what matches from a scenario.
func of(scenario string, match func(*evidence.Record) bool) func(*tape.Tape) {
	return func(t *tape.Tape) {
		t.Remove(scenario, func(r *evidence.Record) bool { return r.Scenario == scenario && match(r) })
	}
}

// no removes whole scenarios.
func no(names ...string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		t.Remove("scenarios", func(r *evidence.Record) bool { return slices.Contains(names, r.Scenario) })
	}
}

// only leaves the evidence of some scenarios.
func only(names ...string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		t.Remove("other scenarios", func(r *evidence.Record) bool { return r.Scenario != "" && !slices.Contains(names, r.Scenario) })
	}
}

func status(r *evidence.Record) string {
	var b struct{ Status string }
	if r.Exchange == nil || r.Exchange.Response == nil || r.Exchange.Response.Body.Decode(&b) != nil {
		return ""
	}
	return b.Status
}

var unprovens = []unproven{
	{"ARC-STO-21", "no link was tried near the end of the cloud period", tape.All(only(scenarios.Cloud), of(scenarios.Cloud, func(r *evidence.Record) bool {
		return r.Exchange != nil && r.Exchange.Operation == "downloadArchive" && r.Label != "download"
	}))},
	{"ARC-STO-18", "no upload failed", no(scenarios.FallsBack, scenarios.ZIPFallsBack)},
	{"ARC-STO-19", "it had not failed yet", tape.All(only(scenarios.GivenUp), of(scenarios.GivenUp, func(r *evidence.Record) bool {
		return r.Webhook != nil || status(r) == "failed" || r.Label == "list.after"
	}))},
	{"ARC-SEC-01", "it had not failed yet", tape.All(only(scenarios.GivenUp), of(scenarios.GivenUp, func(r *evidence.Record) bool {
		return r.Webhook != nil || status(r) == "failed" || r.Label == "list.after"
	}))},
	{"ARC-STAT-07", "nothing was delivered", tape.All(only(scenarios.Pair), of(scenarios.Pair, func(r *evidence.Record) bool { return r.Webhook != nil || status(r) == "uploaded" }))},
	{"ARC-STAT-10", "only the start was announced", tape.All(only(scenarios.Pair), of(scenarios.Pair, func(r *evidence.Record) bool { return r.Webhook != nil && tape.Announced(r) != "started" }))},
	{"ARC-CB-28", "no stream had left", tape.All(only(scenarios.Pair), of(scenarios.Pair, func(r *evidence.Record) bool { return r.Webhook != nil && tape.Announced(r) != "started" }))},
	{"ARC-COMP-23", "who left was never seen nor heard", tape.All(only(scenarios.Pair), pairFilm(tape.WithoutAll("h264-02", "tone-02")))},
	{"ARC-COMP-28", "who was muted was never seen", tape.All(only(scenarios.Mutes), tape.Film(scenarios.Mutes, "object.media", func(r *media.Report) { r.Picture.Appearances = nil }))},
	{"ARC-COMP-29", "who was muted was never heard", tape.All(only(scenarios.Mutes), tape.Film(scenarios.Mutes, "object.media", func(r *media.Report) { r.Sound.Tones = nil }))},
	{"ARC-EVT-04", "nobody was connected", tape.All(only(scenarios.Pair), of(scenarios.Pair, func(r *evidence.Record) bool { return r.Client != nil }))},
	{"ARC-DEL-09", "the link had never worked", tape.All(only(scenarios.Cloud), refusesAll)},
	{"ARC-URL-04", "the link had never worked", tape.All(only(scenarios.Cloud), refusesAll)},
	{"ARC-URL-10", "the link had never worked", tape.All(only(scenarios.Cloud), refusesAll)},
}

// refusesAll refuses every download.
func refusesAll(t *tape.Tape) {
	for i := range t.Records {
		if r := &t.Records[i]; r.Exchange != nil && r.Exchange.Operation == "downloadArchive" && tape.IsExchange(r) {
			*r = tape.Copied(*r)
			r.Exchange.Response.Status = 403
		}
	}
}

// TestNothingPassesUnproven checks that a clause does not pass by evidence that shows nothing of it.
func TestNothingPassesUnproven(t *testing.T) {
	l, good := ledger(t), recorded(t)
	prepared := judge.Prepare(l, evidence.View{}.With(good), everything(l))
	for _, u := range unprovens {
		t.Run(u.clause+" "+u.why, func(t *testing.T) {
			tp := &tape.Tape{Records: slices.Clone(good)}
			u.leave(tp)
			if len(tp.Missed) > 0 {
				t.Fatalf("nothing to remove: %v", tp.Missed)
			}
			cl, _ := l.Clause(u.clause)
			if v := prepared.With(evidence.View{}.With(tp.Records)).Judge(cl); v.Outcome == verdict.Pass {
				t.Errorf("passes by %v", v.Proof)
			}
		})
	}
}
