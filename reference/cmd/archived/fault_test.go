package main

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestFaults: an encoder that dies and a full disk cost an attempt at the composition each, and nothing of the archive.
func TestFaults(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	c := isolatedClient(t, p, map[string]any{})
	arm := func(kind string) {
		exchange(t, http.MethodPost, p.ready.URL+"/control/v1/applications/"+c.app.ID+"/faults", p.ready.ControlToken,
			map[string]any{"kind": kind}, http.StatusCreated, nil)
	}
	session := c.createSession()
	publisher := c.publish(session)
	var a archiveView
	var recorded span
	recorded.from = act(publisher, func() { a = c.startArchive(session) })
	publisher.AwaitSent(recorded.from.late + seconds(1))
	arm("encoder")
	arm("disk")
	publisher.AwaitSent(recorded.from.late + seconds(3))
	recorded.to = act(publisher, func() { c.stopArchive(a.ID) })
	a = c.awaitStatus(a.ID, "available")
	publisher.Stop()
	file := download(t, a.URL)
	expectFile(t, a, file)
	watch(t, file).expect(t, recorded, 0)

	log, err := os.ReadFile(p.logs)
	must(t, err)
	if failures := strings.Count(string(log), "composition failed"); failures != 2 || !strings.Contains(string(log), "no space left on device") {
		t.Errorf("%d attempts failed, want 2, one for want of space", failures)
	}
	p.terminate()
}

// TestPrivateAddresses: by default nobody can make the server speak to what only it can reach.
func TestPrivateAddresses(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), "--allow-private-addresses=false")
	exchange(t, http.MethodPost, p.ready.URL+"/control/v1/applications", p.ready.ControlToken,
		map[string]any{"archiveCallbackUrl": "http://169.254.169.254/"}, http.StatusBadRequest, nil)
	p.terminate()
}
