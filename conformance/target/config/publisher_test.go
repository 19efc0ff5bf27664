package config

import (
	"slices"
	"strings"
	"testing"
)

func decodePublisher(t *testing.T, text string) (Publisher, error) {
	t.Helper()
	f, err := Decode(strings.NewReader("ready: a\npublisher:\n  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")))
	return f.Publisher, err
}

var someone = Values{URL: "http://host:1/base/", SessionID: "a/b?c", Token: "t.o+k", ConnectionID: "c&d", Name: "Zoë 1"}

func TestDefaultEndpointsAreThoseOfTheAPI(t *testing.T) {
	p, err := decodePublisher(t, "driver: whip")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		Endpoint
		want string
	}{
		{p.WHIP.Publish, "http://host:1/base/v2/session/a%2Fb%3Fc/whip?connectionId=c%26d&name=Zo%C3%AB+1"},
		{p.WHIP.Events, "http://host:1/base/v2/session/a%2Fb%3Fc/events"},
	} {
		if got, err := c.Address(someone); err != nil || got != c.want {
			t.Errorf("%q, %v, want %q", got, err, c.want)
		}
		if h, err := c.Header(someone); err != nil || h.Get("Authorization") != "Bearer t.o+k" {
			t.Errorf("%v, %v", h, err)
		}
	}
	if got, err := p.WHIP.Events.Subprotocols(someone); err != nil || !slices.Equal(got, []string{"reelcheck.events"}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestEndpointTemplates(t *testing.T) {
	p, err := decodePublisher(t, `
whip:
  connect: {url: "https://api.example/rooms/{{ sessionId }}/join?k={{apiKey}}&v=", headers: {X-Token: "{{token}}"}}
  events: {url: "wss://events.example/{{connectionId}}?token={{token}}", headers: {}, protocols: ["token.{{token}}"]}`)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := p.WHIP.Connect.Address(someone); got != "https://api.example/rooms/a%2Fb%3Fc/join?v=" {
		t.Errorf("connect at %q", got)
	}
	if h, _ := p.WHIP.Connect.Header(someone); h.Get("X-Token") != "t.o+k" || h.Get("Authorization") != "" {
		t.Errorf("connect with %v", h)
	}
	if got, _ := p.WHIP.Events.Address(someone); got != "wss://events.example/c&d?token=t.o%2Bk" {
		t.Errorf("events at %q", got)
	}
	if got, _ := p.WHIP.Events.Subprotocols(someone); !slices.Equal(got, []string{"token.t.o+k"}) {
		t.Errorf("subprotocols %q", got)
	}
}

func TestValuesCannotLeaveTheirPlace(t *testing.T) {
	publish := Endpoint{URL: "{{url}}/{{sessionId}}", Headers: map[string]string{"X": "{{name}}"}}
	for _, id := range []string{"..", "."} {
		if got, err := publish.Address(Values{URL: "http://h", SessionID: id}); err == nil {
			t.Errorf("session %q is published to %q", id, got)
		}
	}
	if h, err := publish.Header(Values{Name: "a\r\nB: c"}); err == nil {
		t.Errorf("headers %v", h)
	}
	if got, err := publish.Address(Values{URL: "http://h", SessionID: "{{token}}", Token: "secret"}); err != nil || strings.Contains(got, "secret") {
		t.Errorf("a value was filled in again: %q, %v", got, err)
	}
}

func TestPublisherRefuses(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"other driver":       {"driver: exec", "whip, command, browser"},
		"no command":         {"driver: command", "publisher.command.run"},
		"relative":           {`whip: {publish: {url: "/v2/{{sessionId}}"}}`, "publisher.whip.publish.url"},
		"unknown word":       {`whip: {publish: {url: "{{url}}/{{session}}"}}`, "want some of sessionId"},
		"not closed":         {`whip: {publish: {url: "{{url}}/{{token"}}`, "unknown placeholder"},
		"host of a value":    {`whip: {events: {url: "https://{{name}}/x"}}`, "a host without placeholders"},
		"user in a host":     {`whip: {events: {url: "https://a@b/x"}}`, "a host without"},
		"host goes on":       {`whip: {events: {url: "{{url}}.evil.example/"}}`, "a path after the host"},
		"url in the middle":  {`whip: {events: {url: "https://a/{{url}}"}}`, "unknown placeholder"},
		"bad header":         {`whip: {connect: {url: "{{url}}", headers: {"a b": c}}}`, "no name of a header"},
		"header of nothing":  {`whip: {connect: {url: "{{url}}", headers: {A: "{{b}}"}}}`, "publisher.whip.connect.headers.A"},
		"other method":       {`whip: {publish: {method: PATCH}}`, "one of POST, GET, PUT"},
		"protocol of a word": {`whip: {events: {url: "{{url}}/e", protocols: ["{{b}}"]}}`, "publisher.whip.events.protocols"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := decodePublisher(t, c.in); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func FuzzEndpoint(f *testing.F) {
	f.Add("{{url}}/v2/{{sessionId}}?a={{token}}", "id", "token")
	f.Add("https://h/{{name}}", "..", "a\r\nb")
	f.Fuzz(func(t *testing.T, template, session, token string) {
		e := Endpoint{URL: template}
		if got, err := e.Address(Values{URL: "http://base.example", SessionID: session, Token: token}); err == nil && strings.ContainsAny(got, "\r\n") {
			t.Errorf("address %q", got)
		}
	})
}
