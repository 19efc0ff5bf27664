package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelcheck/conformance/verdict"
)

// TestBaselineIsReadBeforeTheRun checks that a wrong baseline is told before the target, at whose address nobody is, is asked.
func TestBaselineIsReadBeforeTheRun(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "known.yaml")
	target := targetFile(t, "http://127.0.0.1:1", "legacy")
	entry := "reason: r, owner: o, expires: "
	for _, c := range []struct{ text, want string }{
		{"- {clause: ARC-NONE-01, " + entry + "2999-12-31}", "ARC-NONE-01 matches no clause"},
		{"- {clause: ARC-CB-14, " + entry + "2020-12-31}", "ARC-CB-14 expired on 2020-12-31"},
		{"clause: ARC-CB-14\nreason: r\n", "want a list whose entries are like - {clause: "},
		{"- ARC-CB-14\n", "want an entry like - {clause: "},
		{"- {clause: ARC-CB-14, until: 2999-12-31}", `unknown key "until", want some of clause, reason, owner, expires, flaky`},
		{"- {clause: ARC-CB-14, reason: r, owner: o, expires: 2999-12-31, flaky: true}", ""},
	} {
		text, want := c.text, c.want
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errs := conform(t, "run", "--target", target, "--baseline", name, "--out", filepath.Join(dir, "out"))
		if want == "" {
			if code != verdict.ExitUnreachable {
				t.Errorf("%q: exit %d: %s", text, code, errs)
			}
			continue
		}
		if code != verdict.ExitUsage || out != "" || !strings.Contains(errs, want) || strings.Contains(errs, "Excuse") {
			t.Errorf("%q: exit %d, want %q: %s%s", text, code, want, out, errs)
		}
		if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
			t.Fatalf("%q: a report folder was made", text)
		}
	}
}
