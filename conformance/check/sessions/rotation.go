package sessions

import (
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/media"
)

// rotationChecks are about sessions that move to another server, and about automatic archives that follow each other.
var rotationChecks = []check.Check{
	check.New("ARC-EVT-07", plansTold(monitorTold), scenarios.Rotation),
	check.New("ARC-EVT-08", movesToldToClients, scenarios.Rotation),
	check.New("ARC-AUTO-12", usedAgain, scenarios.AutoOverlap),
	check.New("ARC-AUTO-14", goesOnAfterMove, scenarios.AutoOverlap),
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
	if c.Apps[s.App].Monitor == "" {
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

// goesOnAfterMove checks that an archive begins with the move of an automatically archived session, or that the one that
// was recording goes on.
func goesOnAfterMove(c *check.Case) {
	late, allow := c.Limit("tolerance.limit.late"), c.Limit("tolerance.created-at")
	for _, s := range archived(c) {
		for _, m := range c.Moves(s) {
			chain := c.Chain(s.ID)
			before := slices.IndexFunc(chain, func(h *facts.History) bool { return records(c, h, m) })
			if before < 0 {
				continue
			}
			after := slices.IndexFunc(chain, func(h *facts.History) bool {
				at := time.UnixMilli(h.CreatedAt())
				return !at.Before(m.At.Add(-allow)) && !at.After(m.Late.Add(late))
			})
			goesOn := slices.IndexFunc(chain[before].Seen, func(got facts.Sighting) bool {
				return facts.InProgress(got.Status()) && c.Earliest(s.App, got.Asked()).After(m.Late.Add(late))
			})
			if after < 0 && goesOn >= 0 {
				c.Saw(m.R, chain[before].Seen[goesOn].At)
				continue
			}
			if !c.Want(after >= 0, "another archive that begins with the move, "+facts.ClockTime(m.At), fmt.Sprintf("%d archives, none of them then", len(chain)), m.R) {
				continue
			}
			for _, got := range chain[before].Seen {
				if c.Earliest(s.App, got.Asked()).After(m.Late.Add(late)) {
					c.Want(!facts.InProgress(got.Status()), "the archive before the move has ended", got.Show("status"), m.R, got.At)
				}
			}
		}
	}
}

// records reports whether an archive was in progress just before a move.
func records(c *check.Case, h *facts.History, m facts.Move) bool {
	alive, dead := c.StopSeen(h)
	began := time.UnixMilli(h.CreatedAt()).Before(m.At)
	return began && len(alive) > 0 && (len(dead) == 0 || dead[0].Answered().After(m.R.Sent()))
}

// usedAgain judges a session that is used again after its automatic archive has timed out. That archive must not change;
// whether there is another one is the target's choice.
func usedAgain(c *check.Case) {
	for _, s := range archived(c) {
		for _, h := range c.Chain(s.ID) {
			_, dead := c.StopSeen(h)
			if len(dead) == 0 || dead[0].Text("reason") != "maximum idle time exceeded" {
				continue
			}
			again := slices.IndexFunc(s.Streams, func(u facts.Span) bool { return u.From.After(dead[0].Answered()) })
			if again < 0 {
				continue
			}
			for _, got := range h.Seen {
				if got.Asked().After(s.Streams[again].From) {
					c.Want(!facts.InProgress(got.Status()), "an archive that stays ended", got.Show("status"), s.Streams[again].By, got.At)
				}
			}
		}
	}
}

// shared returns for how many seconds a published picture is both at the end of one file and at the start of the next,
// by the numbers of its frames. It is negative for a gap. ok is false if a file shows the picture's loop more than once.
func shared(before, next *media.Picture, t content.Due) (seconds float64, ok bool) {
	old, fresh := before.OfStream(t.Fixture), next.OfStream(t.Fixture)
	if len(old) == 0 || len(fresh) == 0 {
		return 0, true
	}
	shown := (old[len(old)-1].To - old[0].From) * t.Rate
	if shown >= float64(t.LoopUnits) {
		return 0, false
	}
	frames := (old[len(old)-1].LastMark - fresh[0].FirstMark + t.LoopUnits) % t.LoopUnits
	if float64(frames) > shown+t.Rate {
		frames -= t.LoopUnits
	}
	return float64(frames) / t.Rate, true
}
