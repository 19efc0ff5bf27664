// Package exhibit shows records of the evidence to people: an exchange as it went over the wire with a curl line that repeats it, a callback, what
// a film had to show and showed. It judges nothing.
package exhibit

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/text"
)

// Exhibit is a record of the evidence as people read it. Its texts hold what the target sent: they are not safe to print without [text.Plain].
type Exhibit struct {
	Ref      string `json:"ref"`
	Kind     string `json:"kind"`  // of the record: exchange, webhook, ...
	Title    string `json:"title"` // one line
	Scenario string `json:"scenario,omitempty"`
	At       int64  `json:"at"` // milliseconds from the beginning of the scenario
	Parts    []Text `json:"parts,omitempty"`
	Curl     string `json:"curl,omitempty"` // repeats the request; secrets are variables of the shell
	Film     *Film  `json:"film,omitempty"`
}

// Text is a text of an exhibit: a request, an answer.
type Text struct {
	Name string `json:"name"`
	Text string `json:"text"`
	Left int64  `json:"left,omitempty"` // bytes that are left out
}

// Of returns the exhibit of a record. zero is the beginning of its scenario, and most the number of characters of a part.
func Of(r evidence.Record, zero time.Time, most int) Exhibit {
	kind, _ := r.Kind()
	x := Exhibit{Ref: r.Ref(), Kind: kind, Scenario: r.Scenario, At: max(r.Sent().Sub(zero).Milliseconds(), 0)}
	switch {
	case r.Exchange != nil:
		x.Title, x.Parts, x.Curl = exchange(*r.Exchange, most)
	case r.Webhook != nil:
		x.Title = "callback " + text.Clip(notice(r.Webhook.Body), 80)
		x.Parts = []Text{message("callback", r.Webhook.Method+" "+r.Webhook.Path, r.Webhook.Header, r.Webhook.Body, most),
			{Name: "answered", Text: fmt.Sprint(r.Webhook.Answer)}}
	case r.Object != nil:
		x.Title = text.Clip(fmt.Sprintf("file %s, %d bytes", r.Object.Place(), r.Object.Size), 160)
	case r.Client != nil:
		x.Title = text.Clip(fmt.Sprintf("client %s: %s %s", r.Client.Name, r.Client.Event, r.Client.Type), 120)
		if r.Client.Body.Size > 0 {
			x.Parts = []Text{message("message", "", nil, r.Client.Body, most)}
		}
	case r.Published != nil:
		p := r.Published
		x.Title = fmt.Sprintf("%s of %s (%s), %s", p.Kind, p.Client, p.Fixture, p.Last.Sub(p.First).Round(100*time.Millisecond))
	case r.Media != nil:
		x.Title = "content of the file"
	}
	if x.Title == "" {
		x.Title = kind
	}
	if len(x.Parts) == 0 && r.Media == nil {
		x.Parts = []Text{whole(r, kind, most)}
	}
	return x
}

// whole returns the payload of a record as JSON.
func whole(r evidence.Record, kind string, most int) Text {
	doc, err := json.Marshal(r)
	if err != nil {
		return Text{Name: kind, Text: err.Error()}
	}
	var members map[string]json.RawMessage
	_ = json.Unmarshal(doc, &members) // it was just made
	return cut(kind, pretty(string(members[kind])), most)
}

// notice names a callback.
func notice(b evidence.Body) string {
	var n struct{ Event, Status string }
	if b.Decode(&n) != nil {
		return "that is no JSON object"
	}
	return strings.TrimSpace(n.Event + " " + n.Status)
}

// exchange returns the title, the messages and the curl line of an exchange.
func exchange(e evidence.Exchange, most int) (title string, parts []Text, curl string) {
	path := e.Request.URL
	if _, rest, ok := strings.Cut(path, "://"); ok {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			path = rest[i:]
		}
	}
	answer := "no answer"
	if e.Response != nil {
		answer = fmt.Sprint(e.Response.Status)
	}
	title = text.Clip(fmt.Sprintf("%s %s → %s", e.Request.Method, path, answer), 200)
	parts = append(parts, message("request", e.Request.Method+" "+path, e.Request.Header, e.Request.Body, most))
	for _, r := range e.Redirects {
		parts = append(parts, cut("redirected", fmt.Sprintf("%s → %d → %s", r.From, r.Status, r.Location), most))
	}
	if e.Response != nil {
		first := strings.TrimSpace(fmt.Sprintf("%d %s", e.Response.Status, http.StatusText(e.Response.Status)))
		parts = append(parts, message("answer", first, e.Response.Header, e.Response.Body, most))
	}
	if e.Error != "" {
		parts = append(parts, cut("error", e.Error, most))
	}
	for _, v := range e.Violations {
		parts = append(parts, cut("openapi.yaml", strings.TrimSpace(v.Side+" "+v.Pointer)+": "+v.Message, most))
	}
	return title, parts, Curl(e)
}

// message returns a message with sorted headers. A body that is JSON is indented.
func message(name, first string, header http.Header, body evidence.Body, most int) Text {
	var b strings.Builder
	b.WriteString(first)
	for _, key := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[key] {
			fmt.Fprintf(&b, "\n%s: %s", key, value)
		}
	}
	switch {
	case body.Text != "":
		fmt.Fprintf(&b, "\n\n%s", pretty(body.Text))
	case body.Size > 0:
		fmt.Fprintf(&b, "\n\n(%d bytes, evidence/blobs/%s)", body.Size, body.SHA256)
	}
	return cut(name, strings.TrimLeft(b.String(), "\n"), most)
}

func cut(name, s string, most int) Text {
	head := text.Head(s, most)
	return Text{Name: name, Text: head, Left: int64(len(s) - len(head))}
}
