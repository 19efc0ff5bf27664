package outbound

import (
	"errors"
	"net/url"
)

// Redacted returns the part of a user's URL that a log may contain: scheme, host and path. The rest may hold secrets.
func Redacted(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(not a URL)"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// Cause returns the error of a request without the URL that package http adds.
func Cause(err error) error {
	var with *url.Error
	if errors.As(err, &with) {
		return with.Err
	}
	return err
}
