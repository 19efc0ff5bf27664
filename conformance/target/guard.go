package target

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// guarded is the transport of download links, which the target chooses. It refuses addresses that only programs on this machine or in this cloud can
// reach: what they answer, such as credentials of the machine, would become evidence. A target at such an address may name its like.
func guarded(base string) http.RoundTripper {
	t, ok := plain.(*http.Transport)
	if !ok {
		return plain
	}
	local := isLocal(base)
	t = t.Clone()
	t.Proxy = nil
	t.DisableKeepAlives = true
	dialer := net.Dialer{Timeout: 10 * time.Second, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		switch ip := to.Addr().Unmap(); {
		case ip.IsLinkLocalUnicast(), ip.IsMulticast(), ip == cloudMetadata:
			return fmt.Errorf("a link to %v is not followed: the address is of this network alone", ip)
		case (ip.IsLoopback() || ip.IsUnspecified()) && !local:
			return fmt.Errorf("a link to %v is not followed: the target is on another machine", ip)
		}
		return nil
	}}
	t.DialContext = dialer.DialContext
	return direct{t}
}

// direct leaves requests to the proxy of the environment, if it has one: the proxy connects, and has rules of its own.
type direct struct{ guarded *http.Transport }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if proxy, err := http.ProxyFromEnvironment(r); err != nil || proxy != nil {
		return plain.RoundTrip(r)
	}
	return d.guarded.RoundTrip(r)
}

// cloudMetadata is where EC2 serves credentials by IPv6. By IPv4 all clouds use a link-local address.
var cloudMetadata = netip.MustParseAddr("fd00:ec2::254")

// isLocal reports whether the URL names this machine.
func isLocal(base string) bool {
	u, err := url.Parse(base)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}
