package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"reelcheck/reference/internal/whiptest"
)

// group is a session with several publishers, and archives of an application with its own storage and webhooks. The connection data of a
// client is its index.
type group struct {
	t          *testing.T
	server     *process
	client     client
	hooks      *webhooks
	bucket     *moodyBucket
	session    string
	publishers []*whiptest.Publisher
}

// gather starts a group and returns when all clients publish.
func gather(t *testing.T, publishers int) *group {
	t.Helper()
	e := &group{t: t, server: start(t, filepath.Join(t.TempDir(), "data")), hooks: receiveWebhooks(t), bucket: openMoody(t)}
	e.client = isolatedClient(t, e.server, map[string]any{"name": t.Name(), "archiveCallbackUrl": e.hooks.url, "storage": e.bucket.storage()})
	e.session = e.client.createSession()
	for range publishers {
		e.join()
	}
	return e
}

// join adds one more publishing client.
func (e *group) join() {
	e.t.Helper()
	e.publishers = append(e.publishers, e.client.publishAs(e.session, e.claims()))
}

// claims returns the claims in the next publisher's token.
func (e *group) claims() map[string]any {
	return map[string]any{"connection_data": strconv.Itoa(len(e.publishers))}
}

// start starts an archive with these settings. It returns when that was, for each publisher.
func (e *group) start(settings map[string]any) (a archiveView, from []moment) {
	e.t.Helper()
	body := map[string]any{"sessionId": e.session}
	for name, value := range settings {
		body[name] = value
	}
	from = e.act(func() { e.client.call(http.MethodPost, e.client.project()+"/archive", body, &a) })
	return a, from
}

// act calls do while all publish. It returns when that was, for each publisher.
func (e *group) act(do func()) []moment {
	m := make([]moment, len(e.publishers))
	for i, p := range e.publishers {
		m[i].early = p.Sent()
	}
	do()
	for i, p := range e.publishers {
		m[i].late = p.Sent()
	}
	return m
}

// pass returns after all have published for this many more seconds.
func (e *group) pass(length float64) {
	e.t.Helper()
	until := make([]int, len(e.publishers))
	for i, p := range e.publishers {
		until[i] = p.Sent() + seconds(length)
	}
	for i, p := range e.publishers {
		p.AwaitSent(until[i])
	}
}

// killServer kills the server with SIGKILL. The clients end too.
func (e *group) killServer() []moment {
	killed := e.act(e.server.kill)
	for _, p := range e.publishers {
		p.Abandon()
	}
	return killed
}

// restart starts the server again on data.
func (e *group) restart(t *testing.T, data string) *group {
	t.Helper()
	again := *e
	again.t, again.server, again.publishers = t, start(t, data), nil
	again.client = e.client.at(again.server)
	again.client.t = t
	return &again
}

// delivered waits until the individual archive is in the bucket and returns it as its owner can read it.
func (e *group) delivered(id string) bundle {
	e.t.Helper()
	a := e.client.awaitStatus(id, "uploaded")
	file := e.bucket.object(e.t, e.client.app.ID+"/"+id+"/archive.zip")
	expectFile(e.t, a, file)
	b := unpack(e.t, file)
	if b.manifest.ID != id || b.manifest.SessionID != e.session || b.manifest.PartnerID != e.client.app.ID {
		e.t.Errorf("manifest %+v", b.manifest)
	}
	return b
}

// of returns the files of a publisher, in their order.
func (b bundle) of(publisher int) (files []mediaFile) {
	return slices.DeleteFunc(slices.Clone(b.manifest.Files), func(f mediaFile) bool { return f.ConnectionData != strconv.Itoa(publisher) })
}

// expect checks the only file of a publisher: it must have what was published in s, except for the last part, of length lost, and agree with the
// manifest.
func (b bundle) expect(t *testing.T, publisher int, s span, lost time.Duration) {
	t.Helper()
	files := b.of(publisher)
	if len(files) != 1 {
		t.Errorf("files of publisher %d: %+v, want one", publisher, files)
		return
	}
	f := files[0]
	shots := shotsOf(t, b.blocks[f.Filename])
	expectSequence(t, shots)
	expectSpan(t, shots, s, lost)
	b.expectSound(t, f, lost)
}

// expectSound checks that there is sound without a gap for the length in the manifest.
func (b bundle) expectSound(t *testing.T, f mediaFile, lost time.Duration) {
	t.Helper()
	length := time.Duration(f.StopTimeOffset-f.StartTimeOffset) * time.Millisecond
	count, from, to := soundOf(b.blocks[f.Filename])
	if missing := int((to-from)/(20*time.Millisecond)) + 1 - count; missing > 1 || length-to > lost+edge || to-length > edge {
		t.Errorf("%s is said to be of %v; there are %d Opus packets from %v to %v", f.Filename, length, count, from, to)
	}
}

// expectNoLeftovers checks that nothing of recordings is left on the server's disk once all are stored.
func (p *process) expectNoLeftovers() {
	p.t.Helper()
	await(p.t, "empty recordings", fileWithin, func() bool { return len(p.leftovers()) == 0 })
}

// leftovers returns the files in the directories of recordings.
func (p *process) leftovers() (paths []string) {
	p.t.Helper()
	for _, dir := range []string{"journals", "archives"} {
		left, err := os.ReadDir(filepath.Join(p.data, "recordings", dir))
		must(p.t, err)
		for _, entry := range left {
			paths = append(paths, fmt.Sprintf("%s/%s", dir, entry.Name()))
		}
	}
	return paths
}
