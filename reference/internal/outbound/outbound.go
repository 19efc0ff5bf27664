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
	"slices"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// ErrPrivate is the cause of a refusal.
var ErrPrivate = errors.New("private address")

// Guard decides where requests may go. The zero value lets them out to public addresses only.
type Guard struct {
	AllowPrivate bool
}

// Public reports whether an address is one of the public internet, by the special-purpose registries of IANA.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	within := func(p netip.Prefix) bool { return p.Contains(a) }
	if a.Is4() {
		return !slices.ContainsFunc(ssrf.IPv4DeniedPrefixes, within)
	}
	return within(ssrf.IPv6GlobalUnicast) && !slices.ContainsFunc(ssrf.IPv6DeniedPrefixes, within)
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
