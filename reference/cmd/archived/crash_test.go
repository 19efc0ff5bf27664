package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/whiptest"
)

// recording is an archive that is being recorded, of an application with its own storage and webhooks.
type recording struct {
	t         *testing.T
	server    *process
	settings  []string
	client    client
	hooks     *webhooks
	bucket    *bucket
	archive   string
	publisher *whiptest.Publisher
	span      span
	keyHolder *keyHolder // the archive is encrypted for it; nil = not encrypted
}

// record starts a recording on a server with these settings and returns after length seconds of it.
func record(t *testing.T, length float64, settings ...string) *recording {
	return recordFor(t, nil, length, settings...)
}

func recordFor(t *testing.T, h *keyHolder, length float64, settings ...string) *recording {
	t.Helper()
	r := &recording{t: t, server: start(t, filepath.Join(t.TempDir(), "data"), settings...), settings: settings,
		hooks: receiveWebhooks(t), bucket: openBucket(t), keyHolder: h}
	storage := r.bucket.storage()
	if h != nil {
		storage["certificate"] = h.certificate
	}
	r.client = isolatedClient(t, r.server, map[string]any{"name": t.Name(), "archiveCallbackUrl": r.hooks.url, "storage": storage})
	session := r.client.createSession()
	r.publisher = r.client.publish(session)
	r.span.from = act(r.publisher, func() { r.archive = r.client.startArchive(session).ID })
	r.publisher.AwaitSent(r.span.from.late + seconds(length))
	return r
}

// stop stops the archive and returns when the call has returned.
func (r *recording) stop() {
	r.t.Helper()
	r.span.to = act(r.publisher, func() { r.client.stopArchive(r.archive) })
}

// killServer kills the server with SIGKILL. The client ends too.
func (r *recording) killServer() {
	r.t.Helper()
	if killed := act(r.publisher, r.server.kill); r.span.to == (moment{}) {
		r.span.to = killed
	}
	r.publisher.Abandon()
}

// stopUploading stops the archive and returns when its upload is held at the bucket's gate.
func (r *recording) stopUploading() {
	r.t.Helper()
	r.bucket.hold = true
	r.stop()
	reached(r.t, "upload", r.bucket.gate)
}

// survive kills the server, opens the gates that held it, and checks that the next server delivers and announces the archive.
func (r *recording) survive(lost time.Duration, gates ...*gate) {
	r.t.Helper()
	r.killServer()
	for _, g := range gates {
		close(g.opened)
	}
	r.restart(r.t, r.server.data, lost)
	r.hooks.expect(r.t, "started", "stopped", "uploaded")
}

// restart starts the server again and checks that it finishes the archive. The last part, of length lost, may be missing.
func (r *recording) restart(t *testing.T, data string, lost time.Duration) {
	t.Helper()
	p := start(t, data, r.settings...)
	t.Logf("ready again in %v", p.took)
	c := r.client.at(p)
	c.t = t
	if a := c.archive(r.archive); !slices.Contains([]string{"stopped", "uploaded"}, a.Status) {
		t.Errorf("status %q after the restart, want stopped or uploaded", a.Status)
	}
	a := c.awaitStatus(r.archive, "uploaded")
	f := watch(t, r.file(t, a))
	f.expect(t, r.span, lost)
	if recorded := time.Duration(a.Duration) * time.Second; (recorded-f.duration).Abs() > time.Second && r.keyHolder == nil {
		t.Errorf("archive says duration %v, the file has %v", recorded, f.duration)
	}
	t.Logf("reason %q", a.Reason)
	p.terminate()
}

// file returns the delivered file of the archive as its owner can read it.
func (r *recording) file(t *testing.T, a archiveView) []byte {
	t.Helper()
	file := r.bucket.file(t, r.client.app.ID+"/"+a.ID+"/archive.mp4")
	expectFile(t, a, file)
	if r.keyHolder == nil {
		return file
	}
	if a.Duration != 0 {
		t.Errorf("an encrypted archive tells its duration: %d s", a.Duration)
	}
	return r.keyHolder.decrypt(t, a.Password, file)
}

// TestKilledWhileRecording checks that an archive ends when its server is killed, and that nothing else is lost.
func TestKilledWhileRecording(t *testing.T) {
	t.Parallel()
	t.Run("once", func(t *testing.T) {
		t.Parallel()
		r := record(t, 3)
		r.survive(crashLoss)
	})
	t.Run("and while recovering", func(t *testing.T) {
		t.Parallel()
		r := record(t, 2)
		r.killServer()
		start(t, r.server.data).kill()
		r.restart(t, r.server.data, crashLoss)
		r.hooks.expect(t, "started", "stopped", "uploaded")
	})
}

// TestTerminatedWhileRecording checks that a terminated server ends its clients, so that the archive pauses and ends at the next start. Nothing
// is lost.
func TestTerminatedWhileRecording(t *testing.T) {
	t.Parallel()
	r := record(t, 2)
	r.span.to = act(r.publisher, r.server.terminate)
	r.publisher.Abandon()
	r.restart(t, r.server.data, 0)
	r.hooks.expect(t, "started", "paused", "stopped", "uploaded")
}

// TestTornWhileRecording is like TestKilledWhileRecording, but the machine loses power: each file may lack any part of what was written in the
// last half second.
func TestTornWhileRecording(t *testing.T) {
	t.Parallel()
	r := record(t, 2.5)
	recordings := filepath.Join(r.server.data, "recordings")
	synced := sizes(t, recordings)
	r.publisher.AwaitSent(r.publisher.Sent() + seconds(0.5))
	r.hooks.expect(t, "started")
	r.killServer()
	written := sizes(t, recordings)
	for name, left := range map[string]func(synced, written int64) int64{
		"all":       func(synced, _ int64) int64 { return synced },
		"most":      func(synced, _ int64) int64 { return synced + 5 },
		"half":      func(synced, written int64) int64 { return (synced + written) / 2 },
		"last byte": func(_, written int64) int64 { return written - 1 },
	} {
		t.Run(name, func(t *testing.T) { // in turn, because they share the receiver
			r.hooks.forget()
			data := filepath.Join(t.TempDir(), "data")
			must(t, os.CopyFS(data, os.DirFS(r.server.data)))
			torn := 0
			for path, size := range written {
				if before := synced[path]; size > before {
					torn++
					must(t, os.Truncate(filepath.Join(data, "recordings", path), left(before, size)))
				}
			}
			if torn < 2 {
				t.Fatalf("%d files were written to in half a second, want the stream's log and the timeline at least", torn)
			}
			r.restart(t, data, crashLoss)
			r.hooks.expect(t, "stopped", "uploaded")
		})
	}
}

// sizes returns the sizes of the files below dir by relative path.
func sizes(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	must(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		found[path] = info.Size()
		return err
	}))
	return found
}

// TestKilledAfterStop checks that everything up to the stop is complete, whenever the server is killed after it.
func TestKilledAfterStop(t *testing.T) {
	t.Parallel()
	t.Run("composing", func(t *testing.T) {
		t.Parallel()
		r := record(t, 2)
		r.stop()
		r.survive(0)
	})
	t.Run("uploading", func(t *testing.T) {
		t.Parallel()
		r := record(t, 2)
		r.stopUploading()
		r.survive(0, r.bucket.gate)
	})
	t.Run("announcing", func(t *testing.T) {
		t.Parallel()
		r := record(t, 2)
		r.hooks.hold = "uploaded"
		r.stop()
		reached(t, "webhook of uploaded", r.hooks.gate)
		r.survive(0, r.hooks.gate)
	})
}

func reached(t *testing.T, what string, g *gate) {
	t.Helper()
	select {
	case <-g.held:
	case <-time.After(fileWithin):
		t.Fatalf("not within %v: %s", fileWithin, what)
	}
}

// TestKilledChildren checks that a composition whose FFmpeg is killed begins again and loses nothing.
func TestKilledChildren(t *testing.T) {
	t.Parallel()
	for name, mark := range map[string]string{"video encoder": "libx264", "audio encoder": "-c:a aac"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := record(t, 1.5)
			before := r.server.childLike(mark)
			r.server.killChild(before)
			if again := r.server.childLike(mark); again.pid == before.pid {
				t.Fatalf("child %s survived", again.pid)
			}
			r.publisher.AwaitSent(r.publisher.Sent() + seconds(1))
			r.stop()
			c := r.client
			a := c.awaitStatus(r.archive, "uploaded")
			file := r.bucket.file(t, c.app.ID+"/"+a.ID+"/archive.mp4")
			expectFile(t, a, file)
			watch(t, file).expect(t, r.span, 0)
			r.hooks.expect(t, "started", "stopped", "uploaded")
			r.server.terminate()
		})
	}
}
