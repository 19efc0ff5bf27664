package outbound

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"93.184.216.34": true, "8.8.8.8": true, "172.32.0.1": true, "100.128.0.1": true, "2606:4700::1111": true,
		"127.0.0.1": false, "127.255.255.254": false, "10.1.2.3": false, "172.16.0.1": false, "172.31.255.255": false,
		"192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "0.1.2.3": false, "224.0.0.1": false,
		"255.255.255.255": false, "198.18.0.1": false, "240.0.0.1": false,
		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "fd12:3456::1": false, "ff02::1": false,
		"::ffff:127.0.0.1": false, "::ffff:8.8.8.8": true, "::7f00:1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false,
	} {
		if got := Public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: public %v, want %v", address, got, want)
		}
	}
}

func TestCheckURL(t *testing.T) {
	for raw, refused := range map[string]bool{
		"https://hooks.example.com/a": false, "http://8.8.8.8:81/": false, "https://[2606:4700::1111]/": false,
		"http://127.0.0.1:8080/": true, "http://[::1]/": true, "http://[::ffff:10.0.0.1]:9000": true, "http://localhost": true,
		"http://LOCALHOST.:1/": true, "http://a.localhost/": true, "http://169.254.169.254/latest/meta-data": true, "http://notlocalhost/": false,
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := (Guard{}).CheckURL(u); errors.Is(err, ErrPrivate) != refused {
			t.Errorf("%s: %v, want refused %v", raw, err, refused)
		}
		if err := (Guard{AllowPrivate: true}).CheckURL(u); err != nil {
			t.Errorf("%s, all allowed: %v", raw, err)
		}
	}
}

// TestDial uses a host name, so that only the resolved address can be refused.
func TestDial(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	target := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	for _, allow := range []bool{false, true} {
		transport := Guard{AllowPrivate: allow}.Transport()
		client := http.Client{Transport: transport}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		if errors.Is(err, ErrPrivate) == allow {
			t.Errorf("private addresses allowed %v: %v", allow, err)
		}
		transport.CloseIdleConnections()
	}
}
