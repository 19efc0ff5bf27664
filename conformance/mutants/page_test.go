package mutants

import (
	"slices"
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/mutants/tape"
	"reelcheck/conformance/verdict"
)

// TestPageInPlaceOfTheFile checks that a web page at the download link breaks the clause about the file, that it follows from ARC-URL-03
// where that is broken, and that the true size of an archive is not wrong because of it.
func TestPageInPlaceOfTheFile(t *testing.T) {
	l, good := ledger(t), recorded(t)
	prepared := judge.Prepare(l, evidence.View{}.With(good), everything(l))
	tp := &tape.Tape{Records: slices.Clone(good)}
	only(scenarios.Cloud)(tp)
	pages := 0
	tp.Records = slices.DeleteFunc(tp.Records, func(r evidence.Record) bool { return r.Object != nil || r.Media != nil })
	for i := range tp.Records {
		if r := &tp.Records[i]; r.Exchange != nil && r.Exchange.Operation == "downloadArchive" && tape.IsExchange(r) && r.Exchange.Status() == 200 {
			*r = tape.Copied(*r)
			r.Exchange.Error = evidence.PageInstead + " (text/html): We are away"
			pages++
		}
	}
	if pages == 0 {
		t.Fatal("no download")
	}
	for id, want := range map[string]verdict.Outcome{"ARC-URL-03": verdict.Fail, "ARC-STOP-03": verdict.Inconclusive, "ARC-CB-13": verdict.Inconclusive, "ARC-GET-08": verdict.Pass} {
		cl, _ := l.Clause(id)
		v := prepared.With(evidence.View{}.With(tp.Records)).Judge(cl)
		if v.Outcome != want || id == "ARC-STOP-03" && !slices.Equal(v.BlockedBy, []string{"ARC-URL-03"}) {
			t.Errorf("%s: %+v", id, v)
		}
	}
	alone := judge.Grade(l, evidence.View{}.With(tp.Records), everything(l), "ARC-STOP-03")
	if v := alone[0]; v.Outcome != verdict.Fail || v.Findings[0].Actual != evidence.PageInstead+" (text/html): We are away" {
		t.Errorf("where ARC-URL-03 is not judged: %+v", v)
	}
}
