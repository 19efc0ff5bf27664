package config

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Values are what the templates of an [Endpoint] are filled with.
type Values struct {
	URL             string // base URL of the REST API
	SessionID       string
	Token           string
	ConnectionID    string
	ApplicationID   string
	APIKey          string
	Name            string
	VideoType       string
	LayoutClassList string
}

// names lists the placeholders but {{url}}.
const names = "sessionId, token, connectionId, applicationId, apiKey, name, videoType, layoutClassList"

func (v Values) named(name string) (string, bool) {
	switch name {
	case "sessionId":
		return v.SessionID, true
	case "token":
		return v.Token, true
	case "connectionId":
		return v.ConnectionID, true
	case "applicationId":
		return v.ApplicationID, true
	case "apiKey":
		return v.APIKey, true
	case "name":
		return v.Name, true
	case "videoType":
		return v.VideoType, true
	case "layoutClassList":
		return v.LayoutClassList, true
	}
	return "", false
}

// fill replaces the placeholders of a template by escaped values.
func fill(template string, v Values, escape func(string) (string, error)) (string, error) {
	var out strings.Builder
	for rest := template; ; {
		before, after, found := strings.Cut(rest, "{{")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, then, closed := strings.Cut(after, "}}")
		value, known := v.named(strings.TrimSpace(name))
		if !closed || !known {
			return "", fmt.Errorf("unknown placeholder {{%s, want some of %s", clip(after), names)
		}
		value, err := escape(value)
		if err != nil {
			return "", fmt.Errorf("{{%s}}: %w", strings.TrimSpace(name), err)
		}
		out.WriteString(value)
		rest = then
	}
}

func clip(s string) string { return s[:min(len(s), 40)] }

// plainText is the escape of headers: there is none, so a value must not end the line.
func plainText(s string) (string, error) {
	if strings.ContainsAny(s, "\r\n\x00") {
		return "", errors.New("a line break in the value")
	}
	return s, nil
}

// inPath is the escape of a part of a path.
func inPath(s string) (string, error) {
	if s == "." || s == ".." {
		return "", fmt.Errorf("%q is no part of a path", s)
	}
	return url.PathEscape(s), nil
}

func inQuery(s string) (string, error) { return url.QueryEscape(s), nil }

// Address returns the absolute URL. The host is the template's or that of the base URL, never a value's.
func (e Endpoint) Address(v Values) (string, error) {
	base, rest, err := e.base(v.URL)
	if err != nil {
		return "", err
	}
	path, query, _ := strings.Cut(rest, "?")
	if path, err = fill(path, v, inPath); err != nil {
		return "", err
	}
	if path != "" && !strings.HasPrefix(path, "/") {
		return "", fmt.Errorf("%q, want a path after the host", e.URL)
	}
	address := base + path
	if query, err = fillQuery(query, v); err != nil {
		return "", err
	}
	if query != "" {
		address += "?" + query
	}
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Fragment != "" {
		return "", fmt.Errorf("%q, want a URL without a fragment", e.URL)
	}
	return address, nil
}

// base returns scheme and host, with a path where {{url}} has one, and the rest of the template.
func (e Endpoint) base(of string) (base, rest string, err error) {
	if after, ok := strings.CutPrefix(e.URL, "{{url}}"); ok {
		return strings.TrimRight(of, "/"), after, nil
	}
	scheme, after, ok := strings.Cut(e.URL, "://")
	if !ok || scheme != "http" && scheme != "https" && scheme != "ws" && scheme != "wss" {
		return "", "", fmt.Errorf("%q, want a URL that begins with {{url}}, http://, https://, ws:// or wss://", e.URL)
	}
	host, path, _ := strings.Cut(after, "/")
	if host == "" || strings.ContainsAny(host, "{}?#@") {
		return "", "", fmt.Errorf("%q, want a host without placeholders", e.URL)
	}
	return scheme + "://" + host, "/" + path, nil
}

// fillQuery fills the parameters of a query and leaves out those that become empty.
func fillQuery(query string, v Values) (string, error) {
	var out []string
	for parameter := range strings.SplitSeq(query, "&") {
		filled, err := fill(parameter, v, inQuery)
		if err != nil {
			return "", err
		}
		if filled != "" && (filled == parameter || !strings.HasSuffix(filled, "=")) {
			out = append(out, filled)
		}
	}
	return strings.Join(out, "&"), nil
}

// Header returns the headers.
func (e Endpoint) Header(v Values) (http.Header, error) {
	h := http.Header{}
	for name, template := range e.Headers {
		value, err := fill(template, v, plainText)
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", name, err)
		}
		h.Set(name, value)
	}
	return h, nil
}

// Subprotocols returns the WebSocket subprotocols.
func (e Endpoint) Subprotocols(v Values) ([]string, error) {
	var out []string
	for _, template := range e.Protocols {
		p, err := fill(template, v, plainText)
		if err != nil {
			return nil, fmt.Errorf("subprotocol: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}
