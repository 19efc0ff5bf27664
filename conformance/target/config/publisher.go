package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The drivers of clients.
const (
	WHIPDriver    = "whip"    // the suite's own clients, over WHIP (RFC 9725) and a WebSocket with events
	CommandDriver = "command" // a child process that speaks spec/publisher-protocol.md
	BrowserDriver = "browser" // a page in a headless Chromium
)

// Publisher selects how clients connect and publish.
type Publisher struct {
	// Driver is whip (default), command or browser.
	Driver string `yaml:"driver" jsonschema:"enum=whip,enum=command,enum=browser"`
	// WHIP says where clients connect and publish, for the drivers whip and browser. The default is openapi.yaml.
	WHIP WHIP `yaml:"whip"`
	// Command is the adapter for driver command.
	Command Adapter `yaml:"command"`
	// Browser is the browser for driver browser.
	Browser Browser `yaml:"browser"`
}

// WHIP holds what clients ask a server for.
type WHIP struct {
	// Connect is made before a client publishes or receives events; its answer is JSON with a connectionId. The default is
	// none: then the first event has the connectionId.
	Connect Endpoint `yaml:"connect"`
	// Publish takes the SDP offer.
	Publish Endpoint `yaml:"publish"`
	// Events is the WebSocket with a client's events.
	Events Endpoint `yaml:"events"`
}

// Endpoint is a request of a client. Its values are templates: {{url}} is the base URL, and only at the beginning of a URL;
// {{sessionId}}, {{token}}, {{connectionId}}, {{applicationId}}, {{apiKey}}, {{name}}, {{videoType}} and {{layoutClassList}}
// are escaped in a URL. A query parameter that is empty then is left out.
type Endpoint struct {
	// Method is POST by default; events are a GET.
	Method string `yaml:"method"`
	URL    string `yaml:"url"`
	// Headers replace the default ones. Without any, Authorization is "Bearer {{token}}".
	Headers map[string]string `yaml:"headers"`
	// Protocols are the WebSocket subprotocols of events, templates too.
	Protocols []string `yaml:"protocols"`
}

// Adapter is the child process of driver command.
type Adapter struct {
	// Run is the program and its arguments. A relative program is relative to the current directory, as in a shell.
	Run []string          `yaml:"run"`
	Dir string            `yaml:"dir"`
	Env map[string]string `yaml:"env"`
	// AnswerWithin limits the wait for one answer, and for the first line; the default is 20s.
	AnswerWithin Duration `yaml:"answerWithin"`
}

// PageLimit is the largest page of a browser in bytes.
const PageLimit = 16 << 20

// Browser is the browser of driver browser.
type Browser struct {
	// Path is the Chromium executable; the default is the first of chromium, chromium-browser, google-chrome in PATH.
	Path string `yaml:"path"`
	// Page is an HTML file in place of the suite's page. conformance/publisher/browser says what it must define.
	Page string `yaml:"page"`
}

// The defaults are openapi.yaml's.
var (
	bearer         = map[string]string{"Authorization": "Bearer {{token}}"}
	defaultPublish = "{{url}}/v2/session/{{sessionId}}/whip?connectionId={{connectionId}}&name={{name}}&videoType={{videoType}}&layoutClassList={{layoutClassList}}"
	defaultEvents  = "{{url}}/v2/session/{{sessionId}}/events"
)

// Default sets what w leaves out.
func (w *WHIP) Default() {
	if w.Publish.URL == "" {
		w.Publish.URL = defaultPublish
	}
	if w.Events.URL == "" {
		w.Events.URL = defaultEvents
		if w.Events.Protocols == nil {
			w.Events.Protocols = []string{"reelcheck.events"}
		}
	}
	for _, e := range []*Endpoint{&w.Connect, &w.Publish, &w.Events} {
		if e.Headers == nil {
			e.Headers = bearer
		}
		if e.Method == "" {
			e.Method = "POST"
		}
	}
}

func (p *Publisher) defaults() {
	if p.Driver == "" {
		p.Driver = WHIPDriver
	}
	p.WHIP.Default()
}

func (p Publisher) validate() error {
	var errs []error
	if p.Driver != WHIPDriver && p.Driver != CommandDriver && p.Driver != BrowserDriver {
		errs = append(errs, fmt.Errorf("publisher.driver: %q, want one of %s, %s, %s", p.Driver, WHIPDriver, CommandDriver, BrowserDriver))
	}
	if p.Driver == CommandDriver && (len(p.Command.Run) == 0 || p.Command.Run[0] == "") {
		errs = append(errs, errors.New("publisher.command.run: missing; driver command needs at least the program"))
	}
	for _, e := range []struct {
		field string
		Endpoint
	}{{"connect", p.WHIP.Connect}, {"publish", p.WHIP.Publish}, {"events", p.WHIP.Events}} {
		if e.URL != "" {
			errs = append(errs, e.check("publisher.whip."+e.field))
		}
	}
	return errors.Join(errs...)
}

func (e Endpoint) check(field string) error {
	var errs []error
	if e.Method != "POST" && e.Method != "GET" && e.Method != "PUT" {
		errs = append(errs, fmt.Errorf("%s.method: %q, want one of POST, GET, PUT", field, e.Method))
	}
	if _, err := e.Address(Values{URL: "https://example.invalid"}); err != nil {
		errs = append(errs, fmt.Errorf("%s.url: %w", field, err))
	}
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		if name == "" || strings.ContainsFunc(name, notToken) {
			errs = append(errs, fmt.Errorf("%s.headers: %q is no name of a header", field, name))
		}
		if _, err := fill(e.Headers[name], Values{}, plainText); err != nil {
			errs = append(errs, fmt.Errorf("%s.headers.%s: %w", field, name, err))
		}
	}
	for _, p := range e.Protocols {
		if _, err := fill(p, Values{}, plainText); err != nil {
			errs = append(errs, fmt.Errorf("%s.protocols: %w", field, err))
		}
	}
	return errors.Join(errs...)
}

// notToken reports whether r may not stand in the name of a header (RFC 9110 section 5.6.2).
func notToken(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}
