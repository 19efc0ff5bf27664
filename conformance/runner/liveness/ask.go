package liveness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"reelcheck/conformance/target/launch"
)

// Reach tries to connect to a target. Its error is a *launch.UnreachableError, unless base is no URL.
func Reach(ctx context.Context, base string) error {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return fmt.Errorf("target URL %q is not absolute", base)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return &launch.UnreachableError{Err: err}
	}
	return conn.Close()
}

// Answers waits for any answer of a target, for as long as patience. Its error is a *launch.UnreachableError.
func Answers(ctx context.Context, base string, patience time.Duration) error {
	if err := ask(ctx, base, time.Now().Add(patience)); err != nil {
		return &launch.UnreachableError{Err: err}
	}
	return nil
}

// ask asks on a new connection and without credentials, and demands any answer. Nothing of it is evidence.
func ask(ctx context.Context, link string, until time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	began := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, http.NoBody)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if errors.Is(err, context.DeadlineExceeded) {
		if left := until.Sub(began).Round(time.Millisecond); left > 0 {
			return fmt.Errorf("no answer within %v", left)
		}
		return errors.New("no answer in time")
	}
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
