package spec

import (
	"testing"
	"time"
)

func load(t testing.TB) Ledger {
	t.Helper()
	l, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLoad(t *testing.T) {
	l := load(t)
	c, ok := l.Clause("ARC-DUR-03")
	if !ok {
		t.Fatal("ARC-DUR-03 is missing")
	}
	if c.Section != "workflow" || c.Level != Must || c.Time != Virtual || c.Wait != 4*time.Hour || c.Chapter() != "DUR" {
		t.Errorf("ARC-DUR-03: got %+v", c)
	}
	if c.Tolerance == nil || c.Tolerance.Reason == "" {
		t.Errorf("ARC-DUR-03: tolerance without a reason: %+v", c.Tolerance)
	}
	if c, ok := l.Clause("ARC-DUR-99"); ok {
		t.Errorf("ARC-DUR-99: got %+v, want none", c)
	}
	limit, ok := l.Limit("recorded-time.max")
	if !ok || limit.Duration() != 4*time.Hour {
		t.Errorf("recorded-time.max: got %+v, want 4h", limit)
	}
	list, ok := l.List("resolution")
	if !ok || len(list.Values) != 6 || list.Default != "640x480" {
		t.Errorf("resolution: got %+v, want six with default 640x480", list)
	}
	if !l.States.Allows("paused", "started") || l.States.Allows("expired", "available") {
		t.Error("states: want paused -> started and not expired -> available")
	}
}

// TestVerifiedClauses checks that the first version verifies at least forty must-clauses, some in each of its areas.
func TestVerifiedClauses(t *testing.T) {
	musts, chapters := 0, map[string]int{}
	for _, c := range load(t).Clauses {
		if c.Verify == Checks && c.Level == Must {
			musts++
			chapters[c.Chapter()]++
		}
	}
	if musts < 40 {
		t.Errorf("got %d must-clauses with checks, want at least 40", musts)
	}
	for _, key := range []string{"START", "STOP", "STAT", "CB", "STO", "COMP", "AUTH", "LIST"} {
		if chapters[key] == 0 {
			t.Errorf("chapter %s: no must-clause with checks", key)
		}
	}
}
