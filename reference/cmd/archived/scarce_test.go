package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// confined starts a server with a limit of descriptors.
func confined(t *testing.T, descriptors string) *process {
	t.Helper()
	p, first := launchAs(t, []string{"sh", "-c", `ulimit -n ` + descriptors + `; exec "$0" "$@"`, bin}, t.TempDir())
	p.awaitReady(first)
	return p
}

// TestManyConnections checks that many idle connections of strangers do not prevent recordings and requests.
func TestManyConnections(t *testing.T) {
	t.Parallel()
	p := confined(t, "300")
	c := isolatedClient(t, p, map[string]any{})
	session := c.createSession()
	publisher := c.publish(session)
	var recorded span
	for range 400 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.ready.URL, "http://"))
		must(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		must(t, err)
	}
	response, err := (&http.Client{Timeout: readyWithin, Transport: &http.Transport{}}).Get(p.ready.URL + "/healthz")
	if err != nil {
		t.Fatalf("nobody else is served: %v", err)
	}
	must(t, response.Body.Close())
	var a archiveView
	recorded.from = act(publisher, func() { a = c.startArchive(session) })
	publisher.AwaitSent(recorded.from.late + seconds(2))
	recorded.to = act(publisher, func() { c.stopArchive(a.ID) })
	a = c.awaitStatus(a.ID, "available")
	publisher.Stop()
	watch(t, download(t, a.URL)).expect(t, recorded, 0)
	p.terminate()
}

// TestNoDescriptors checks that archives record and wait while the server cannot start an encoder because it has no descriptors.
func TestNoDescriptors(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	c := isolatedClient(t, p, map[string]any{})
	session := c.createSession()
	publisher := c.publish(session)
	var a archiveView
	var recorded span
	recorded.from = act(publisher, func() { a = c.startArchive(session) })
	publisher.AwaitSent(recorded.from.late + seconds(1))
	var before unix.Rlimit
	few := unix.Rlimit{Cur: 4, Max: 1 << 10}
	must(t, unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_NOFILE, &few, &before))
	p.killChild(p.childLike("libx264")) // the control API would need a descriptor for a new connection
	await(t, "want of descriptors", readyWithin, func() bool {
		log, err := os.ReadFile(p.logs)
		must(t, err)
		return strings.Contains(string(log), "too many open files")
	})
	time.Sleep(time.Second) // how long descriptors are missing
	before.Max = few.Max
	before.Cur = min(before.Cur, before.Max)
	must(t, unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_NOFILE, &before, nil))
	publisher.AwaitSent(publisher.Sent() + seconds(1))
	recorded.to = act(publisher, func() { c.stopArchive(a.ID) })
	a = c.awaitStatus(a.ID, "available")
	publisher.Stop()
	watch(t, download(t, a.URL)).expect(t, recorded, 0)
	p.terminate()
}

// TestLimitedListener checks that the connection that is idle longest is closed, and that new ones wait if none is idle.
func TestLimitedListener(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	clients := limited(listener.(*net.TCPListener), 2)
	slow := make(chan struct{})
	server := &http.Server{ConnState: clients.changed, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-slow
		}
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(clients) }()
	ask := func(path string) net.Conn {
		conn, err := net.Dial("tcp", listener.Addr().String())
		must(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
		must(t, err)
		return conn
	}
	answered := func(conn net.Conn, within time.Duration) bool {
		_ = conn.SetReadDeadline(time.Now().Add(within))
		n, _ := conn.Read(make([]byte, 1<<10))
		return n > 0
	}
	for range 5 { // each takes the place of an idle one
		if !answered(ask("/"), readyWithin) {
			t.Fatal("not answered")
		}
	}
	ask("/slow")
	ask("/slow")
	third := ask("/")
	if answered(third, 200*time.Millisecond) {
		t.Error("a third connection is served besides two at work")
	}
	close(slow)
	if !answered(third, readyWithin) {
		t.Error("a connection that waited is not served when another one is idle")
	}
	must(t, server.Close())
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}
