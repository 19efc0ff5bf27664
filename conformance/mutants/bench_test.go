package mutants

import (
	"testing"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
)

func BenchmarkGrade(b *testing.B) {
	l := ledger(b)
	records := recorded(b)
	all := everything(l)
	for b.Loop() {
		check.Grade(l, evidence.View{}.With(records), all)
	}
}
