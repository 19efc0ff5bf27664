package access

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/text"
)

var sessionChecks = []check.Check{
	check.New("ARC-SES-01", sessionCreated, scenarios.Pair, scenarios.Refusals),
	check.New("ARC-SES-02", sessionRoutedByDefault, scenarios.Refusals),
	check.New("ARC-SES-03", sessionForm, scenarios.Refusals),
	check.New("ARC-SES-04", sessionID, scenarios.Pair, scenarios.Refusals),
	check.New("ARC-SES-06", sessionAutoRelayed, scenarios.Refusals),
}

// creation is a call that creates a session, with its form.
type creation struct {
	r    evidence.Record
	form url.Values
	id   string
}

func creations(c *check.Case) []creation {
	var out []creation
	for _, r := range c.Calls(evidence.CreateSession) {
		form, err := url.ParseQuery(r.Exchange.Request.Body.Text)
		if err != nil || !c.Sound(r) || accepts(r, "xml") {
			continue
		}
		n := creation{r: r, form: form}
		for id, s := range facts.InOrder(c.Sessions) {
			if s.Created.Seq == r.Seq {
				n.id = id
			}
		}
		out = append(out, n)
	}
	return out
}

// impossible reports whether the call asks for an automatic archive of relayed media.
func (n creation) impossible() bool {
	p2p := n.form.Get("p2p.preference")
	return n.form.Get("archiveMode") == "always" && (p2p == "enabled" || p2p == "always")
}

func sessionCreated(c *check.Case) {
	const want = "200 with an array of one object with session_id"
	for _, n := range creations(c) {
		if n.id != "" {
			c.Typed(n.r)
		}
		got := check.Outcome(n.r) + " " + text.Clip(facts.AnswerText(n.r), 120)
		switch {
		case n.impossible():
		case n.id == "" && n.form.Has("archiveName"):
			c.Follows("ARC-AUTO-17", want, got, n.r)
		default:
			c.Want(n.id != "", want, got, n.r)
		}
	}
}

// sessionRoutedByDefault needs clean starts in a session whose form did not name p2p.preference. A session that is not routed refuses all of
// them. Other clauses judge the refusal of a single one.
func sessionRoutedByDefault(c *check.Case) {
	for _, n := range creations(c) {
		if n.form.Has("p2p.preference") || n.id == "" {
			continue
		}
		starts := slices.DeleteFunc(slices.Clone(c.Starts), func(a facts.Asked) bool { return !a.Clean() || a.Body.Text("sessionId") != n.id })
		if len(starts) == 0 {
			continue
		}
		a := starts[max(0, slices.IndexFunc(starts, func(a facts.Asked) bool { return a.Exchange.Status() == 200 }))]
		c.Want(a.Exchange.Status() == 200, "an archive of the session", check.Outcome(a.Record), n.r, a.Record)
	}
}

// sessionForm checks that a form body is accepted, and that an unusable location is ignored.
func sessionForm(c *check.Case) {
	for _, n := range creations(c) {
		form := strings.HasPrefix(n.r.Exchange.Request.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
		if !n.impossible() && form && n.form.Has("location") {
			c.Want(n.id != "", fmt.Sprintf("a session in spite of location %q", n.form.Get("location")), check.Outcome(n.r), n.r)
		}
	}
}

func sessionID(c *check.Case) {
	for _, n := range creations(c) {
		if n.id == "" {
			continue
		}
		fields := sessionFields(n.id)
		named := false
		for _, f := range fields {
			named = named || f != "" && (f == n.r.IDs[evidence.Application] || f == n.r.IDs[evidence.APIKey] || c.Owner(f) == n.r.IDs[evidence.Application])
		}
		most := c.Number("session-id.max")
		c.Want(named && int64(len(n.id)) <= most, fmt.Sprintf("1_ or 2_ and the base64 of fields that name the application, at most %d characters", most),
			fmt.Sprintf("%s with fields %q", n.id, fields), n.r)
	}
}

// sessionFields decodes a session id. It writes + / = as - _ -, and separates its fields by tildes.
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

func sessionAutoRelayed(c *check.Case) {
	for _, n := range creations(c) {
		if n.impossible() && c.ReadsAtAll(n.r) {
			c.Refused(n.r)
		}
	}
}
