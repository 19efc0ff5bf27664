// Package schema holds exchanges against an OpenAPI document.
package schema

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/text"
)

// Document is an OpenAPI document.
type Document struct {
	doc       *openapi3.T
	router    routers.Router
	callbacks map[string]*openapi3.Schema // JSON body schema by operationId
}

// New reads an OpenAPI document.
func New(doc []byte) (*Document, error) {
	t, err := openapi3.NewLoader().LoadFromData(doc)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	t.Servers = nil // requests are matched by path, for any host
	router, err := gorillamux.NewRouter(t)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	s := &Document{doc: t, router: router, callbacks: map[string]*openapi3.Schema{}}
	s.collectCallbacks()
	return s, nil
}

func (s *Document) collectCallbacks() {
	for _, item := range s.doc.Paths.Map() {
		for _, op := range item.Operations() {
			for _, cb := range op.Callbacks {
				for _, p := range cb.Value.Map() {
					for _, cop := range p.Operations() {
						if body := cop.RequestBody; body != nil && body.Value.GetMediaType("application/json") != nil {
							s.callbacks[cop.OperationID] = body.Value.GetMediaType("application/json").Schema.Value
						}
					}
				}
			}
		}
	}
}

// Callback validates the JSON value of a callback body, operation "archiveStatus" or "sessionEvent".
func (s *Document) Callback(operation string, value any) []evidence.Violation {
	schema, ok := s.callbacks[operation]
	if !ok {
		return []evidence.Violation{{Side: "request", Message: fmt.Sprintf("callback %q is not described", operation)}}
	}
	return violations("response", schema.VisitJSON(value, openapi3.MultiErrors()))
}

// Match is one request with its operation in the document.
type Match struct {
	input *openapi3filter.RequestValidationInput
}

// Find returns the operation of a request. ok is false when no path and method of the document fit.
func (s *Document) Find(req *http.Request, body []byte) (Match, bool) {
	r := req.Clone(req.Context())
	r.Body = http.NoBody
	if len(body) > 0 {
		r.Body = readCloser{bytes.NewReader(body)}
	}
	// The document has no host, so only the path is matched.
	r.URL = &url.URL{Path: req.URL.Path, RawPath: req.URL.RawPath, RawQuery: req.URL.RawQuery}
	route, params, err := s.router.FindRoute(r)
	if err != nil {
		return Match{}, false
	}
	return Match{&openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route, QueryParams: req.URL.Query(),
		Options: &openapi3filter.Options{
			MultiError:            true,
			IncludeResponseStatus: true,
			SkipSettingDefaults:   true,
			AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
		},
	}}, true
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// Operation returns the operationId.
func (m Match) Operation() evidence.Operation {
	return evidence.Operation(m.input.Route.Operation.OperationID)
}

// Request validates the request.
func (m Match) Request(ctx context.Context) []evidence.Violation {
	return violations("request", openapi3filter.ValidateRequest(ctx, m.input))
}

// Response validates an answer to the request.
func (m Match) Response(ctx context.Context, status int, header http.Header, body []byte) []evidence.Violation {
	in := &openapi3filter.ResponseValidationInput{RequestValidationInput: m.input, Status: status, Header: header, Options: m.input.Options}
	in.SetBodyBytes(body)
	return violations("response", openapi3filter.ValidateResponse(ctx, in))
}

// violations lists the single errors in an error of kin-openapi.
func violations(side string, err error) []evidence.Violation {
	if err == nil {
		return nil
	}
	var multi openapi3.MultiError
	if errors.As(err, &multi) {
		var out []evidence.Violation
		for _, e := range multi {
			out = append(out, violations(side, e)...)
		}
		return out
	}
	var schema *openapi3.SchemaError // whose text has all of the value, in a time that grows with the square of its depth
	if errors.As(err, &schema) {
		return []evidence.Violation{{Side: side, Message: schema.Reason, Pointer: "/" + strings.Join(schema.JSONPointer(), "/")}}
	}
	return []evidence.Violation{{Side: side, Message: text.FirstLine(err.Error())}}
}
