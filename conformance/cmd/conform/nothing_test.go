package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelcheck/conformance/report/folder"
)

// TestNothingWorks checks that the end of a run in which no archive could be started says that first, on the terminal and in the
// reports, and names doctor.
func TestNothingWorks(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	}))
	defer server.Close()
	out := filepath.Join(t.TempDir(), "report")
	told, err := program(t.Context(), "run", "--target", targetFile(t, server.URL, "legacy, cloud, vp8"), "--out", out, "--longest-wait", "1s").CombinedOutput()
	if err == nil {
		t.Fatalf("conformant: %s", told)
	}
	const first = "No archive could be started, and most failures follow from that: conform doctor --target FILE names what is wrong first."
	_, end, ok := strings.Cut(string(told), first)
	if !ok || !strings.Contains(end, "creating a session answered 200 {}, without a session id") || strings.Contains(end, "FAIL ") {
		t.Errorf("the end does not begin with it: %s", told)
	}
	for _, name := range []string{folder.HTML, folder.Summary} {
		text, err := os.ReadFile(filepath.Join(out, name))
		plain := strings.ReplaceAll(string(text), `\`, "")
		head, _, _ := strings.Cut(plain, `<section id="scorecard"`)
		if err != nil || !strings.Contains(head, first) {
			t.Errorf("%s does not begin with it: %v", name, err)
		}
	}
	if code, stdout, _ := conform(t, "regrade", out); code != 1 || !strings.Contains(stdout, first) {
		t.Errorf("regrade does not say so: exit %d", code)
	}
}
