// Package access judges who may do what: credentials, sessions, and reading, listing and deleting archives.
package access

import (
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/jsonvalue"
)

// Checks are the checks of this package.
var Checks = slices.Concat(authChecks, listChecks, readChecks, deleteChecks, sessionChecks, limitChecks)

var authChecks = []check.Check{
	check.New("ARC-AUTH-01", accepted(evidence.AsUnified), scenarios.Auth),
	check.New("ARC-AUTH-02", denied(evidence.AsNobody, evidence.NoFlaw), scenarios.Auth),
	check.New("ARC-AUTH-03", denied(evidence.AsUnified, evidence.WrongSignature, evidence.UnknownIssuer), scenarios.Auth),
	check.New("ARC-AUTH-04", denied(evidence.AsUnified, evidence.ExpiredToken), scenarios.Auth),
	check.New("ARC-AUTH-05", deniedForeign(evidence.AsUnified), scenarios.Isolation),
	check.New("ARC-AUTH-06", denied(evidence.AsUnified, evidence.TooLongLived, evidence.IssuedEarly), scenarios.Auth),
	check.New("ARC-AUTH-07", denied(evidence.AsUnified, evidence.Unsigned, evidence.WrongAlgorithm), scenarios.Auth),
	check.New("ARC-AUTH-08", denied(evidence.AsUnified, evidence.GarbageToken), scenarios.Auth),
	check.New("ARC-AUTH-09", accepted(evidence.AsLegacy), scenarios.Auth, scenarios.Legacy),
	check.New("ARC-AUTH-10", denied(evidence.AsLegacy, evidence.WrongSignature, evidence.Unsigned, evidence.UnknownIssuer), scenarios.Auth),
	check.New("ARC-AUTH-11", denied(evidence.AsLegacy, evidence.ExpiredToken), scenarios.Auth),
	check.New("ARC-AUTH-12", denied(evidence.AsLegacy, evidence.TooLongLived, evidence.IssuedEarly), scenarios.Auth),
	check.New("ARC-AUTH-13", deniedForeign(evidence.AsLegacy), scenarios.Isolation),
	check.New("ARC-AUTH-14", errorBodies, scenarios.Auth, scenarios.Refusals),
	check.New("ARC-AUTH-15", deniedWithoutEffect, scenarios.Auth),
	check.New("ARC-AUTH-16", clientTokens, scenarios.Auth),
	check.New("ARC-AUTH-17", legacyClientTokens, scenarios.Auth, scenarios.Legacy),
	check.New("ARC-AUTH-20", denied(evidence.AsClient, evidence.NoFlaw), scenarios.Auth),
}

// accepted checks that calls with proper credentials of an identity pass authentication, and that some of them succeed.
func accepted(identity evidence.Identity) func(*check.Case) {
	return func(c *check.Case) {
		for _, r := range c.Calls() {
			if !facts.RestCall(r) || r.Exchange.Identity != identity || !c.Sound(r) {
				continue
			}
			switch status := r.Exchange.Status(); {
			case status == 401 || status == 403 && !c.ForeignObject(r) && !stopsAutomatic(c, r):
				c.Wrong("a call that is accepted", check.Outcome(r), r)
			case status/100 == 2 && c.Meant(r):
				c.Saw(r)
			case status == 0 || status/100 == 5:
				c.Wrong("a call that is accepted", check.Outcome(r), r)
			}
		}
	}
}

// stopsAutomatic reports whether the call stops an automatic archive, which may be refused with 403 (ARC-AUTO-09).
func stopsAutomatic(c *check.Case, r evidence.Record) bool {
	h := c.ByID[r.ArchiveInPath()]
	return r.Exchange.Operation == evidence.StopArchive && h != nil && c.Automatic(h)
}

func denied(identity evidence.Identity, flaws ...evidence.Flaw) func(*check.Case) {
	return func(c *check.Case) {
		for _, r := range c.Calls() {
			if facts.RestCall(r) && flawed(c, r, identity, flaws) && c.ReadsAtAll(r) {
				c.Status(r, 403)
			}
		}
	}
}

func flawed(c *check.Case, r evidence.Record, identity evidence.Identity, flaws []evidence.Flaw) bool {
	e := r.Exchange
	if e.Flaw == evidence.GarbageToken || e.Identity == evidence.AsVerbatim {
		return slices.Contains(flaws, evidence.GarbageToken) // for every identity it is not a token
	}
	return e.Identity == identity && slices.Contains(flaws, e.Flaw)
}

// deniedForeign judges calls with proper credentials of one application under the path of another.
func deniedForeign(identity evidence.Identity) func(*check.Case) {
	return func(c *check.Case) {
		for _, r := range c.Calls() {
			if !facts.RestCall(r) || r.Exchange.Identity != identity || r.Exchange.Flaw != evidence.NoFlaw && r.Exchange.Flaw != evidence.ForeignToken {
				continue
			}
			if c.ForeignPath(r) && c.ReadsAtAll(r) {
				c.Status(r, 403)
			}
		}
	}
}

// errorBodies judges every answer of 400 and more to an operation of the API. A client that does not ask for JSON may be
// answered in XML.
func errorBodies(c *check.Case) {
	for _, r := range c.Calls() {
		if !facts.RestCall(r) || r.Exchange.Status() < 400 || !accepts(r, "json") && strings.HasPrefix(facts.AnswerText(r), "<") {
			continue
		}
		if !c.ReadsAtAll(r) {
			return
		}
		c.Typed(r)
		o, ok := c.Decode(facts.AnswerText(r))
		code, hasCode := o["code"]
		_, whole := o.Whole("code")
		_, hasText := o["description"]
		ok = ok && o.Text("message") != "" && (!hasCode || code == nil || whole) && (!hasText || jsonvalue.Type(o["description"]) == "string")
		c.Want(ok, "an object with a message, an integer code if any, a description as text if any", check.Outcome(r), r)
	}
}

// deniedWithoutEffect judges the archive after a stop or deletion with flawed credentials, and the list after a start.
func deniedWithoutEffect(c *check.Case) {
	for _, r := range c.Calls(evidence.StartArchive, evidence.StopArchive, evidence.DeleteArchive) {
		if c.Sound(r) || r.Exchange.Flaw == evidence.TooLongLived || !c.ReadsAtAll(r) {
			continue
		}
		if r.Exchange.Operation == evidence.StartArchive {
			o, _ := c.Decode(facts.AnswerText(r))
			c.Want(r.Exchange.Status() >= 400 && o.Text("id") == "", "no archive for a caller without proper credentials", check.Outcome(r), r)
			continue
		}
		h := c.ByID[r.ArchiveInPath()]
		if h == nil {
			continue
		}
		before, known := h.LastBefore(r)
		next, ok := h.NextSeen(r)
		if !known || !ok || r.Exchange.Operation == evidence.StopArchive && !facts.InProgress(before.Status()) {
			continue
		}
		same := facts.InProgress(next.Status()) == facts.InProgress(before.Status()) && next.Status() != "deleted"
		c.Want(same || h.StoppedBetween(r, next.At), "no effect on the archive", next.Show("status"), r, next.At)
	}
}
