package publisher

import (
	"net"
	"net/url"
	"sync/atomic"
)

// cable is a UDP socket that can be cut: nothing passes until it is mended, and nobody is told.
type cable struct {
	net.PacketConn
	severed atomic.Bool
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
		if err != nil || !c.severed.Load() {
			return n, addr, err
		}
	}
}
