package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
)

func TestPublic(t *testing.T) {
	for _, test := range []struct{ configured, link, reference string }{
		{"", "http://127.0.0.1:8080/a?b=c", "/a?b=c"},
		{"https://video.example.com", "https://video.example.com/a?b=c", "/a?b=c"},
		{"https://example.com/", "https://example.com/a?b=c", "/a?b=c"},
		{"http://example.com:81/video", "http://example.com:81/video/a?b=c", "/video/a?b=c"},
		{"http://example.com/a%20b//", "http://example.com/a%20b/a?b=c", "/a%20b/a?b=c"},
	} {
		p := publicAt(test.configured, "127.0.0.1:8080")
		if link, reference := p.link("/a?b=c"), p.reference("/a?b=c"); link != test.link || reference != test.reference {
			t.Errorf("%q: %s and %s, want %s and %s", test.configured, link, reference, test.link, test.reference)
		}
	}
}

// TestBaseURLs checks that only a URL is accepted that is still one when a path is appended.
func TestBaseURLs(t *testing.T) {
	for configured, want := range map[string]bool{
		"https://example.com": true, "http://127.0.0.1:81/video/": true, "HTTPS://[::1]/a%20b": true,
		"https://example.com/video?a=b": false, "https://example.com/?": false, "https://example.com/#top": false, "https://user:secret@example.com": false,
		"https://example.com/a b": false, "https://:81/": false, "ftp://example.com": false, "example.com": false, "/video": false, "https://": false,
	} {
		if got := isBase(configured); got != want {
			t.Errorf("%q: %v", configured, got)
		}
		_, err := parse(t, []string{"--public-url", configured}, "", nil)
		if got := err == nil; got != want {
			t.Errorf("--public-url %q: %v", configured, err)
		}
	}
}

// TestBelowAPath checks that a publisher finds its resource behind a proxy that serves archived below a path.
func TestBelowAPath(t *testing.T) {
	t.Parallel()
	const host = "127.0.0.7" // where nobody else listens, so that nobody takes the port meanwhile
	reserved, err := net.Listen("tcp", host+":0")
	must(t, err)
	address := reserved.Addr().String()
	mux := http.NewServeMux()
	mux.Handle("/video/", http.StripPrefix("/video", httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})))
	proxy := httptest.NewServer(mux)
	defer proxy.Close()
	_, port, err := net.SplitHostPort(address)
	must(t, err)
	must(t, reserved.Close())
	_, c, session, publisher := onAir(t, nil, "--host", host, "--port", port, "--public-url", proxy.URL+"/video/")
	publisher.Stop() // sends a DELETE
	await(t, "end of the stream", streamWithin, func() bool { return len(c.streams(session)) == 0 })
}
