package check

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
)

var authChecks = []Check{
	{"ARC-AUTH-01", in(auth), accepted("unified")},
	{"ARC-AUTH-02", in(auth), denied("none", "")},
	{"ARC-AUTH-03", in(auth), denied("unified", "wrong-signature")},
	{"ARC-AUTH-04", in(auth), denied("unified", "expired")},
	{"ARC-AUTH-05", in(auth, isolation), deniedForeign("unified")},
	{"ARC-AUTH-06", in(auth), denied("unified", "too-long-lived")},
	{"ARC-AUTH-07", in(auth), denied("unified", "unsigned", "wrong-algorithm")},
	{"ARC-AUTH-08", in(auth), denied("unified", "garbage")},
	{"ARC-AUTH-09", in(auth, legacy), accepted("legacy")},
	{"ARC-AUTH-10", in(auth), denied("legacy", "wrong-signature")},
	{"ARC-AUTH-11", in(auth), denied("legacy", "expired")},
	{"ARC-AUTH-12", in(auth), denied("legacy", "too-long-lived")},
	{"ARC-AUTH-13", in(auth, isolation), deniedForeign("legacy")},
	{"ARC-AUTH-14", in(auth, refusals), errorBodies},
	{"ARC-AUTH-15", in(auth), deniedWithoutEffect},
	{"ARC-AUTH-16", in(auth), clientTokens},
	{"ARC-AUTH-17", in(auth, legacy), legacyClientTokens},
}

// restCall tells the operations that REST credentials protect.
func restCall(r evidence.Record) bool {
	return r.Exchange != nil && slices.Contains([]string{"createSession", "startArchive", "stopArchive", "getArchive", "listArchives",
		"deleteArchive", "listConnections", "listStreams"}, r.Exchange.Operation)
}

// accepted: calls with proper credentials of an identity get past authentication, and some of them succeed.
func accepted(identity string) func(*Case) {
	return func(c *Case) {
		for _, r := range c.calls() {
			if !restCall(r) || r.Exchange.Identity != identity || !c.sound(r) {
				continue
			}
			switch status := r.Exchange.Status(); {
			case status == 401 || status == 403 && !c.foreignObject(r):
				c.wrong("a call that is accepted", outcome(r), r)
			case status/100 == 2 && c.meant(r):
				c.saw(r)
			case status == 0 || status/100 == 5:
				c.wrong("a call that is accepted", outcome(r), r)
			}
		}
	}
}

// meant: a success that looks like one, not just a status of 200.
func (c *Case) meant(r evidence.Record) bool {
	switch r.Exchange.Operation {
	case "listArchives", "listConnections", "listStreams":
		o, _ := c.decode(answerText(r))
		_, whole := o.whole("count")
		return whole
	case "createSession":
		for _, s := range c.sessions {
			if s.created.Seq == r.Seq {
				return true
			}
		}
		return false
	case "deleteArchive":
		return r.Exchange.Status() == 204
	}
	o, _ := c.decode(answerText(r))
	return o.text("id") != ""
}

// foreignObject: the call names a session or an archive of another application.
func (c *Case) foreignObject(r evidence.Record) bool {
	if h := c.byID[r.IDs[evidence.Archive]]; h != nil && h.start.Exchange != nil && !sameApp(h.start, r) {
		return true
	}
	s := c.sessions[r.IDs[evidence.Session]]
	return s != nil && s.app != r.IDs[evidence.Application]
}

// readsAtAll notes the clause as blocked when no call with proper credentials
// ever succeeded: a target that refuses everybody has not shown that it tells them apart.
func (c *Case) readsAtAll(at evidence.Record) bool {
	for _, r := range c.calls() {
		if restCall(r) && c.sound(r) && r.Exchange.Status()/100 == 2 && c.meant(r) {
			return true
		}
	}
	c.blocked("a refusal by a target that accepts proper credentials", "no call with proper credentials ever succeeded", at)
	return false
}

func denied(identity string, flaws ...string) func(*Case) {
	return func(c *Case) {
		for _, r := range c.calls() {
			if restCall(r) && c.flawed(r, identity, flaws) && c.readsAtAll(r) {
				c.status(r, 403)
			}
		}
	}
}

func (c *Case) flawed(r evidence.Record, identity string, flaws []string) bool {
	e := r.Exchange
	if e.Flaw == "garbage" || e.Identity == "verbatim" {
		return slices.Contains(flaws, "garbage") // whatever the identity, it is no token
	}
	return e.Identity == identity && slices.Contains(flaws, e.Flaw)
}

// deniedForeign: proper credentials of one application under the path of another.
func deniedForeign(identity string) func(*Case) {
	return func(c *Case) {
		for _, r := range c.calls() {
			if !restCall(r) || r.Exchange.Identity != identity || r.Exchange.Flaw != "" && r.Exchange.Flaw != "foreign-application" {
				continue
			}
			if c.foreignPath(r) && c.readsAtAll(r) {
				c.status(r, 403)
			}
		}
	}
}

// errorBodies judges every answer of 400 and more to an operation of the API.
func errorBodies(c *Case) {
	for _, r := range c.calls() {
		if !restCall(r) || r.Exchange.Status() < 400 {
			continue
		}
		if !c.readsAtAll(r) {
			return
		}
		o, ok := c.decode(answerText(r))
		code, hasCode := o["code"]
		_, whole := o.whole("code")
		_, hasText := o["description"]
		ok = ok && o.text("message") != "" && (!hasCode || code == nil || whole) && (!hasText || jsonType(o["description"]) == "string")
		c.want(ok, "an object with a message, an integer code if any, a description as text if any", outcome(r), r)
	}
}

// deniedWithoutEffect looks at the archive after a stop or delete with flawed credentials, and at the list after a start.
func deniedWithoutEffect(c *Case) {
	for _, r := range c.calls("startArchive", "stopArchive", "deleteArchive") {
		if c.sound(r) || !c.readsAtAll(r) {
			continue
		}
		if r.Exchange.Operation == "startArchive" {
			o, _ := c.decode(answerText(r))
			c.want(r.Exchange.Status() >= 400 && o.text("id") == "", "no archive for a caller without proper credentials", outcome(r), r)
			continue
		}
		h := c.byID[archiveInPath(r)]
		if h == nil {
			continue
		}
		before, known := h.lastBefore(r)
		next, ok := h.nextSeen(r)
		if !known || !ok {
			continue
		}
		same := inProgress(next.status()) == inProgress(before.status()) && next.status() != "deleted"
		c.want(same || h.stoppedBetween(r, next.at), "no effect on the archive", next.show("status"), r, next.at)
	}
}

func clientTokens(c *Case) {
	opened := c.view.Clients().Where(func(r *evidence.Record) bool { return r.Client.Event == "open" })
	for _, r := range c.view.Clients().Records {
		if !c.flawedClient(r) {
			continue
		}
		if len(opened.Records) == 0 {
			c.blocked("a refusal by a target that lets proper clients in", "no client was ever let in", r)
			return
		}
		c.want(r.Client.Event == "refused" && r.Client.CloseCode/100 == 4, "a refusal of the client", fmt.Sprintf("%s %d", r.Client.Event, r.Client.CloseCode), r)
	}
	for _, r := range opened.Records {
		if !c.flawedClient(r) {
			c.saw(r)
			return
		}
	}
}

func legacyClientTokens(c *Case) {
	for _, r := range c.view.Clients().Records {
		if c.legacyClient(r) && (r.Client.Event == "open" || r.Client.Event == "refused") {
			c.want(r.Client.Event == "open", "the client to be let in", fmt.Sprintf("%s %d %s", r.Client.Event, r.Client.CloseCode, r.Client.Body.Text), r)
		}
	}
}

// flawedClient: the scenario gave the client a token that must not let it in; its name says what is wrong.
func (c *Case) flawedClient(r evidence.Record) bool {
	return r.Scenario == auth && slices.ContainsFunc([]string{"-other-session", "-expired", "-wrong-signature"}, func(flaw string) bool {
		return strings.HasSuffix(r.Client.Name, flaw)
	})
}

// legacyClient: a client with a T1 token.
func (c *Case) legacyClient(r evidence.Record) bool {
	return r.Scenario == auth && r.Client.Name == "t1" || r.Scenario == legacy
}
