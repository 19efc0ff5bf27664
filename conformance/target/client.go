package target

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target/pace"
	"reelcheck/conformance/target/schema"
	"reelcheck/conformance/text"
)

// Version is the version in the User-Agent.
var Version = "dev"

// Client calls a target for one scenario and records every exchange as evidence. It is safe for concurrent use and cheap
// to copy with other fields.
type Client struct {
	Base     string // base URL of the REST API
	App      App
	Control  string // bearer token of the control API
	Scenario string
	Journal  *evidence.Journal
	Schema   *schema.Document // nil: exchanges are not validated
	Timeout  time.Duration    // of one exchange; 0 means 10s
	Now      func() time.Time // signs tokens and stamps exchanges; nil means the wall clock
	// Transport carries exchanges; nil means one that does not decompress answers.
	Transport http.RoundTripper
}

// Call describes one request.
type Call struct {
	Label     string // of the evidence
	IDs       map[string]string
	Operation evidence.Operation // operationId; if empty it is found by path, and the path must be in openapi.yaml
	Method    string
	Path      string // relative to Base, escaped; or an absolute URL
	Query     url.Values
	Header    http.Header
	Body      []byte
	Type      string // Content-Type
	As        evidence.Identity
	Flaw      evidence.Flaw
	Token     string // for AsClient, or the verbatim Authorization value for AsVerbatim
	// Deliberate means that the request breaks openapi.yaml on purpose.
	Deliberate bool
	// Keep, if set, receives the body of a 2xx response, which is then not kept in memory. Pace bounds it; the zero value means the
	// usual timeout and 4 GiB.
	Keep io.Writer
	Pace pace.Bounds
	// Follow redirects of a download link. The evidence has each of them.
	Follow bool
	// Timeout of this exchange; 0 means the client's.
	Timeout time.Duration
}

// Answer is a response with its record.
type Answer struct {
	evidence.Record
	Status int // 0 without a complete response
	Header http.Header
	Body   []byte
}

// OK reports whether the status is 2xx.
func (a Answer) OK() bool { return a.Status/100 == 2 }

// Decode reads the body as JSON.
func (a Answer) Decode(v any) error { return json.Unmarshal(a.Body, v) }

// JSON returns the body as an object, or nil when it is not one.
func (a Answer) JSON() map[string]any {
	var m map[string]any
	if json.Unmarshal(a.Body, &m) != nil {
		return nil
	}
	return m
}

// String returns a member of the body's object, or "" when it is missing or not a string.
func (a Answer) String(member string) string {
	s, _ := a.JSON()[member].(string)
	return s
}

// Describe says in words what came.
func (a Answer) Describe() string {
	if a.Status == 0 {
		return "nothing: " + a.Exchange.Error
	}
	if why := a.Exchange.Unread(); why != "" {
		return fmt.Sprintf("%d, but %s", a.Status, why)
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, text.Clip(string(a.Body), 200)))
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

// Do makes the call and records it. Faults of the target, such as a missing answer, are in the Answer. An error means
// that evidence could not be written, the call could not be made at all, or ctx ended.
func (c *Client) Do(ctx context.Context, call Call) (Answer, error) {
	timeout := call.Timeout
	if timeout == 0 {
		timeout = c.timeout()
	}
	inner, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var file *pace.Download
	if call.Keep != nil {
		inner, file = cmp.Or(call.Pace, pace.Bounds{Patience: timeout, Most: keepLimit}).Begin(ctx, call.Keep)
		defer file.Stop()
		call.Keep = file
	}
	req, err := c.request(inner, call)
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: %w", call.Method, call.Path, err)
	}
	ex := &evidence.Exchange{Operation: call.Operation, Identity: call.As, Flaw: call.Flaw, Started: c.now().UTC()}
	var found schema.Match
	var described bool
	if c.Schema != nil {
		if found, described = c.Schema.Find(req, call.Body); described {
			ex.Operation = found.Operation()
			if !call.Deliberate {
				ex.Violations = found.Request(inner)
			}
		} else if !call.Deliberate && call.Operation == "" {
			ex.Violations = []evidence.Violation{{Side: "request", Message: "no such path and method in openapi.yaml"}}
		}
	}
	a := Answer{}
	err = c.exchange(req, call, ex, &a)
	ex.Duration = c.now().Sub(ex.Started)
	if err != nil {
		ex.Error = reason(ctx, inner, err, a.Status, timeout)
		if file != nil {
			ex.Received = file.Got
		}
	} else if file != nil && file.Page() != "" {
		ex.Error = fmt.Sprintf("%s (%s): %s", evidence.PageInstead, text.Clip(a.Header.Get("Content-Type"), 60), file.Page())
	} else if described && call.Keep == nil {
		ex.Violations = append(ex.Violations, found.Response(inner, a.Status, a.Header, a.Body)...)
	}
	if a.Record, err = c.record(ex, req, call, a); err != nil {
		return a, err
	}
	return a, ctx.Err()
}

// reason says why a call with the context inner, which is within outer, has no complete answer. status is what its head told, 0 without one.
func reason(outer, inner context.Context, err error, status int, timeout time.Duration) string {
	switch cause := context.Cause(inner); {
	case outer.Err() != nil:
		return evidence.Interrupted
	case errors.Is(err, context.DeadlineExceeded) && status != 0:
		return fmt.Sprintf("the answer did not end within %v", timeout)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no complete response within %v", timeout)
	case strings.Contains(err.Error(), "server response headers exceeded"): // net/http has no type for it
		return fmt.Sprintf("the headers of the answer are longer than %d bytes", headerLimit)
	case cause != nil:
		return cause.Error()
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	return err.Error()
}

func (c *Client) request(ctx context.Context, call Call) (*http.Request, error) {
	target := call.Path
	if !strings.Contains(target, "://") {
		target = c.Base + target
	}
	if len(call.Query) > 0 {
		target += "?" + call.Query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, call.Method, target, bytes.NewReader(call.Body))
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, call.Header)
	if call.Type != "" {
		req.Header.Set("Content-Type", call.Type)
	}
	req.Header.Set("User-Agent", "reelcheck/"+Version+" scenario="+c.Scenario)
	return req, c.authorize(req, call)
}

func (c *Client) authorize(req *http.Request, call Call) error {
	var token string
	var err error
	switch call.As {
	case evidence.AsUnified:
		if token, err = c.App.Bearer(c.now(), call.Flaw); err == nil {
			req.Header.Set("Authorization", "Bearer "+token)
		}
	case evidence.AsLegacy:
		if token, err = c.App.LegacyAuth(c.now(), call.Flaw); err == nil {
			req.Header.Set("X-Opentok-Auth", token)
		}
	case evidence.AsControl:
		req.Header.Set("Authorization", "Bearer "+c.Control)
	case evidence.AsClient:
		if call.Token != "" { // otherwise the call brings its own headers
			req.Header.Set("Authorization", "Bearer "+call.Token)
		}
	case evidence.AsVerbatim:
		req.Header.Set("Authorization", call.Token)
	case evidence.AsNobody:
	default:
		err = fmt.Errorf("internal error: unknown identity %q", call.As)
	}
	return err
}

func (c *Client) record(ex *evidence.Exchange, req *http.Request, call Call, a Answer) (evidence.Record, error) {
	sent, err := c.Journal.Body(call.Body)
	if err != nil {
		return evidence.Record{}, err
	}
	ex.Request = evidence.Request{Method: call.Method, URL: req.URL.String(), Header: redact(req.Header), Body: sent}
	if a.Status != 0 {
		got, err := c.Journal.Body(a.Body)
		if err != nil {
			return evidence.Record{}, err
		}
		ex.Response = &evidence.Response{Status: a.Status, Header: a.Header, Body: got}
	}
	ids := maps.Clone(call.IDs)
	if ids == nil {
		ids = map[string]string{}
	}
	if name := c.App.Name(); name != "" {
		ids[evidence.Application] = name
	}
	if call.As == evidence.AsLegacy {
		ids[evidence.APIKey] = c.App.APIKey
	}
	return c.Journal.Append(evidence.Record{Time: ex.Started, Scenario: c.Scenario, Label: call.Label, IDs: ids, Exchange: ex})
}

// redact replaces credentials. A bearer token stays recognisable as one.
func redact(h http.Header) http.Header {
	h = h.Clone()
	for _, name := range []string{"Authorization", "X-Opentok-Auth", "Sec-Websocket-Protocol"} {
		for i, v := range h[name] {
			scheme, _, _ := strings.Cut(v, " ")
			if scheme == v {
				scheme = ""
			}
			h[name][i] = strings.TrimSpace(scheme + " [redacted]")
		}
	}
	return h
}
