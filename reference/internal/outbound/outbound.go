// Package outbound guards the requests that the server makes to addresses which its users chose: callbacks and storage.
//
// Whoever may set such a URL could otherwise make the server speak to what only the server can reach: its own loopback, the
// network behind it, the metadata service of a cloud. A [Guard] refuses these addresses twice: early and with a clear message where
// the URL names one literally, and for certain when a connection is made, after DNS, so that neither a name nor a redirect helps.
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

// ErrPrivate is the cause of a refusal.
var ErrPrivate = errors.New("private address")

// Guard decides where requests may go. The zero value lets them out to public addresses only.
type Guard struct {
	AllowPrivate bool
}

// Ranges that are global unicast to package netip and yet not the public internet, or that lead to IPv4 addresses in disguise.
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

// Public reports whether an address is one of the public internet.
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

// CheckHost refuses a host, without port, that is literally an address which the guard would not connect to. Its error is meant for users.
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

// CheckURL is [Guard.CheckHost] for the host of u.
func (g Guard) CheckURL(u *url.URL) error { return g.CheckHost(u.Hostname()) }

// Transport returns a transport of its own connections which go only where the guard allows. A proxy of the environment is used only
// where every address is allowed: what is behind a proxy cannot be seen.
func (g Guard) Transport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Control: g.control}
	t := &http.Transport{
		DialContext:         dialer.DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 4,
		IdleConnTimeout:     time.Minute,
		TLSHandshakeTimeout: 10 * time.Second,
		// How long an answer may take is for the caller: callbacks have a total, uploads their patience.
		MaxResponseHeaderBytes: 64 << 10,
	}
	if g.AllowPrivate {
		t.Proxy = http.ProxyFromEnvironment
	}
	return t
}

// control is called with the resolved address of each connection about to be made.
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
