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
	"strings"
	"syscall"
	"time"
)

// ErrPrivate says that an address was refused because it is not public.
var ErrPrivate = errors.New("private address")

// Guard decides where requests may go. The zero value allows public addresses only.
type Guard struct {
	AllowPrivate bool
}

// special lists ranges that package netip calls global unicast but that are not the public internet, or that contain IPv4 addresses.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),      // this network, RFC 791
	netip.MustParsePrefix("100.64.0.0/10"),  // carrier-grade NAT, RFC 6598
	netip.MustParsePrefix("192.0.0.0/24"),   // protocol assignments, RFC 6890
	netip.MustParsePrefix("192.0.2.0/24"),   // documentation, RFC 5737
	netip.MustParsePrefix("192.88.99.0/24"), // 6to4 relays, RFC 7526
	netip.MustParsePrefix("198.18.0.0/15"),  // benchmarks, RFC 2544
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),  // reserved, RFC 1112
	netip.MustParsePrefix("::/96"),        // IPv4-compatible, RFC 4291
	netip.MustParsePrefix("64:ff9b::/96"), // NAT64, RFC 6052
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"),      // discard, RFC 6666
	netip.MustParsePrefix("2001::/23"),     // protocol assignments, Teredo
	netip.MustParsePrefix("2001:db8::/32"), // documentation
	netip.MustParsePrefix("2002::/16"),     // 6to4, RFC 3056
	netip.MustParsePrefix("fec0::/10"),     // site-local, RFC 3879
}

// Public reports whether an address belongs to the public internet.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
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
