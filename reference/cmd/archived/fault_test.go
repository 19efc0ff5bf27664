package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFaults checks that a killed encoder costs an attempt at the composition, and a full disk costs time. Neither may lose any part of the
// archive.
func TestFaults(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	c := isolatedClient(t, p, map[string]any{})
	arm := func(kind string, times int) {
		exchange(t, http.MethodPost, p.ready.URL+"/control/v1/applications/"+c.app.ID+"/faults", p.ready.ControlToken,
			map[string]any{"kind": kind, "times": times}, http.StatusCreated, nil)
	}
	session := c.createSession()
	publisher := c.publish(session)
	var a archiveView
	var recorded span
	recorded.from = act(publisher, func() { a = c.startArchive(session) })
	publisher.AwaitSent(recorded.from.late + seconds(1))
	arm("encoder", 1)
	arm("disk", 4)
	publisher.AwaitSent(recorded.from.late + seconds(3))
	recorded.to = act(publisher, func() { c.stopArchive(a.ID) })
	a = c.awaitStatus(a.ID, "available")
	publisher.Stop()
	file := download(t, a.URL)
	expectFile(t, a, file)
	watch(t, file).expect(t, recorded, 0)

	log, err := os.ReadFile(p.logs)
	must(t, err)
	if failures := strings.Count(string(log), "composition failed"); failures != 1 {
		t.Errorf("%d attempts failed, want 1", failures)
	}
	if waits := strings.Count(string(log), "composition waits for resources"); waits != 4 || !strings.Contains(string(log), "no space left on device") {
		t.Errorf("waited %d times, want 4, for space", waits)
	}
	p.terminate()
}

// TestJournalIsFull checks that an archive with lost media fails and says so, and that other archives and the server go on.
func TestJournalIsFull(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	p.broken = true
	hooks := receiveWebhooks(t)
	c := isolatedClient(t, p, map[string]any{"archiveCallbackUrl": hooks.url})
	other := isolatedClient(t, p, map[string]any{})
	session, elsewhere := c.createSession(), other.createSession()
	publisher, neighbour := c.publish(session), other.publish(elsewhere)
	var b archiveView
	var recorded span
	recorded.from = act(neighbour, func() { b = other.startArchive(elsewhere) })
	a := c.startArchive(session)
	publisher.AwaitSent(publisher.Sent() + seconds(1))
	exchange(t, http.MethodPost, p.ready.URL+"/control/v1/applications/"+c.app.ID+"/faults", p.ready.ControlToken,
		map[string]any{"kind": "journal"}, http.StatusCreated, nil)
	if a = c.awaitStatus(a.ID, "failed"); a.Reason != "Internal server failure" || a.Size != 0 {
		t.Errorf("archive %+v", a)
	}
	hooks.expect(t, "started", "failed")
	again := c.startArchive(session)
	publisher.AwaitSent(publisher.Sent() + seconds(1))
	c.stopArchive(again.ID)
	if again = c.awaitStatus(again.ID, "available"); again.Size == 0 {
		t.Errorf("the archive after it: %+v", again)
	}
	neighbour.AwaitSent(recorded.from.late + seconds(2))
	recorded.to = act(neighbour, func() { other.stopArchive(b.ID) })
	b = other.awaitStatus(b.ID, "available")
	publisher.Stop()
	neighbour.Stop()
	watch(t, download(t, b.URL)).expect(t, recorded, 0)
	for _, dir := range []string{"journals", "archives"} {
		if left, err := os.ReadDir(filepath.Join(p.data, "recordings", dir)); err != nil || len(left) > 0 {
			t.Errorf("left in %s: %v, %v", dir, left, err)
		}
	}
	p.terminate()
}

// TestPrivateAddresses checks that by default no user can make the server talk to what only the server can reach.
func TestPrivateAddresses(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), "--allow-private-addresses=false")
	exchange(t, http.MethodPost, p.ready.URL+"/control/v1/applications", p.ready.ControlToken,
		map[string]any{"archiveCallbackUrl": "http://169.254.169.254/"}, http.StatusBadRequest, nil)
	p.terminate()
}
