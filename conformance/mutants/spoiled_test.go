package mutants

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// bench judges spoiled copies of the evidence of a good run. It keeps what it decoded. It must not be used from several goroutines.
type bench struct {
	ledger spec.Ledger
	good   []evidence.Record
	whole  *judge.Prepared
	parts  map[string]*judge.Prepared // by the scenarios of which it has the records
}

func newBench(l spec.Ledger, good []evidence.Record) *bench {
	return &bench{l, good, judge.Prepare(l, evidence.View{}.With(good), everything(l)), map[string]*judge.Prepared{}}
}

// others returns the clauses that fail beside the meant one, and not those that others block. None of them fails in the
// recorded run. They are looked for in the scenarios that differ, which takes a tenth of the time, and confirmed in all.
func (b *bench) others(spoiled *judge.Prepared, records []evidence.Record, meant string) []string {
	var out []string
	part := b.part(records)
	failed := func(p *judge.Prepared, cl spec.Clause) bool { return p.Judge(cl).Outcome == verdict.Fail }
	for _, cl := range b.ledger.Clauses {
		if cl.Verify == spec.Checks && cl.ID != meant && failed(part, cl) && failed(spoiled, cl) {
			out = append(out, cl.ID)
		}
	}
	slices.Sort(out)
	return out
}

// part returns the evidence of the scenarios in which the spoiled records differ from the good ones.
func (b *bench) part(spoiled []evidence.Record) *judge.Prepared {
	names := differ(b.good, spoiled)
	if slices.Contains(names, "") {
		return b.whole.With(evidence.View{}.With(spoiled))
	}
	these := func(r *evidence.Record) bool { return r.Scenario == "" || slices.Contains(names, r.Scenario) }
	key := strings.Join(names, " ")
	if b.parts[key] == nil {
		b.parts[key] = judge.Prepare(b.ledger, evidence.View{}.With(b.good).Where(these), everything(b.ledger))
	}
	return b.parts[key].With(evidence.View{}.With(spoiled).Where(these))
}

// differ returns the scenarios whose records are not the same in both, in order.
func differ(good, spoiled []evidence.Record) []string {
	before := map[int64]*evidence.Record{}
	for i := range good {
		before[good[i].Seq] = &good[i]
	}
	names := map[string]bool{}
	for i := range spoiled {
		r := &spoiled[i]
		if b := before[r.Seq]; b == nil || !reflect.DeepEqual(*b, *r) {
			names[r.Scenario] = true
		}
		delete(before, r.Seq)
	}
	for _, gone := range before {
		names[gone.Scenario] = true
	}
	return slices.Sorted(maps.Keys(names))
}
