package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func (a *applicant) sleep(d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-a.ctx.Done():
		return errLost
	}
}

func (a *applicant) bearer() string { return a.client.app.Bearer(a.tb, time.Now(), nil) }

func (a *applicant) control(method, path string, body, into any) error {
	return a.exchange(method, "/control/v1/applications/"+a.client.app.ID+"/"+path, a.process.ready.ControlToken, body, http.StatusOK, into)
}

func (a *applicant) rest(method, path string, body any, want int, into any) error {
	return a.exchange(method, a.client.project()+path, a.bearer(), body, want, into)
}

// exchange sends a request. It returns [errLost] if there was no answer.
func (a *applicant) exchange(method, path, bearer string, body any, want int, into any) error {
	content, contentType, err := encoded(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(a.ctx, method, a.client.url+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+bearer)
	request.Header.Set("Accept", "application/json")
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return errors.Join(errLost, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return errors.Join(errLost, err)
	}
	if response.StatusCode != want {
		return fmt.Errorf("%s %s: %s, want %d: %s", method, path, response.Status, want, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

func encoded(body any) (content []byte, contentType string, err error) {
	switch body := body.(type) {
	case nil:
		return nil, "", nil
	case url.Values:
		return []byte(body.Encode()), "application/x-www-form-urlencoded", nil
	default:
		content, err = json.Marshal(body)
		return content, "application/json", err
	}
}

// fragile runs do with a test that may fail. It returns an error if do has failed that test or the server was killed.
func (a *applicant) fragile(do func(testing.TB)) error {
	tb := &dying{TB: a.tb}
	done := make(chan struct{})
	go func() { // ends with the server, or at the deadlines of the publisher
		defer close(done)
		do(tb)
	}()
	select {
	case <-done:
	case <-a.ctx.Done():
		return errLost
	}
	if said := tb.said.Load(); said != nil {
		return errors.Join(errLost, errors.New(*said))
	}
	return nil
}

// dying is a test that may fail without failing the test that it is part of.
type dying struct {
	testing.TB
	said atomic.Pointer[string]
}

func (d *dying) Errorf(format string, args ...any) {
	said := fmt.Sprintf(format, args...)
	d.said.Store(&said)
}

func (d *dying) Fatalf(format string, args ...any) {
	d.Errorf(format, args...)
	runtime.Goexit()
}

func (d *dying) Fatal(args ...any) { d.Fatalf("%s", fmt.Sprint(args...)) }

// moodyBucket is a bucket that refuses uploads while it is down.
type moodyBucket struct {
	*bucket
	down atomic.Bool
}

func openMoody(t *testing.T) *moodyBucket {
	t.Helper()
	b := &moodyBucket{bucket: openBucket(t)}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.endpoint = server.URL
	return b
}

func (b *moodyBucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if b.down.Load() && (r.Method == http.MethodPut || r.Method == http.MethodPost) {
		_, _ = io.Copy(io.Discard, r.Body)
		http.Error(w, strings.ToLower(http.StatusText(http.StatusForbidden)), http.StatusForbidden) // the SDK does not retry this status
		return
	}
	b.bucket.ServeHTTP(w, r)
}
