package target

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"reelcheck/conformance/evidence"
)

const (
	// bodyLimit is the largest API response in bytes, headerLimit the largest header of one, keepLimit the largest download.
	bodyLimit   = 8 << 20
	headerLimit = 64 << 10
	keepLimit   = 4 << 30
	// maxRedirects limits the redirects of one download link.
	maxRedirects = 5
)

// plain is the transport of all exchanges. It does not decompress: a small answer could become one that fills the disk.
var plain = func() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.DisableCompression = true
	t.MaxResponseHeaderBytes = headerLimit
	return t
}()

// exchange makes a request and reads the response into ex and a. It does not follow redirects: the other server would
// get credentials and be judged in the target's place. Only download links are followed, without credentials.
func (c *Client) exchange(req *http.Request, call Call, ex *evidence.Exchange, a *Answer) error {
	client := c.http(call.Follow, func(next *http.Request, before []*http.Request) error {
		if !call.Follow {
			return http.ErrUseLastResponse
		}
		from := next.Response
		ex.Redirects = append(ex.Redirects, evidence.Redirect{From: before[len(before)-1].URL.String(), Status: from.StatusCode, Location: from.Header.Get("Location")})
		if len(before) > maxRedirects {
			return fmt.Errorf("more than %d redirects", maxRedirects)
		}
		next.Header.Del("Authorization")
		next.Header.Del("X-Opentok-Auth")
		return nil
	})
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	a.Status, a.Header = resp.StatusCode, resp.Header
	if call.Keep != nil && a.OK() {
		_, err = io.Copy(call.Keep, resp.Body)
		return err
	}
	a.Body, err = readAtMost(resp.Body, bodyLimit)
	return err
}

// http returns a client. foreign says that the target chose where it goes.
func (c *Client) http(foreign bool, redirected func(next *http.Request, before []*http.Request) error) *http.Client {
	transport := c.Transport
	switch {
	case transport != nil:
	case foreign:
		transport = guarded(c.Base)
	default:
		transport = plain
	}
	return &http.Client{Transport: transport, CheckRedirect: redirected}
}

var errTooLong = errors.New("the answer is longer than")

// readAtMost reads all of r and fails when it has more than limit bytes.
func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = fmt.Errorf("%w %d bytes", errTooLong, limit)
	}
	return body, err
}
