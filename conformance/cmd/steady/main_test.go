package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCounts runs a program that reports a failure by itself, a blocked one, and one without a verdict.
func TestCounts(t *testing.T) {
	dir := t.TempDir()
	report := `{"format":"reelcheck.report/2","clauses":[
		{"id":"A-1","outcome":"fail","findings":[{"expected":"a","actual":"b"}]},
		{"id":"A-2","outcome":"fail","findings":[{"expected":"a","actual":"could not be shown","blockedBy":"start"}]},
		{"id":"A-3","outcome":"inconclusive","reason":"not run"},
		{"id":"A-4","outcome":"pass"}]}`
	script := "#!/bin/sh\nmkdir -p $5/evidence\ncat >$5/report.json <<'EOF'\n" + report + "\nEOF\nexit 1\n"
	if err := os.WriteFile(filepath.Join(dir, "conform"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	var said, wrong strings.Builder
	code := run(t.Context(), []string{"--conform", filepath.Join(dir, "conform"), "--out", filepath.Join(dir, "out"), "--runs", "2"}, &said, &wrong)
	if code != 1 || !strings.HasSuffix(said.String(), "steady: runs=2 false_alarms=4 inconclusive=2\n") ||
		!strings.Contains(said.String(), "false alarm of A-1: expected a, actual b\n") || !strings.Contains(said.String(), "run 2, busy") {
		t.Errorf("exit %d: %s%s", code, &said, &wrong)
	}
	if _, err := os.Stat(filepath.Join(dir, "out", "run-1", "evidence")); err != nil {
		t.Error("the evidence of false alarms is gone")
	}
}

// TestSilentProgram: a program that says nothing of its verdict is no steady one.
func TestSilentProgram(t *testing.T) {
	var said, wrong strings.Builder
	if code := run(t.Context(), []string{"--conform", "/bin/true", "--out", t.TempDir(), "--runs", "1"}, &said, &wrong); code != 2 {
		t.Errorf("exit %d: %s%s", code, &said, &wrong)
	}
}
