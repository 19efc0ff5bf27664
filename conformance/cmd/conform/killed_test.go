package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/verdict"
)

// asProgram makes the test binary the program itself.
const asProgram = "CONFORM_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// program returns the command that runs conform in a process of its own.
func program(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0], args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	return c
}

// targetFile describes the server at url.
func targetFile(t *testing.T, url, capabilities string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "target.yaml")
	text := "url: " + url + "\ncredentials: {apiKey: 1, apiSecret: long-secret}\ncapabilities: [" + capabilities + "]\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// killedRun kills a run while it drives a slow target, and returns its folder.
func killedRun(t *testing.T) (out string) {
	t.Helper()
	asked, killed := make(chan struct{}, 1), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		select {
		case asked <- struct{}{}:
		default:
		}
		<-killed
	}))
	defer server.Close()
	defer close(killed)
	out = filepath.Join(t.TempDir(), "report")
	c := program(t.Context(), "run", "--target", targetFile(t, server.URL, "legacy"), "--chapter", "AUTH", "--out", out)
	var told bytes.Buffer
	c.Stdout, c.Stderr = &told, &told
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-asked:
	case <-time.After(time.Minute):
		t.Error("the target was not asked")
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // it was killed
	if _, err := os.Stat(filepath.Join(out, folder.JSON)); err == nil {
		t.Fatalf("the run had ended: %s", &told)
	}
	return out
}

func TestKilledRunIsRegraded(t *testing.T) {
	out := killedRun(t)
	if code, _, stderr := conform(t, "report", out); code != verdict.ExitUsage || !strings.Contains(stderr, "conform regrade "+out+" --out "+out) {
		t.Errorf("report does not name regrade: exit %d: %s", code, stderr)
	}
	left(t, out)
	if code, stdout, stderr := conform(t, "regrade", out); code != verdict.ExitInterrupted || !strings.Contains(stdout, "the run was killed before it wrote a report; its evidence ends with record ") ||
		!strings.Contains(stdout, "The last line of the journal was not complete, and was removed") || !strings.Contains(stdout, "no report was written; conform regrade "+out+" --out "+out+" writes one") {
		t.Errorf("regrade does not say how the run ended: exit %d: %s%s", code, stdout, stderr)
	}
	if _, err := os.Stat(filepath.Join(out, "evidence", "tmp")); !os.IsNotExist(err) {
		t.Errorf("regrade leaves evidence/tmp: %v", err)
	}
	for _, dir := range []string{out, filepath.Join(out, "evidence")} {
		again := filepath.Join(t.TempDir(), "again")
		code, stdout, stderr := conform(t, "regrade", dir, "--out", again)
		if code != verdict.ExitInterrupted || !strings.Contains(stdout, "conform: 0 passed") || !strings.Contains(stdout, "report: "+filepath.Join(again, folder.HTML)) {
			t.Errorf("regrade %s: exit %d: %s%s", dir, code, stdout, stderr)
		}
		if r, err := folder.Read(again); err != nil {
			t.Error(err)
		} else if _, err := os.Stat(filepath.Join(again, r.Run.Evidence, "blobs")); err != nil {
			t.Errorf("the page does not find the pictures: %v", err)
		}
		if strings.Contains(stdout, "ARC-CB-") || !strings.Contains(stdout, "ARC-AUTH-") {
			t.Errorf("regrade judged other clauses than AUTH: %s", stdout)
		}
	}
	if code, _, stderr := conform(t, "regrade", out, "--out", out); code != verdict.ExitInterrupted {
		t.Errorf("regrade into the folder of the run: exit %d: %s", code, stderr)
	}
	if code, stdout, stderr := conform(t, "report", out); code != verdict.ExitInterrupted || !strings.Contains(stdout, "conform: 0 passed") {
		t.Errorf("report after regrade: exit %d: %s%s", code, stdout, stderr)
	}
}

// left leaves a part of a blob in the folder of a killed run, and the beginning of a line in its journal, with the line end of the next block.
func left(t *testing.T, out string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(out, "evidence", "journal.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString("{\"seq\":\n")
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(out, "evidence", "tmp", "blob-1"), []byte("half"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
