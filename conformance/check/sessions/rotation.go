package sessions

import (
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
)

// rotationChecks are about sessions that move to another server.
var rotationChecks = []check.Check{
	check.New("ARC-EVT-07", plansTold(monitorTold), scenarios.Rotation),
	check.New("ARC-EVT-08", movesToldToClients, scenarios.Rotation),
}

const notification = "sessionNotification"

// teller judges a notice of a move: whether it is told within a time. there picks the clients that were present.
type teller func(c *check.Case, s *facts.Session, m facts.Move, what string, within func(r evidence.Record, slack time.Duration) bool, there func(facts.Span) bool)

// plansTold checks that there are notices at their times before each planned move.
func plansTold(tell teller) func(*check.Case) {
	return func(c *check.Case) {
		for _, s := range facts.InOrder(c.Sessions) {
			for _, m := range c.Moves(s) {
				for _, notice := range []string{"rotation.notice.first", "rotation.notice.last"} {
					if before := c.Limit(notice); m.Notice > before {
						noticedAt(c, s, m, before, tell)
					}
				}
			}
		}
	}
}

// movesToldToClients checks that every client that was there gets the notices of planned moves, and that a move that is
// asked for is told just before it.
func movesToldToClients(c *check.Case) {
	plansTold(clientsTold)(c)
	for _, s := range facts.InOrder(c.Sessions) {
		for _, m := range c.Moves(s) {
			if m.Notice == 0 {
				noticedAtOnce(c, s, m)
			}
		}
	}
}

// noticedAt checks that there is a notice at the time before from a planned move.
func noticedAt(c *check.Case, s *facts.Session, m facts.Move, before time.Duration, tell teller) {
	allow := c.Limit("tolerance.limit.late")
	from, to := m.At.Add(-before-allow), m.Late.Add(-before+allow)
	within := func(r evidence.Record, slack time.Duration) bool {
		return !c.Latest(s.App, r.Time).Before(from) && !c.Earliest(s.App, r.Time).After(to.Add(slack))
	}
	watched := slices.ContainsFunc(c.View.Clocks().About(evidence.Application, s.App).Records, func(r evidence.Record) bool {
		return c.Latest(s.App, r.Time).After(to)
	})
	if !watched {
		return
	}
	tell(c, s, m, fmt.Sprintf("a notice %v before the move, %s", before, facts.ClockTime(m.At.Add(-before))), within,
		func(cl facts.Span) bool {
			return c.Latest(s.App, cl.From).Before(from) && (cl.To.IsZero() || c.Earliest(s.App, cl.To).After(to))
		})
}

// noticedAtOnce checks that there is a notice between the call and the end of what was recorded. Clients are told one
// after the other.
func noticedAtOnce(c *check.Case, s *facts.Session, m facts.Move) {
	end, ends := m.R.Over().Add(c.Limit("tolerance.move-end")), map[string]time.Time{} // by client
	for _, r := range c.View.About(evidence.Session, s.ID).Clients().Records {
		if r.Client.Type == "archiveStopped" && r.Time.After(m.R.Sent()) && r.Time.Before(end) {
			ends[r.Client.Name] = r.Time
		}
	}
	for _, t := range ends {
		if t.Before(end) {
			end = t
		}
	}
	within := func(r evidence.Record, slack time.Duration) bool {
		last := end
		if r.Client != nil && !ends[r.Client.Name].IsZero() {
			last = ends[r.Client.Name]
		}
		return !r.Time.Before(m.R.Sent()) && !r.Time.After(last.Add(slack))
	}
	there := func(cl facts.Span) bool { return facts.Steady([]facts.Span{cl}, m.R.Sent(), end) }
	clientsTold(c, s, m, "a notice before the session moves", within, there)
	monitorTold(c, s, m, "a notice before the session moves", within, there)
}

func clientsTold(c *check.Case, s *facts.Session, m facts.Move, what string, within func(r evidence.Record, slack time.Duration) bool, there func(facts.Span) bool) {
	for _, cl := range s.Clients {
		if cl.By.Client == nil || !there(cl) {
			continue
		}
		at := []evidence.Record{m.R, cl.By}
		for _, r := range c.View.About(evidence.Session, s.ID).Clients().Records {
			if r.Client.Type == notification && r.Client.Name == cl.By.Client.Name && within(r, 0) {
				at[1] = r
			}
		}
		c.Want(at[1].Client.Type == notification, what+", at client "+cl.By.Client.Name, "none", at...)
	}
}

func monitorTold(c *check.Case, s *facts.Session, m facts.Move, what string, within func(r evidence.Record, slack time.Duration) bool, _ func(facts.Span) bool) {
	if !c.Apps[s.App].Monitored {
		return
	}
	at := []evidence.Record{m.R}
	for _, r := range c.View.Webhooks().About(evidence.Session, s.ID).Records {
		if o, ok := c.Decode(r.Webhook.Body.Text); ok && o.Text("event") == notification && within(r, c.Limit("tolerance.callback-arrival")) {
			at = append(at, r)
		}
	}
	c.Want(len(at) > 1, what+", at the session callback", "none", at...)
}
