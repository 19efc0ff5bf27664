package main

import (
	"net/url"
	"strings"
)

// public is the URL by which clients reach the server, without a slash at its end. All URLs that the server gives out begin with it.
type public string

// publicAt returns the configured URL, or else that of the listener's address.
func publicAt(configured, listening string) public {
	if configured == "" {
		configured = "http://" + listening
	}
	return public(strings.TrimRight(configured, "/"))
}

// isBase reports whether paths can be appended to a configured URL.
func isBase(configured string) bool {
	u, err := url.Parse(configured)
	return err == nil && u.Hostname() != "" && (u.Scheme == "http" || u.Scheme == "https") && u.User == nil && !strings.ContainsAny(configured, "?# ")
}

// link returns the URL of a path of the server.
func (p public) link(path string) string { return string(p) + path }

// reference returns the link without scheme and host, for a client of the present request (RFC 9725 section 4.2), who knows them.
func (p public) reference(path string) string {
	u, err := url.Parse(string(p))
	if err != nil { // the settings were checked for this
		return path
	}
	return u.EscapedPath() + path
}
