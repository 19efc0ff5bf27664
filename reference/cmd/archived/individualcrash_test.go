package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// ensembleSize is the number of clients that publish when the server is killed.
const ensembleSize = 8

// TestIndividualKilled kills the server while eight streams are recorded. An individual archive must have everything up to the kill, even if the
// machine died too and the last writes are torn off.
func TestIndividualKilled(t *testing.T) {
	t.Parallel()
	e := gather(t, ensembleSize)
	a, from := e.start(map[string]any{"outputMode": "individual"})
	e.pass(2.5)
	recordings := filepath.Join(e.server.data, "recordings")
	synced := sizes(t, recordings)
	e.pass(0.5)
	e.hooks.expect(t, "started")
	killed := e.killServer()
	written := sizes(t, recordings)
	for name, left := range map[string]func(synced, written int64) int64{
		"nothing torn": func(_, written int64) int64 { return written },
		"all torn":     func(synced, _ int64) int64 { return synced },
		"half torn":    func(synced, written int64) int64 { return (synced + written) / 2 },
		"last byte":    func(_, written int64) int64 { return written - 1 },
	} {
		t.Run(name, func(t *testing.T) { // in turn, because they share the receiver
			e.hooks.forget()
			data := filepath.Join(t.TempDir(), "data")
			must(t, os.CopyFS(data, os.DirFS(e.server.data)))
			tear(t, filepath.Join(data, "recordings"), synced, written, left)
			again := e.restart(t, data)
			b := again.delivered(a.ID)
			if len(b.manifest.Files) != ensembleSize {
				t.Errorf("%d files, want %d", len(b.manifest.Files), ensembleSize)
			}
			for i := range ensembleSize {
				b.expect(t, i, span{from[i], killed[i]}, crashLoss)
			}
			e.hooks.expect(t, "stopped", "uploaded")
			again.server.expectNoLeftovers()
			again.server.terminate()
		})
	}
}

// tear cuts files to the size that left returns.
func tear(t *testing.T, dir string, synced, written map[string]int64, left func(synced, written int64) int64) {
	t.Helper()
	torn := 0
	for path, size := range written {
		if before := synced[path]; size > before {
			torn++
			must(t, os.Truncate(filepath.Join(dir, path), left(before, size)))
		}
	}
	if torn < 2 {
		t.Fatalf("%d files were written to in half a second, want a stream's log and the timeline at least", torn)
	}
}

// TestIndividualKilledAfterStop checks that everything up to the stop is complete, whenever the server is killed after it.
func TestIndividualKilledAfterStop(t *testing.T) {
	t.Parallel()
	stopped := func(t *testing.T, hold func(*group)) (e *group, a archiveView, recorded span) {
		e = gather(t, 1)
		a, from := e.start(map[string]any{"outputMode": "individual"})
		e.pass(2)
		hold(e)
		to := e.act(func() { e.client.stopArchive(a.ID) })
		return e, a, span{from[0], to[0]}
	}
	survive := func(t *testing.T, e *group, a archiveView, recorded span) {
		again := e.restart(t, e.server.data)
		again.delivered(a.ID).expect(t, 0, recorded, 0)
		e.hooks.expect(t, "started", "stopped", "uploaded")
		again.server.expectNoLeftovers()
		again.server.terminate()
	}
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		e, a, recorded := stopped(t, func(*group) {})
		e.killServer()
		survive(t, e, a, recorded)
	})
	t.Run("uploading", func(t *testing.T) {
		t.Parallel()
		e, a, recorded := stopped(t, func(e *group) { e.bucket.hold = true })
		reached(t, "upload", e.bucket.gate)
		e.killServer()
		close(e.bucket.gate.opened)
		survive(t, e, a, recorded)
	})
	t.Run("announcing", func(t *testing.T) {
		t.Parallel()
		e, a, recorded := stopped(t, func(e *group) { e.hooks.hold = "uploaded" })
		reached(t, "webhook of uploaded", e.hooks.gate)
		e.killServer()
		close(e.hooks.gate.opened)
		survive(t, e, a, recorded)
	})
}

// TestIndividualWaitsForItsTarget checks that the journal for an archive stays while its target is away, even after restarts and when the
// session is archived again, and that it is removed once all are stored.
func TestIndividualWaitsForItsTarget(t *testing.T) {
	t.Parallel()
	e := gather(t, 1)
	e.bucket.down.Store(true)
	first, from := e.start(map[string]any{"outputMode": "individual"})
	e.pass(2)
	recorded := span{from[0], e.act(func() { e.client.stopArchive(first.ID) })[0]}
	e.publishers[0].Stop()
	e.advance(5 * time.Hour)
	e.server.terminate()

	e = e.restart(t, e.server.data)
	e.join()
	second, from := e.start(map[string]any{"outputMode": "individual"})
	composed, _ := e.start(map[string]any{"multiArchiveTag": "composed"})
	e.pass(2)
	terminated := span{from[0], e.act(e.server.terminate)[0]}
	e.publishers[0].Abandon()

	e = e.restart(t, e.server.data)
	e.advance(20 * time.Hour)
	for _, id := range []string{first.ID, second.ID, composed.ID} {
		if got := e.client.archive(id); got.Status != "stopped" || got.Size == 0 {
			t.Errorf("archive %+v", got)
		}
	}
	e.bucket.down.Store(false)
	e.advance(2 * time.Hour)
	e.delivered(first.ID).expect(t, 0, recorded, 0)
	e.delivered(second.ID).expect(t, 0, terminated, 0)
	e.watched(composed.ID).expect(t, terminated, 0)
	e.server.expectNoLeftovers()
	e.server.terminate()
}

// advance moves the application's clock.
func (e *group) advance(d time.Duration) {
	e.t.Helper()
	exchange(e.t, http.MethodPost, e.server.ready.URL+"/control/v1/applications/"+e.client.app.ID+"/clock", e.server.ready.ControlToken,
		map[string]any{"advance": d.Milliseconds()}, http.StatusOK, nil)
}
