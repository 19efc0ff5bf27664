package publisher

import (
	"net"
	"net/url"
	"sync/atomic"
	"time"
)

// cable is a UDP socket that can be cut: nothing passes until it is mended, and nobody is told.
type cable struct {
	net.PacketConn
	severed atomic.Bool
	closed  atomic.Bool // while it was cut
}

// newCable binds a socket on the local address that faces the target.
func newCable(base string) (*cable, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	probe, err := net.Dial("udp", net.JoinHostPort(u.Hostname(), port)) // sends nothing, but selects the route
	if err != nil {
		return nil, err
	}
	local := probe.LocalAddr().(*net.UDPAddr).IP
	_ = probe.Close()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: local})
	if err != nil {
		return nil, err
	}
	return &cable{PacketConn: conn}, nil
}

// quarantine is how long the port of a client that vanished is used by no other one. A server keeps such a client's connection for a while, and may
// take what comes from the same address for its packets.
const quarantine = 2 * time.Minute

// Close ends all reads. It frees the port, that of a cable which is cut after the quarantine.
func (c *cable) Close() error {
	if !c.severed.Load() {
		return c.PacketConn.Close()
	}
	if c.closed.Swap(true) {
		return net.ErrClosed
	}
	time.AfterFunc(quarantine, func() { _ = c.PacketConn.Close() }) // nobody waits for it, nor for what the program holds when it ends
	return c.SetReadDeadline(time.Unix(1, 0))
}

func (c *cable) cut()  { c.severed.Store(true) }
func (c *cable) mend() { c.severed.Store(false) }

func (c *cable) WriteTo(p []byte, addr net.Addr) (int, error) {
	if c.severed.Load() {
		return len(p), nil
	}
	return c.PacketConn.WriteTo(p, addr)
}

func (c *cable) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, addr, err := c.PacketConn.ReadFrom(p)
		if c.closed.Load() {
			return 0, nil, net.ErrClosed
		}
		if err != nil || !c.severed.Load() {
			return n, addr, err
		}
	}
}
