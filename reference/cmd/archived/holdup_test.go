package main

import (
	"net"
	"sync"
	"testing"
	"time"
)

// holdup is a UDP path to the server. It can hold up all packets in both directions and deliver them at once later, or lose them.
type holdup struct {
	t      *testing.T
	server *net.UDPAddr
	front  *net.UDPConn
	loops  sync.WaitGroup

	mu     sync.Mutex              // guards the rest
	paths  map[string]*net.UDPConn // connections to the server, by address of the client
	held   bool
	queue  []func()
	cut    bool
	lost   int // number of packets
	closed bool
}

// holdUp returns a path without a target. It is closed at the end of the test.
func holdUp(t *testing.T) *holdup {
	t.Helper()
	front, err := net.ListenUDP("udp4", &net.UDPAddr{}) // all addresses: the client chooses one
	must(t, err)
	h := &holdup{t: t, front: front, paths: map[string]*net.UDPConn{}}
	h.loops.Go(h.forward)
	t.Cleanup(h.close)
	return h
}

// lead sets the target of the path, a port of this machine.
func (h *holdup) lead(port int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.server = &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
}

func (h *holdup) port() int { return h.front.LocalAddr().(*net.UDPAddr).Port }

// hold keeps all packets until release.
func (h *holdup) hold() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held = true
}

func (h *holdup) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.queue) == 0 {
		h.t.Error("the network held nothing up: media takes another way")
	}
	h.t.Logf("%d packets were held up", len(h.queue))
	for _, deliver := range h.queue {
		deliver()
	}
	h.held, h.queue = false, nil
}

// lose makes the path lose all packets, or pass them on again.
func (h *holdup) lose(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cut = on
	if on {
		return
	}
	if h.lost == 0 {
		h.t.Error("the network lost nothing: media takes another way")
	}
	h.t.Logf("%d packets were lost", h.lost)
}

// backAfter is how many beats a publisher may take to reconnect. It checks twice a second whether it can.
const backAfter = 4

// cutOff makes the network lose everything for this time.
func (g *scriptServer) cutOff(length time.Duration) {
	g.t.Helper()
	g.lost.from = g.newest()
	g.path.lose(true)
	time.Sleep(length)
	g.path.lose(false)
	g.lost.to = g.newest() + backAfter
}

// pass delivers a packet now, or when the path is released. A packet that cannot be delivered is lost, as on any network.
func (h *holdup) pass(deliver func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cut {
		h.lost++
		return
	}
	if h.held {
		h.queue = append(h.queue, deliver)
		return
	}
	deliver()
}

// forward passes on what clients send.
func (h *holdup) forward() {
	buf := make([]byte, 1<<16)
	for {
		n, client, err := h.front.ReadFromUDP(buf)
		if err != nil {
			return
		}
		path := h.path(client)
		if path == nil {
			continue
		}
		packet := append([]byte(nil), buf[:n]...)
		h.pass(func() { _, _ = path.Write(packet) })
	}
}

// path returns the connection of a client to the server, nil if there is none.
func (h *holdup) path(client *net.UDPAddr) *net.UDPConn {
	h.mu.Lock()
	defer h.mu.Unlock()
	path := h.paths[client.String()]
	if path != nil || h.closed || h.server == nil {
		return path
	}
	path, err := net.DialUDP("udp4", nil, h.server)
	if err != nil {
		h.t.Error(err)
		return nil
	}
	h.paths[client.String()] = path
	h.loops.Go(func() { h.back(path, client) })
	return path
}

// back passes on what the server sends to a client.
func (h *holdup) back(path *net.UDPConn, client *net.UDPAddr) {
	buf := make([]byte, 1<<16)
	for {
		n, err := path.Read(buf)
		if err != nil {
			return
		}
		packet := append([]byte(nil), buf[:n]...)
		h.pass(func() { _, _ = h.front.WriteToUDP(packet, client) })
	}
}

func (h *holdup) close() {
	h.mu.Lock()
	h.closed = true
	_ = h.front.Close()
	for _, path := range h.paths {
		_ = path.Close()
	}
	h.mu.Unlock()
	h.loops.Wait()
}
