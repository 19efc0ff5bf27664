package check

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"

	"reelcheck/conformance/evidence"
)

var sessionChecks = []Check{
	{"ARC-SES-01", in(pair, refusals), sessionCreated},
	{"ARC-SES-02", in(refusals), sessionRoutedByDefault},
	{"ARC-SES-03", in(refusals), sessionForm},
	{"ARC-SES-04", in(pair, refusals), sessionID},
	{"ARC-SES-06", in(refusals), sessionAutoRelayed},
}

// creation is a call to create a session, with its form.
type creation struct {
	r    evidence.Record
	form url.Values
	id   string
}

func (c *Case) creations() []creation {
	var out []creation
	for _, r := range c.calls("createSession") {
		form, err := url.ParseQuery(r.Exchange.Request.Body.Text)
		if err != nil || !c.sound(r) {
			continue
		}
		n := creation{r: r, form: form}
		for id, s := range c.sessions {
			if s.created.Seq == r.Seq {
				n.id = id
			}
		}
		out = append(out, n)
	}
	return out
}

// impossible: an automatic archive of relayed media.
func (n creation) impossible() bool {
	p2p := n.form.Get("p2p.preference")
	return n.form.Get("archiveMode") == "always" && (p2p == "enabled" || p2p == "always")
}

func sessionCreated(c *Case) {
	for _, n := range c.creations() {
		if !n.impossible() {
			c.want(n.id != "", "200 with an array of one object with session_id", outcome(n.r)+" "+clip(answerText(n.r), 120), n.r)
		}
	}
}

// sessionRoutedByDefault needs a clean start in a session whose form did not name p2p.preference.
func sessionRoutedByDefault(c *Case) {
	for _, n := range c.creations() {
		if n.form.Has("p2p.preference") || n.id == "" {
			continue
		}
		for _, a := range c.starts {
			if a.clean() && a.body.text("sessionId") == n.id {
				c.want(a.Exchange.Status() == 200, "an archive of the session", outcome(a.Record), n.r, a.Record)
			}
		}
	}
}

// sessionForm: a form body is accepted, a location nobody can use is passed over.
func sessionForm(c *Case) {
	for _, n := range c.creations() {
		form := strings.HasPrefix(n.r.Exchange.Request.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
		if !n.impossible() && form && n.form.Has("location") {
			c.want(n.id != "", fmt.Sprintf("a session in spite of location %q", n.form.Get("location")), outcome(n.r), n.r)
		}
	}
}

func sessionID(c *Case) {
	for _, n := range c.creations() {
		if n.id == "" {
			continue
		}
		fields := sessionFields(n.id)
		named := false
		for _, f := range fields {
			named = named || f != "" && (f == n.r.IDs[evidence.Application] || c.owner(f) == n.r.IDs[evidence.Application])
		}
		c.want(named && int64(len(n.id)) <= c.number("session-id.max"), "1_ or 2_ and the base64 of fields that name the application, at most 255 characters",
			fmt.Sprintf("%s with fields %q", n.id, fields), n.r)
	}
}

// sessionFields decodes a session id: + / = are written - _ -, and the fields are separated by tildes.
func sessionFields(id string) []string {
	prefix, rest, ok := strings.Cut(id, "_")
	if !ok || prefix != "1" && prefix != "2" {
		return nil
	}
	for pad := range 3 {
		if text, err := base64.RawURLEncoding.DecodeString(strings.TrimSuffix(rest, strings.Repeat("-", pad))); err == nil {
			return strings.Split(string(text), "~")
		}
	}
	return nil
}

func sessionAutoRelayed(c *Case) {
	for _, n := range c.creations() {
		if n.impossible() && c.readsAtAll(n.r) {
			c.status(n.r, 400)
		}
	}
}
