package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
	"reelcheck/conformance/facts/jsonvalue"
)

var statusChecks = []check.Check{
	check.New("ARC-STAT-01", closedStatuses, scenarios.Pair),
	check.New("ARC-STAT-02", statusWhile("started"), scenarios.Pair, scenarios.Pause),
	check.New("ARC-STAT-03", statusWhile("paused while connected"), scenarios.Pause, scenarios.Idle),
	check.New("ARC-STAT-04", statusWhile("paused when left"), scenarios.AllLeft),
	check.New("ARC-STAT-05", resumed, scenarios.Pause),
	check.New("ARC-STAT-07", stoppedFirst, scenarios.Pair),
	check.New("ARC-STAT-08", overtaking, scenarios.Pair),
	check.New("ARC-STAT-09", knownTransitions, scenarios.Pair, scenarios.Pause),
	check.New("ARC-STAT-10", answersNotBehind, scenarios.Pair, scenarios.Pause),
	check.New("ARC-STAT-11", expires, scenarios.Cloud),
	check.New("ARC-STAT-15", finalStays, scenarios.Pair, scenarios.Cloud),
}

func closedStatuses(c *check.Case) {
	var names []string
	for _, s := range c.Ledger.States.Statuses {
		names = append(names, s.Name)
	}
	for _, h := range c.EveryArchive() {
		for _, s := range h.Seen {
			gone := s.Status() == "deleted" && h.DeletedBefore(s.At) // ARC-DEL-03 permits it
			c.Want(slices.Contains(names, s.Status()) || gone, "one of "+strings.Join(names, ", "), s.Show("status"), s.At)
		}
	}
}

// statusWhile judges reads during which nothing changed: neither clients and streams, nor the archive, which no call or
// limit had ended. After a change the old status is allowed for the tolerance of a pause. All times are policy time, so
// that an advance of the clock counts too.
func statusWhile(situation string) func(*check.Case) {
	return func(c *check.Case) {
		settle := c.Limit("tolerance.pause")
		for _, h := range c.EveryArchive() {
			k, ok := course.Of(c.Facts, h)
			if !ok || len(k.Streams) == 0 {
				continue
			}
			app := h.App()
			for _, got := range h.Seen {
				from, to := c.Earliest(app, got.Asked()), c.Latest(app, got.Answered())
				if !from.After(k.Begun) || to.After(k.Soonest()) || !from.After(k.Streams[0].From) {
					continue
				}
				want := expected(k, situation, from, to)
				if want != "" && got.Status() == want {
					c.Saw(got.At)
				} else if want = expected(k, situation, from.Add(-settle), to); want != "" && from.Add(-settle).After(k.Begun) {
					c.Wrong("status "+want, got.Show("status"), got.At)
				}
			}
		}
	}
}

// expected returns the status that the situation demands between from and to, or "" when it does not apply.
func expected(k course.Course, situation string, from, to time.Time) string {
	quiet := !facts.AnyDuring(k.Streams, from, to)
	switch {
	case situation == "started" && facts.Steady(k.Streams, from, to):
		return "started"
	case situation == "paused while connected" && quiet && facts.Steady(k.Clients, from, to):
		return "paused"
	case situation == "paused when left" && quiet && !facts.AnyDuring(k.Clients, from, to):
		return "paused"
	}
	return ""
}

// resumed checks that a published stream after a pause makes the archive started again.
func resumed(c *check.Case) {
	settle := c.Limit("tolerance.pause")
	for _, h := range c.EveryArchive() {
		k, ok := course.Of(c.Facts, h)
		if !ok {
			continue
		}
		app := h.App()
		for _, g := range k.Pauses() {
			for _, got := range h.Seen {
				from, to := c.Earliest(app, got.Asked()), c.Latest(app, got.Answered())
				switch {
				case !from.After(g.To) || !to.Before(k.Soonest()) || !facts.Steady(k.Streams, from, to):
				case got.Status() == "started":
					c.Saw(got.At)
				case facts.Steady(k.Streams, from.Add(-settle), to):
					c.Wrong("started again", got.Show("status"), got.At)
				}
			}
		}
	}
}

// stoppedFirst judges the order of answers: nothing is delivered before it is stopped, and nothing delivered is in
// progress again.
func stoppedFirst(c *check.Case) {
	for _, h := range c.EveryArchive() {
		var ended evidence.Record
		for _, s := range h.Seen {
			if s.Via == evidence.ListArchives || s.Status() == "deleted" {
				continue
			}
			if facts.Final(s.Status()) && !madeToFail(c, h, s) && !c.MayHaveEnded(h, s) {
				c.Wrong("stopped before "+s.Status(), s.Status()+" while recording", s.At)
			}
			switch {
			case ended.Seq > 0 && facts.InProgress(s.Status()):
				c.Wrong("no return to recording", s.Show("status"), ended, s.At)
			case ended.Seq > 0 && facts.Final(s.Status()):
				c.Saw(ended, s.At)
			}
			if s.Status() == "stopped" || facts.Final(s.Status()) {
				ended = s.At
			}
		}
		stopAnnouncedFirst(c, h)
	}
}

// madeToFail reports whether the harness broke the recording. Such a recording may fail at any time without being
// stopped.
func madeToFail(c *check.Case, h *facts.History, s facts.Sighting) bool {
	return s.Status() == "failed" && c.Faulty(h)
}

// stopAnnouncedFirst compares the times in the callbacks about the stop and about the delivery.
func stopAnnouncedFirst(c *check.Case, h *facts.History) {
	var stopped, delivered facts.Sighting
	for _, s := range h.Hooks {
		switch {
		case s.Status() == "stopped":
			stopped = s
		case delivered.Object == nil && (s.Status() == "uploaded" || s.Status() == "available"):
			delivered = s
		}
	}
	if stopped.Object == nil || delivered.Object == nil || delivered.Status() == "uploaded" && small(c, h) {
		return
	}
	a, okA := stopped.Whole("updatedAt")
	b, okB := delivered.Whole("updatedAt")
	if okA && okB {
		c.Want(a <= b, "stopped no later than "+delivered.Status(), fmt.Sprintf("updatedAt %d of stopped, %d of %s", a, b, delivered.Status()), stopped.At, delivered.At)
	}
}

// small reports whether an archive is so small that its upload may be told before its stop (ARC-STAT-08).
func small(c *check.Case, h *facts.History) bool {
	k, ok := course.Of(c.Facts, h)
	least, _ := k.Recorded()
	return ok && least <= c.Limit("tolerance.small-archive")
}

func isStopped(s facts.Sighting) bool { return s.Status() == "stopped" }

func overtaking(c *check.Case) {
	for _, h := range c.EveryArchive() {
		k, ok := course.Of(c.Facts, h)
		stopped := slices.IndexFunc(h.Hooks, isStopped)
		uploaded := slices.IndexFunc(h.Hooks, func(s facts.Sighting) bool { return s.Status() == "uploaded" })
		if !ok || stopped < 0 || uploaded < 0 {
			continue
		}
		least, _ := k.Recorded()
		small := c.Limit("tolerance.small-archive")
		c.Want(stopped < uploaded || least <= small, fmt.Sprintf("uploaded after stopped for a recording of more than %v", small),
			fmt.Sprintf("uploaded before stopped, %.1f s recorded", least.Seconds()), h.Hooks[stopped].At, h.Hooks[uploaded].At)
	}
}

// reachable reports whether transitions of the ledger lead from one status to another.
func reachable(c *check.Case, from, to string) bool {
	seen, next := map[string]bool{from: true}, []string{from}
	for len(next) > 0 {
		at := next[0]
		next = next[1:]
		if at == to {
			return true
		}
		for _, t := range c.Ledger.States.Transitions {
			if t.From == at && !seen[t.To] {
				seen[t.To] = true
				next = append(next, t.To)
			}
		}
	}
	return false
}

// knownTransitions checks reads for the transitions that may lie between two of them, and callbacks, which announce
// every change, one by one, in whatever order they arrived.
func knownTransitions(c *check.Case) {
	for _, h := range c.EveryArchive() {
		last := facts.Sighting{Object: jsonvalue.Object{"status": "started"}, At: h.Start}
		for _, s := range h.Seen {
			if s.Status() == "deleted" || s.Crosses(last) {
				continue
			}
			if s.Status() != last.Status() {
				c.Want(reachable(c, last.Status(), s.Status()), "a way from "+last.Status()+" by the transitions of the ledger", "to "+s.Status(), last.At, s.At)
			}
			last = s
		}
		previous := facts.Sighting{}
		for _, s := range happened(c, h) {
			if from := previous.Status(); from != "" && from != s.Status() {
				c.Want(c.Ledger.States.Allows(from, s.Status()), "a transition from "+from, "to "+s.Status(), previous.At, s.At)
			}
			previous = s
		}
	}
}

// happened returns the changes that callbacks announce, each at its first attempt, in an order in which they may have
// happened: that of their updatedAt, and among those of one moment the one that the ledger allows.
func happened(c *check.Case, h *facts.History) []facts.Sighting {
	var out []facts.Sighting
	for i, s := range h.Hooks {
		again := func(e facts.Sighting) bool { return e.Status() == s.Status() && e.At.Webhook.Answer/100 != 2 }
		if !c.IsNotice(s.Status()) && !slices.ContainsFunc(h.Hooks[:i], again) {
			out = append(out, s)
		}
	}
	out = facts.ByChange(out)
	stopped := slices.IndexFunc(out, isStopped)
	if i := slices.IndexFunc(out, func(s facts.Sighting) bool { return s.Status() == "uploaded" }); small(c, h) && 0 <= i && i < stopped {
		out = slices.Insert(slices.Delete(slices.Clone(out), stopped, stopped+1), i, out[stopped])
	}
	if path, ok := follow(c, "", out); ok {
		return path
	}
	return out
}

// follow returns the changes in an order of known transitions. Only changes of one moment trade places.
func follow(c *check.Case, from string, rest []facts.Sighting) (path []facts.Sighting, ok bool) {
	if len(rest) == 0 {
		return nil, true
	}
	tried := map[string]bool{}
	for i, s := range rest {
		to := s.Status()
		if facts.Later(s, rest[0]) {
			break
		}
		if tried[to] || from != "" && from != to && !c.Ledger.States.Allows(from, to) {
			continue
		}
		tried[to] = true
		if path, ok := follow(c, to, slices.Concat(rest[:i], rest[i+1:])); ok {
			return slices.Insert(path, 0, s), true
		}
	}
	return nil, false
}

// answersNotBehind checks that a read has reached the status of each callback that arrived before the read was sent.
func answersNotBehind(c *check.Case) {
	for _, h := range c.EveryArchive() {
		for _, s := range h.Seen {
			if s.Status() == "deleted" {
				continue
			}
			for i := len(h.Hooks) - 1; i >= 0; i-- {
				hook := h.Hooks[i]
				if !hook.At.Time.Before(s.Asked()) || c.IsNotice(hook.Status()) {
					continue
				}
				ok := reachable(c, hook.Status(), s.Status())
				if hook.Status() != "started" || !ok { // no status is older than started
					c.Want(ok, "a status not older than "+hook.Status(), s.Show("status"), hook.At, s.At)
				}
				break
			}
		}
	}
}

// expires judges available archives that were read near the end of the cloud period: they must be expired after it, and
// not before.
func expires(c *check.Case) {
	allow := c.Limit("tolerance.cloud-period")
	for _, h := range c.EveryArchive() {
		app := h.App()
		due := c.Earliest(app, h.Begun.From).Add(c.Limit("cloud.period"))
		wasAvailable := false
		for _, s := range h.Seen {
			switch {
			case h.DeletedBefore(s.At) || !wasAvailable:
			case s.Status() == "expired":
				c.Want(!c.Latest(app, s.Answered()).Before(due.Add(-allow)), "available until the cloud period is over", "expired", s.At)
			case c.Earliest(app, s.Asked()).After(due.Add(allow)):
				c.Wrong("expired", s.Show("status"), s.At)
			}
			wasAvailable = wasAvailable || s.Status() == "available"
		}
	}
}

func finalStays(c *check.Case) {
	for _, h := range c.EveryArchive() {
		var end facts.Sighting
		for _, s := range h.Seen {
			if s.Status() == "deleted" && h.DeletedBefore(s.At) {
				break
			}
			switch {
			case end.Object == nil && facts.Final(s.Status()) && s.Status() != "available":
				end = s
			case end.Object != nil && !s.Crosses(end):
				c.Want(s.Status() == end.Status(), end.Status()+" for good", s.Show("status"), end.At, s.At)
			}
		}
	}
}
