package outbound

import (
	"errors"
	"net/url"
)

// Redacted is what a log may hold of a URL that a user chose: scheme, host and path. The rest may hold secrets.
func Redacted(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(not a URL)"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// Cause is the error of a request without the URL that package http puts before it.
func Cause(err error) error {
	var with *url.Error
	if errors.As(err, &with) {
		return with.Err
	}
	return err
}
