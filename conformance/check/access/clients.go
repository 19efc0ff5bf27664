package access

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
)

func clientTokens(c *check.Case) {
	left := "" // a proper client that was gone too soon
	proper := slices.IndexFunc(c.View.Clients().Records, func(r evidence.Record) bool {
		if r.Client.Event != "open" || flawedClient(c, r) {
			return false
		}
		instead, known := entered(c, r)
		if !known {
			left = r.Client.Name
		}
		return known && instead == ""
	})
	for _, r := range c.View.Clients().Records {
		if !flawedClient(c, r) {
			continue
		}
		if proper < 0 && r.Client.Event == "refused" {
			if left != "" {
				c.Unclear(leftTooSoon(left))
				return
			}
			c.Unproven("a refusal by a target that lets proper clients in", "no client was ever let in", r)
			return
		}
		c.Want(r.Client.Event == "refused" && r.Client.CloseCode/100 == 4, "a refusal of the client", fmt.Sprintf("%s %d", r.Client.Event, r.Client.CloseCode), r)
	}
	if proper >= 0 {
		c.Saw(c.View.Clients().Records[proper])
	}
}

func legacyClientTokens(c *check.Case) {
	for _, r := range c.View.Clients().Records {
		if legacyClient(c, r) {
			letIn(c, r, "the client to be let in")
		}
	}
}

// letIn notes whether the target let a client in, if the record tells that it tried to connect.
func letIn(c *check.Case, r evidence.Record, expected string) {
	if r.Client.Event != "open" && r.Client.Event != "refused" {
		return
	}
	if instead, known := entered(c, r); known {
		c.Want(instead == "", expected, instead, r)
	} else {
		c.Unclear(leftTooSoon(r.Client.Name))
	}
}

func leftTooSoon(client string) string {
	return "client " + client + " left before it could be told that it is connected"
}

// entered says what a target did instead of letting a client in, or returns "". A socket that was accepted proves nothing: a target that says
// nothing on it may accept everybody's. known is false if the client was not there long enough.
func entered(c *check.Case, r evidence.Record) (instead string, known bool) {
	if r.Client.Event != "open" {
		return fmt.Sprintf("%s %d %s", r.Client.Event, r.Client.CloseCode, r.Client.Body.Text), true
	}
	for _, next := range c.View.Clients().Records {
		if next.Seq <= r.Seq || next.Scenario != r.Scenario || next.Client.Name != r.Client.Name {
			continue
		}
		switch {
		case next.Client.Event == "message" && next.Client.ConnectionID != "":
			return "", true
		case next.Client.Event == "close":
			return "the socket was accepted, and nothing said that the client is connected", !next.Client.Lost || next.Time.Sub(r.Time) >= c.Limit("tolerance.event-arrival")
		}
	}
	return "", false
}

// flawedClient reports whether the scenario gave the client a token that must not let it in. The client's name says what
// is wrong.
func flawedClient(c *check.Case, r evidence.Record) bool {
	return r.Scenario == scenarios.Auth && slices.ContainsFunc([]string{"-other-session", "-expired", "-wrong-signature"}, func(flaw string) bool {
		return strings.HasSuffix(r.Client.Name, flaw)
	})
}

// legacyClient reports whether the client has a T1 token.
func legacyClient(c *check.Case, r evidence.Record) bool {
	of := r.Client.Name
	return r.Scenario == scenarios.Auth && (of == "t1" || of == "t1-timeless") || r.Scenario == scenarios.Legacy
}
