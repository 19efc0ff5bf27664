package sessions

import (
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
)

// parting is how a client or a stream left its session: when, and for which reasons by name.
type parting struct {
	from, to time.Time
	reasons  []string
}

// partingOf returns how the stream or client of a span that has ended left. Where the harness does not know what the
// target saw, every reason is right.
func partingOf(c *check.Case, connection string, u facts.Span) parting {
	for _, r := range c.Calls(evidence.ForceDisconnect) {
		if connection != "" && r.IDs[evidence.Connection] == connection && r.Exchange.Status() == 204 && r.Sent().Before(u.To) {
			return parting{r.Sent(), r.Over(), []string{"forceDisconnected"}}
		}
	}
	if p := u.By.Published; p != nil && p.Reason == "delete" {
		return parting{u.To, u.Late, []string{"clientDisconnected", "mediaStopped"}}
	}
	for _, r := range c.View.Clients().About(evidence.Connection, connection).Records {
		if r.Client.Event != "close" || r.Client.CloseCode >= 0 && !r.Client.Left {
			continue // the target closed it
		}
		reasons := []string{"clientDisconnected"}
		if r.Client.Lost {
			reasons = []string{"networkDisconnected"}
		}
		return parting{r.Time.Add(-c.Limit("tolerance.connection-change")), r.Time.Add(c.Limit("tolerance.connection-loss")), reasons}
	}
	return parting{u.To, u.Late, leaving(c)}
}

// leaving returns all reasons for which a stream leaves.
func leaving(c *check.Case) []string {
	var names []string
	for _, r := range c.Ledger.States.Reasons {
		if r.Of == "streamRemoved" {
			names = append(names, r.Name)
		}
	}
	return names
}

// partings returns how the clients of a session left, by connection.
func partings(c *check.Case, s *facts.Session) map[string]parting {
	out := map[string]parting{}
	for _, cl := range s.Clients {
		if cl.By.Client != nil && !cl.To.IsZero() {
			id := connectionOf(c, cl.By)
			out[id] = partingOf(c, id, cl)
		}
	}
	return out
}

func (p parting) allows(reason string) bool { return slices.Contains(p.reasons, reason) }
