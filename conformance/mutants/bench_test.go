package mutants

import (
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/judge"
)

func BenchmarkGrade(b *testing.B) {
	l := ledger(b)
	records := recorded(b)
	all := everything(l)
	for b.Loop() {
		judge.Grade(l, evidence.View{}.With(records), all)
	}
}
