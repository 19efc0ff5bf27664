package evidence

import (
	"fmt"
	"net/http"
	"time"
)

// Exchange is one HTTP request and its response.
type Exchange struct {
	Operation Operation `json:"operation,omitempty"`
	Identity  Identity  `json:"identity"` // who asked
	// Flaw names what is deliberately wrong with the credentials ("expired", "wrong-signature", ...).
	Flaw     Flaw      `json:"flaw,omitempty"`
	Request  Request   `json:"request"`
	Response *Response `json:"response,omitempty"`
	// Redirects are the redirections from the request to the response, in order.
	Redirects []Redirect    `json:"redirects,omitempty"`
	Started   time.Time     `json:"started"`
	Duration  time.Duration `json:"durationNs"`
	// Error is set when no complete response arrived.
	Error string `json:"error,omitempty"`
	// Received is how many bytes of a file had come by then.
	Received int64 `json:"received,omitempty"`
	// Violations of openapi.yaml. A violation of side "request" is the suite's own fault.
	Violations []Violation `json:"violations,omitempty"`
}

// Status returns the status of the response, or 0 without one.
func (e *Exchange) Status() int {
	if e == nil || e.Response == nil {
		return 0
	}
	return e.Response.Status
}

// Decode reads the response body as JSON into v.
func (e *Exchange) Decode(v any) error {
	if e == nil || e.Response == nil {
		return fmt.Errorf("no response")
	}
	return e.Response.Body.Decode(v)
}

// Request is what the harness sent.
type Request struct {
	Method string      `json:"method"`
	URL    string      `json:"url"`
	Header http.Header `json:"header,omitempty"`
	Body   Body        `json:"body,omitzero"`
}

// Response is what the target answered.
type Response struct {
	Status int         `json:"status"`
	Header http.Header `json:"header,omitempty"`
	Body   Body        `json:"body,omitzero"`
}

// Redirect is an answer that sends the request elsewhere.
type Redirect struct {
	From     string `json:"from"`
	Status   int    `json:"status"`
	Location string `json:"location"`
}

// Violation is one mismatch with openapi.yaml.
type Violation struct {
	Side    string `json:"side"`              // "request" or "response"
	Pointer string `json:"pointer,omitempty"` // JSON pointer into the body, when the body is at fault
	Message string `json:"message"`
}
