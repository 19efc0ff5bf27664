package main

import (
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
)

// connections is a listener with a limit. At the limit, it closes the connection that has been idle longest. If none is idle, new connections
// wait.
type connections struct {
	*net.TCPListener
	places chan struct{} // holds one element for each open connection, at most its capacity
	closed chan struct{}
	close  func() error

	mu      sync.Mutex // guards the fields below
	idle    []net.Conn // the one that has been idle longest comes first
	waiting bool       // a connection waits for a place
}

// limited returns l with a limit: it has at most that many connections open at a time.
func limited(l *net.TCPListener, most int) *connections {
	c := &connections{TCPListener: l, places: make(chan struct{}, most), closed: make(chan struct{})}
	c.close = sync.OnceValue(func() error {
		close(c.closed)
		return l.Close()
	})
	return c
}

// descriptors is the assumed limit if the system does not give one.
const descriptors = 1024

// mostConnections returns the limit of connections. It leaves half of the descriptors for the server's own files and its children.
func mostConnections() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return descriptors / 2
	}
	return int(min(limit.Cur, 1<<20) / 2)
}

// Accept implements [net.Listener].
func (c *connections) Accept() (net.Conn, error) {
	if !c.enter() {
		return nil, net.ErrClosed
	}
	conn, err := c.AcceptTCP()
	if err != nil {
		<-c.places
		return nil, err
	}
	return &connection{conn, sync.OnceFunc(func() { <-c.places })}, nil
}

// enter takes a place. It returns false if the listener is closed.
func (c *connections) enter() bool {
	select {
	case c.places <- struct{}{}:
		return true
	default:
	}
	c.evict()
	select {
	case c.places <- struct{}{}:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.waiting = false
		return true
	case <-c.closed:
		return false
	}
}

// evict closes the connection that has been idle longest. If none is idle, the next one that becomes idle will be closed.
func (c *connections) evict() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting = len(c.idle) == 0; !c.waiting {
		_ = c.idle[0].Close()
		c.idle = c.idle[1:]
	}
}

// changed follows the state of connections. It is the ConnState of the server.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = slices.DeleteFunc(c.idle, func(o net.Conn) bool { return o == conn })
	switch {
	case state != http.StateIdle:
	case c.waiting:
		c.waiting = false
		_ = conn.Close()
	default:
		c.idle = append(c.idle, conn)
	}
}

// Close implements [net.Listener].
func (c *connections) Close() error { return c.close() }

// connection releases its place when it is closed. It embeds a TCPConn, so that the kernel sends files.
type connection struct {
	*net.TCPConn
	leave func()
}

// Close implements [net.Conn].
func (c *connection) Close() error {
	defer c.leave()
	return c.TCPConn.Close()
}
