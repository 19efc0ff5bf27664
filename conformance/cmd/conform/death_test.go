package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTargetDiesInTheRun checks that a target that ends while it is judged is the headline, whatever it did before, and that regrade says so too.
func TestTargetDiesInTheRun(t *testing.T) {
	dir := t.TempDir()
	asked := filepath.Join(dir, "asked")
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		_ = os.WriteFile(asked, nil, 0o600) // without it the target lives, and the test fails
		<-release                           // it never answers
	}))
	defer server.Close()
	defer close(release)
	file, out := filepath.Join(dir, "t.yaml"), filepath.Join(dir, "report")
	script := fmt.Sprintf(`echo '{"url":"%s","apiKey":"1","apiSecret":"a long secret"}'; while ! test -e %s; do sleep 0.05; done; exit 7`, server.URL, asked)
	if err := os.WriteFile(file, fmt.Appendf(nil, "launch: {command: [sh, -c, %q]}\ncapabilities: [legacy]\n", script), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := conform(t, "run", "--target", file, "--out", out, "--clause", "ARC-AUTH-10")
	if code != 3 || !strings.Contains(stdout, "the target ended by itself (exit status 7)") || !strings.Contains(stdout, "conform: 0 passed, 0 failed, 1 inconclusive") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	page, err := os.ReadFile(filepath.Join(out, "report.html"))
	if err != nil || !strings.Contains(string(page), "The target died</h1>") || !strings.Contains(string(page), ">The target ended by itself (exit status 7)") {
		t.Errorf("%v: the page does not say so", err)
	}
	if code, stdout, _ := conform(t, "regrade", filepath.Join(out, "evidence")); code != 3 {
		t.Errorf("regrade: exit %d: %s", code, stdout)
	}
}
