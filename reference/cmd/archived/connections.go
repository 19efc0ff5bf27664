package main

import (
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
)

// connections is a listener with a limit. When it is reached the connection goes that has waited longest for its next request;
// where all are at work, new ones wait.
type connections struct {
	*net.TCPListener
	places chan struct{} // one is taken for each connection
	closed chan struct{}
	close  func() error

	mu      sync.Mutex // guards the fields below
	idle    []net.Conn // longest first
	waiting bool       // for a place
}

// limited bounds the connections of l.
func limited(l *net.TCPListener, most int) *connections {
	c := &connections{TCPListener: l, places: make(chan struct{}, most), closed: make(chan struct{})}
	c.close = sync.OnceValue(func() error {
		close(c.closed)
		return l.Close()
	})
	return c
}

// descriptors is the limit where the system tells none.
const descriptors = 1024

// mostConnections leaves half of the descriptors to the server's own files and to what connects it with its children.
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

// enter takes a place. It reports false when the listener is closed.
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

// evict closes the connection that has been idle longest, or has the next one closed that becomes idle.
func (c *connections) evict() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting = len(c.idle) == 0; !c.waiting {
		_ = c.idle[0].Close()
		c.idle = c.idle[1:]
	}
}

// changed is the server's ConnState.
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

// connection gives its place back when it is closed. It is a TCP connection so that files are sent by the kernel.
type connection struct {
	*net.TCPConn
	leave func()
}

// Close implements [net.Conn].
func (c *connection) Close() error {
	defer c.leave()
	return c.TCPConn.Close()
}
