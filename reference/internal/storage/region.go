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

// inItsRegion calls do with a client for the target's region, and, when the service refuses that and names the region in which the bucket
// lies, with one for that. It returns the last client.
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
		t.Endpoint = "" // which is one region's
	}
	remote = newS3(client, t)
	return remote, do(remote)
}

// amazons reports whether a host is one of S3's own, of one region or of all.
func amazons(host string) bool {
	return strings.HasSuffix(host, ".amazonaws.com") && (strings.HasPrefix(host, "s3.") || strings.HasPrefix(host, "s3-"))
}

// regions notes which region refusals name.
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

// aRegion is what a name must look like to become part of a host.
var aRegion = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,40}$`)

// maxRefusal is how much of a refusal is looked at.
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
