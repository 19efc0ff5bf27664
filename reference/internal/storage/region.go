package storage

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reelcheck/reference/internal/account"
)

// inItsRegion calls do with a client for the target's region. If the service refuses that and names the bucket's region, inItsRegion calls do
// again with a client for that region. It returns the last client.
func inItsRegion(client *http.Client, t account.S3, do func(*s3.Client) error) (*s3.Client, error) {
	heard := &regions{base: client.Transport}
	remote := newS3(&http.Client{Transport: heard, CheckRedirect: client.CheckRedirect}, t)
	err := do(remote)
	region := heard.last()
	if err == nil || region == "" || region == cmp.Or(t.Region, defaultRegion) {
		return remote, err
	}
	t.Region = region
	if u, err := url.Parse(t.Endpoint); err == nil && amazons(u.Hostname()) {
		t.Endpoint = "" // the endpoint belongs to one region
	}
	remote = newS3(client, t)
	return remote, do(remote)
}

// amazons reports whether host belongs to Amazon S3, for one region or for all.
func amazons(host string) bool {
	return strings.HasSuffix(host, ".amazonaws.com") && (strings.HasPrefix(host, "s3.") || strings.HasPrefix(host, "s3-"))
}

// regions records the region that a refusal names.
type regions struct {
	base http.RoundTripper

	mu    sync.Mutex
	named string
}

func (r *regions) last() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.named
}

// aRegion matches names of regions that may become part of a host name.
var aRegion = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,40}$`)

// maxRefusal is how many bytes of a refusal are read.
const maxRefusal = 64 << 10

// RoundTrip implements [http.RoundTripper].
func (r *regions) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.base.RoundTrip(request)
	if err != nil || response.StatusCode < 300 {
		return response, err
	}
	name := response.Header.Get("X-Amz-Bucket-Region")
	if name == "" {
		said, err := io.ReadAll(io.LimitReader(response.Body, maxRefusal))
		if err != nil {
			_ = response.Body.Close()
			return nil, err
		}
		var refusal struct{ Region string }
		if xml.Unmarshal(said, &refusal) == nil {
			name = refusal.Region
		}
		response.Body = readCloser{io.MultiReader(bytes.NewReader(said), response.Body), response.Body}
	}
	if aRegion.MatchString(name) {
		r.mu.Lock()
		r.named = name
		r.mu.Unlock()
	}
	return response, nil
}

type readCloser struct {
	io.Reader
	io.Closer
}
