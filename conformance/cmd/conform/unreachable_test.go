package main

import (
	"net/http"
	"net/http/httptest"
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

// TestMissingBucketIsNoVerdict checks that a run whose bucket is missing says nothing about the target.
func TestMissingBucketIsNoVerdict(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`<Error><Code>NoSuchBucket</Code><Message>none</Message></Error>`))
	}))
	defer server.Close()
	file := targetFile(t, server.URL, "s3, legacy")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, "sinks: {s3: {driver: own, endpoint: "+server.URL+", bucket: missing, accessKey: a, secretKey: typed-by-hand}}\n"...)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := conform(t, "run", "--target", file, "--profile", "smoke", "--out", filepath.Join(t.TempDir(), "report"))
	if code != verdict.ExitUnreachable || !strings.Contains(stderr, "environment unreachable: S3 sink: list missing/") || !strings.Contains(stderr, "NoSuchBucket") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
}
