package main

import (
	"net/url"
	"strings"
)

// public is the URL by which clients reach the server, without a slash at its end. Every URL that the server gives out is made by it.
type public string

// publicAt returns what is configured, or else the address of the listener.
func publicAt(configured, listening string) public {
	if configured == "" {
		configured = "http://" + listening
	}
	return public(strings.TrimRight(configured, "/"))
}

// link is the URL of what the server has at a path.
func (p public) link(path string) string { return string(p) + path }

// reference is link for a client that asks the server just now (RFC 9725 section 4.2): without the host, by whose name it came.
func (p public) reference(path string) string {
	u, err := url.Parse(string(p))
	if err != nil { // which the settings were checked for
		return path
	}
	return u.EscapedPath() + path
}
