package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/verdict"
)

// TestUnreachableTargetIsToldToCI runs against a port where nobody listens.
func TestUnreachableTargetIsToldToCI(t *testing.T) {
	out := filepath.Join(t.TempDir(), "report")
	file := targetFile(t, "http://127.0.0.1:1", "legacy")
	for range 2 { // the second replaces the first
		code, stdout, stderr := conform(t, "run", "--target", file, "--out", out, "--annotate")
		if code != verdict.ExitUnreachable || !strings.Contains(stderr, "target unreachable: ") ||
			!strings.Contains(stdout, "\n::error title=conform::Nothing could be judged: target unreachable: dial") {
			t.Fatalf("exit %d: %s%s", code, stdout, stderr)
		}
	}
	for name, want := range map[string]string{folder.JUnit: `errors="1"`, folder.Summary: "## Nothing could be judged"} {
		text, err := os.ReadFile(filepath.Join(out, name))
		if err != nil || !strings.Contains(string(text), want) || !strings.Contains(strings.ReplaceAll(string(text), `\`, ""), "target unreachable: dial tcp 127.0.0.1:1") {
			t.Errorf("%s: %v: %s", name, err, text)
		}
	}
	if _, err := os.Stat(filepath.Join(out, folder.JSON)); err == nil {
		t.Error("a report of nothing")
	}
}
