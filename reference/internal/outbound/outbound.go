// Package outbound protects the requests that the server makes to addresses that its users chose: callbacks and storage.
//
// Otherwise a user who may set such a URL could make the server talk to what only the server can reach: its own loopback, its internal network,
// the metadata service of a cloud. A [Guard] refuses these addresses twice: early, with a clear message, if the URL contains one literally, and
// when a connection is made, after DNS, so that neither a host name nor a redirect gets around it.
package outbound

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// ErrPrivate says that an address was refused because it is not public.
var ErrPrivate = errors.New("private address")

// Guard decides where requests may go. The zero value allows public addresses only.
type Guard struct {
	AllowPrivate bool
}

// Public reports whether an address belongs to the public internet, according to the special-purpose registries of IANA.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	within := func(p netip.Prefix) bool { return p.Contains(a) }
	if a.Is4() {
		return !slices.ContainsFunc(ssrf.IPv4DeniedPrefixes, within)
	}
	return within(ssrf.IPv6GlobalUnicast) && !slices.ContainsFunc(ssrf.IPv6DeniedPrefixes, within)
}

// CheckHost returns an error if host, without port, is an IP address to which the guard would not connect. The error is meant for users.
func (g Guard) CheckHost(host string) error {
	if g.AllowPrivate {
		return nil
	}
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	address, err := netip.ParseAddr(strings.Trim(name, "[]"))
	if err == nil && !Public(address) || err != nil && (name == "localhost" || strings.HasSuffix(name, ".localhost")) {
		return fmt.Errorf("%w: %s is not on the public internet; the server allows it only when started with --allow-private-addresses", ErrPrivate, host)
	}
	return nil
}

// CheckURL calls [Guard.CheckHost] for the host of u.
func (g Guard) CheckURL(u *url.URL) error { return g.CheckHost(u.Hostname()) }

// Transport returns a new transport that connects only where the guard allows. It uses a proxy from the environment only if every address is
// allowed, because the guard cannot see addresses behind a proxy.
func (g Guard) Transport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Control: g.control}
	t := &http.Transport{
		DialContext:         dialer.DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 4,
		IdleConnTimeout:     time.Minute,
		TLSHandshakeTimeout: 10 * time.Second,
		// The caller limits the time of an answer: callbacks have a total, uploads their patience.
		MaxResponseHeaderBytes: 64 << 10,
	}
	if g.AllowPrivate {
		t.Proxy = http.ProxyFromEnvironment
	}
	return t
}

// control checks the resolved address of each connection before it is made.
func (g Guard) control(_, address string, _ syscall.RawConn) error {
	if g.AllowPrivate {
		return nil
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q is not an address", ErrPrivate, address)
	}
	if !Public(to.Addr()) {
		return fmt.Errorf("%w: %s is not on the public internet", ErrPrivate, to.Addr())
	}
	return nil
}
