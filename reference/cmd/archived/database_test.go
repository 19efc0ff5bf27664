package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelcheck/reference/internal/store/postgrestest"
)

// TestPostgres checks that what survives on SQLite survives on PostgreSQL too.
func TestPostgres(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	t.Run("killed while recording", func(t *testing.T) {
		r := record(t, 2, "--database", server.Database(t))
		r.survive(crashLoss)
	})
	t.Run("killed while uploading", func(t *testing.T) {
		r := record(t, 2, "--database", server.Database(t))
		r.stopUploading()
		r.survive(0, r.bucket.gate)
	})
	t.Run("restarts while recording", func(t *testing.T) {
		r := record(t, 1, "--database", server.Database(t))
		r.server.broken = true
		server.Down(t)
		stopped := make(chan struct{})
		go func() { // waits for the database
			defer close(stopped)
			r.stop()
		}()
		r.publisher.AwaitSent(r.publisher.Sent() + seconds(1))
		server.Up(t)
		<-stopped
		r.client.awaitStatus(r.archive, "uploaded")
		r.hooks.expect(t, "started", "stopped", "uploaded")
		r.publisher.Stop()
		r.server.terminate()
	})
}

// TestTwoServers runs two servers on one database. Each holds its own sessions, and both know all archives.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	database := postgrestest.Start(t).Database(t)
	shared := []string{"--database", database, "--control=false"}
	one, two := start(t, filepath.Join(t.TempDir(), "one"), shared...), start(t, filepath.Join(t.TempDir(), "two"), shared...)
	here := defaultClient(t, one)
	there := here.at(two)
	session := here.createSession()
	publisher := here.publish(session)
	a := here.startArchive(session)
	publisher.AwaitSent(publisher.Sent() + seconds(1))

	for path, body := range map[string]any{"/archive": map[string]string{"sessionId": session}, "/archive/" + a.ID + "/stop": nil} {
		var failure struct{ Message string }
		exchange(t, http.MethodPost, there.url+there.project()+path, there.app.Bearer(t, time.Now(), nil), body, http.StatusMisdirectedRequest, &failure)
		if !strings.Contains(failure.Message, one.ready.URL) {
			t.Errorf("POST %s: %q does not name the server that holds the session, %s", path, failure.Message, one.ready.URL)
		}
	}
	if got := there.archive(a.ID); got.Status != "started" {
		t.Errorf("status %q at the other server, want started", got.Status)
	}

	// Neither a crash of the other server nor its recovery affects the session.
	two.kill()
	two = start(t, two.data, shared...)
	there = here.at(two)
	here.stopArchive(a.ID)
	a = here.awaitStatus(a.ID, "available")
	publisher.Stop()
	file := download(t, a.URL)
	expectFile(t, a, file)
	expectFile(t, a, download(t, there.archive(a.ID).URL))

	alone := fail(t, nil, "--port", "0", "--data", filepath.Join(t.TempDir(), "three"), "--database", database, "--control")
	if !strings.Contains(alone, "database: it is in use by another archived") {
		t.Errorf("control API on a shared database: %s", alone)
	}
	twin := filepath.Join(t.TempDir(), "twin")
	must(t, os.CopyFS(twin, os.DirFS(two.data)))
	if said := fail(t, nil, "--port", "0", "--data", twin, "--database", database); !strings.Contains(said, "in use by another archived, with a copy of this data directory") {
		t.Errorf("a copy of a data directory: %s", said)
	}
	one.terminate()
	two.terminate()
}
