package judge

import (
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Each clause that the ledger says is verified by checks must have one, and each check must judge a clause of the
// ledger.
func TestRegistry(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	verified := 0
	for _, cl := range ledger.Clauses {
		_, ok := Checks[cl.ID]
		if cl.Verify == spec.Checks && !ok {
			t.Errorf("%s is to be verified by checks and has none", cl.ID)
		}
		if cl.Verify == spec.Checks && cl.Level == spec.Must {
			verified++
		}
		if cl.Verify == spec.Excluded && ok {
			t.Errorf("%s is excluded and has a check", cl.ID)
		}
	}
	if verified < 40 {
		t.Errorf("%d must-clauses verified, want at least 40", verified)
	}
	for id, ch := range Checks {
		if _, ok := ledger.Clause(id); !ok {
			t.Errorf("check for %s, which is not a clause of the ledger", id)
		}
		if len(ch.Shown) == 0 {
			t.Errorf("%s: no scenario shows it", id)
		}
	}
}

// No clause may pass without evidence.
func TestNothingPassesOnNothing(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for c := range ledger.Capabilities {
		all = append(all, string(c))
	}
	for _, v := range Grade(ledger, evidence.View{}, all) {
		if v.Outcome == verdict.Pass || v.Outcome == verdict.Fail || v.Fault {
			t.Errorf("%s: %s %s", v.Clause, v.Outcome, v.Reason)
		}
	}
}
