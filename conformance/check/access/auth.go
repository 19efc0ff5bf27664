// Package access judges who may ask what: credentials, sessions, reading, listing and deleting archives.
package access

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
)

// Checks are those of the chapter.
var Checks = slices.Concat(authChecks, listChecks, readChecks, deleteChecks, sessionChecks, limitChecks)

var authChecks = []check.Check{
	check.New("ARC-AUTH-01", check.In(scenarios.Auth), accepted("unified")),
	check.New("ARC-AUTH-02", check.In(scenarios.Auth), denied("none", "")),
	check.New("ARC-AUTH-03", check.In(scenarios.Auth), denied("unified", "wrong-signature")),
	check.New("ARC-AUTH-04", check.In(scenarios.Auth), denied("unified", "expired")),
	check.New("ARC-AUTH-05", check.In(scenarios.Auth, scenarios.Isolation), deniedForeign("unified")),
	check.New("ARC-AUTH-06", check.In(scenarios.Auth), denied("unified", "too-long-lived")),
	check.New("ARC-AUTH-07", check.In(scenarios.Auth), denied("unified", "unsigned", "wrong-algorithm")),
	check.New("ARC-AUTH-08", check.In(scenarios.Auth), denied("unified", "garbage")),
	check.New("ARC-AUTH-09", check.In(scenarios.Auth, scenarios.Legacy), accepted("legacy")),
	check.New("ARC-AUTH-10", check.In(scenarios.Auth), denied("legacy", "wrong-signature")),
	check.New("ARC-AUTH-11", check.In(scenarios.Auth), denied("legacy", "expired")),
	check.New("ARC-AUTH-12", check.In(scenarios.Auth), denied("legacy", "too-long-lived")),
	check.New("ARC-AUTH-13", check.In(scenarios.Auth, scenarios.Isolation), deniedForeign("legacy")),
	check.New("ARC-AUTH-14", check.In(scenarios.Auth, scenarios.Refusals), errorBodies),
	check.New("ARC-AUTH-15", check.In(scenarios.Auth), deniedWithoutEffect),
	check.New("ARC-AUTH-16", check.In(scenarios.Auth), clientTokens),
	check.New("ARC-AUTH-17", check.In(scenarios.Auth, scenarios.Legacy), legacyClientTokens),
}

// accepted: calls with proper credentials of an identity get past authentication, and some of them succeed.
func accepted(identity string) func(*check.Case) {
	return func(c *check.Case) {
		for _, r := range c.Calls() {
			if !check.RestCall(r) || r.Exchange.Identity != identity || !c.Sound(r) {
				continue
			}
			switch status := r.Exchange.Status(); {
			case status == 401 || status == 403 && !c.ForeignObject(r):
				c.Wrong("a call that is accepted", check.Outcome(r), r)
			case status/100 == 2 && c.Meant(r):
				c.Saw(r)
			case status == 0 || status/100 == 5:
				c.Wrong("a call that is accepted", check.Outcome(r), r)
			}
		}
	}
}

func denied(identity string, flaws ...string) func(*check.Case) {
	return func(c *check.Case) {
		for _, r := range c.Calls() {
			if check.RestCall(r) && flawed(c, r, identity, flaws) && c.ReadsAtAll(r) {
				c.Status(r, 403)
			}
		}
	}
}

func flawed(c *check.Case, r evidence.Record, identity string, flaws []string) bool {
	e := r.Exchange
	if e.Flaw == "garbage" || e.Identity == "verbatim" {
		return slices.Contains(flaws, "garbage") // whatever the identity, it is no token
	}
	return e.Identity == identity && slices.Contains(flaws, e.Flaw)
}

// deniedForeign: proper credentials of one application under the path of another.
func deniedForeign(identity string) func(*check.Case) {
	return func(c *check.Case) {
		for _, r := range c.Calls() {
			if !check.RestCall(r) || r.Exchange.Identity != identity || r.Exchange.Flaw != "" && r.Exchange.Flaw != "foreign-application" {
				continue
			}
			if c.ForeignPath(r) && c.ReadsAtAll(r) {
				c.Status(r, 403)
			}
		}
	}
}

// errorBodies judges every answer of 400 and more to an operation of the API.
func errorBodies(c *check.Case) {
	for _, r := range c.Calls() {
		if !check.RestCall(r) || r.Exchange.Status() < 400 {
			continue
		}
		if !c.ReadsAtAll(r) {
			return
		}
		o, ok := c.Decode(check.AnswerText(r))
		code, hasCode := o["code"]
		_, whole := o.Whole("code")
		_, hasText := o["description"]
		ok = ok && o.Text("message") != "" && (!hasCode || code == nil || whole) && (!hasText || check.JSONType(o["description"]) == "string")
		c.Want(ok, "an object with a message, an integer code if any, a description as text if any", check.Outcome(r), r)
	}
}

// deniedWithoutEffect looks at the archive after a stop or delete with flawed credentials, and at the list after a start.
func deniedWithoutEffect(c *check.Case) {
	for _, r := range c.Calls("startArchive", "stopArchive", "deleteArchive") {
		if c.Sound(r) || !c.ReadsAtAll(r) {
			continue
		}
		if r.Exchange.Operation == "startArchive" {
			o, _ := c.Decode(check.AnswerText(r))
			c.Want(r.Exchange.Status() >= 400 && o.Text("id") == "", "no archive for a caller without proper credentials", check.Outcome(r), r)
			continue
		}
		h := c.ByID[check.ArchiveInPath(r)]
		if h == nil {
			continue
		}
		before, known := h.LastBefore(r)
		next, ok := h.NextSeen(r)
		if !known || !ok {
			continue
		}
		same := check.InProgress(next.Status()) == check.InProgress(before.Status()) && next.Status() != "deleted"
		c.Want(same || h.StoppedBetween(r, next.At), "no effect on the archive", next.Show("status"), r, next.At)
	}
}

func clientTokens(c *check.Case) {
	opened := c.View.Clients().Where(func(r *evidence.Record) bool { return r.Client.Event == "open" })
	for _, r := range c.View.Clients().Records {
		if !flawedClient(c, r) {
			continue
		}
		if len(opened.Records) == 0 {
			c.Blocked("a refusal by a target that lets proper clients in", "no client was ever let in", r)
			return
		}
		c.Want(r.Client.Event == "refused" && r.Client.CloseCode/100 == 4, "a refusal of the client", fmt.Sprintf("%s %d", r.Client.Event, r.Client.CloseCode), r)
	}
	for _, r := range opened.Records {
		if !flawedClient(c, r) {
			c.Saw(r)
			return
		}
	}
}

func legacyClientTokens(c *check.Case) {
	for _, r := range c.View.Clients().Records {
		if legacyClient(c, r) && (r.Client.Event == "open" || r.Client.Event == "refused") {
			c.Want(r.Client.Event == "open", "the client to be let in", fmt.Sprintf("%s %d %s", r.Client.Event, r.Client.CloseCode, r.Client.Body.Text), r)
		}
	}
}

// flawedClient: the scenario gave the client a token that must not let it in; its name says what is wrong.
func flawedClient(c *check.Case, r evidence.Record) bool {
	return r.Scenario == scenarios.Auth && slices.ContainsFunc([]string{"-other-session", "-expired", "-wrong-signature"}, func(flaw string) bool {
		return strings.HasSuffix(r.Client.Name, flaw)
	})
}

// legacyClient: a client with a T1 token.
func legacyClient(c *check.Case, r evidence.Record) bool {
	return r.Scenario == scenarios.Auth && r.Client.Name == "t1" || r.Scenario == scenarios.Legacy
}
