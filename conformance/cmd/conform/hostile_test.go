package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/report/reporttest"
	"reelcheck/conformance/verdict"
)

// hostile answers session creation like a good server, so that scenarios go on, and everything else as badly as it can.
func hostile() http.HandlerFunc {
	var n atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20))
		switch {
		case r.URL.Path == "/session/create":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `[{"session_id":"1_MX4x-%d","project_id":"1","create_dt":"Mon Mar 17 00:41:31 PDT 2014","media_server_url":""}]`, n.Add(1))
			return
		case strings.HasSuffix(r.URL.Path, "/events"):
			flood(w, r)
			return
		}
		switch n.Add(1) % 7 {
		case 0: // no end
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		case 1:
			w.Header().Set("Content-Length", "10737418240")
			_, _ = io.WriteString(w, "{")
		case 2:
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, strings.Repeat(`{"items":[`, 400_000))
		case 3:
			for i := range 20_000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 100))
			}
		case 4:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"code":-1,"message":%q,"description":"%s"}`, reporttest.Hostile, strings.Repeat("A", 200_000))
		case 5:
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusTemporaryRedirect)
		case 6:
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(make([]byte, 1<<20))
		}
	}
}

// flood sends events without end.
func flood(w http.ResponseWriter, r *http.Request) {
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"reelcheck.events"}})
	if err != nil {
		return
	}
	defer ws.CloseNow()
	for ws.Write(r.Context(), websocket.MessageText, []byte(`{"type":"connectionCreated","connectionId":"c1"}`)) == nil {
	}
}

// TestHostileTarget checks that a run against a hostile target ends, with a bounded folder and a report that holds none of its markup, and that its
// output has no line of the target's.
func TestHostileTarget(t *testing.T) {
	server := httptest.NewServer(hostile())
	defer server.Close()
	out := filepath.Join(t.TempDir(), "report")
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	c := program(ctx, "run", "--target", targetFile(t, server.URL, "legacy, events"), "--chapter", "AUTH", "--out", out, "--annotate")
	var told bytes.Buffer
	c.Stdout, c.Stderr = &told, &told
	_ = c.Run()
	if ctx.Err() != nil {
		t.Fatalf("the run did not end: %s", &told)
	}
	switch code := c.ProcessState.ExitCode(); code {
	case verdict.ExitNonConformant, verdict.ExitInconclusive:
	default:
		t.Errorf("exit %d: %s", code, &told)
	}
	r, err := folder.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(told.String(), "\n"), "\n")
	for _, line := range lines[:len(lines)-1] {
		forged := strings.HasPrefix(line, "::") && !strings.HasPrefix(line, "::error title=") && !strings.HasPrefix(line, "::warning title=")
		if forged || strings.HasPrefix(line, "conform: ") || strings.Contains(line, "##[") || strings.Contains(line, "\x1b") {
			t.Errorf("a line of the target's: %q", line)
		}
	}
	if lines[len(lines)-1] != r.Counts.String() {
		t.Errorf("last line %q", lines[len(lines)-1])
	}
	size := int64(0)
	err = filepath.WalkDir(out, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		size += info.Size()
		return err
	})
	if err != nil || size > 500<<20 {
		t.Errorf("a folder of %d bytes, %v", size, err)
	}
	t.Logf("%d bytes, %s", size, r.Counts)
}
