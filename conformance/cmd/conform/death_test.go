package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/verdict"
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
	if code != 3 || !strings.Contains(stdout, "The target ended by itself (exit status 7)") || !strings.Contains(stdout, "conform: 0 passed, 0 failed, 1 inconclusive") {
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

// TestTargetHangsInTheRun checks that a target that still accepts connections, but answers nothing any more, is the headline too,
// and that its silence fails no clause.
func TestTargetHangsInTheRun(t *testing.T) {
	var answers atomic.Int64
	hung := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/session/create" || answers.Add(1) > 2 { // what it answers is right, or clauses would fail
			<-hung
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `[{"session_id":"1_MX4x","project_id":"1","create_dt":"Mon Mar 17 00:41:31 PDT 2014","media_server_url":""}]`)
	}))
	defer server.Close()
	defer close(hung)
	file, out := targetFile(t, server.URL, "legacy"), filepath.Join(t.TempDir(), "report")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, "requestTimeout: 500ms\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	told, _ := program(ctx, "run", "--target", file, "--out", out).CombinedOutput() // its exit code is in the report
	r, err := folder.Read(out)
	if err != nil {
		t.Fatalf("%v: %s", err, told)
	}
	if r.Run.ExitCode != verdict.ExitUnreachable || !strings.Contains(r.Run.Died, "the target answers no more (no answer within 1.5s)") || r.Counts.Failed > 0 {
		t.Errorf("exit %d, %q, %v: %s", r.Run.ExitCode, r.Run.Died, r.Counts, told)
	}
	if strings.Contains(string(told), "INCONCLUSIVE") {
		t.Errorf("a card for each clause that nobody can judge: %s", told)
	}
}
