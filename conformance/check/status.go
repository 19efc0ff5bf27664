package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

var statusChecks = []Check{
	{"ARC-STAT-01", in(pair), closedStatuses},
	{"ARC-STAT-02", in(pair), statusWhile("started")},
	{"ARC-STAT-03", in(pause), statusWhile("paused while connected")},
	{"ARC-STAT-04", in(allLeft), statusWhile("paused when left")},
	{"ARC-STAT-05", in(pause), resumed},
	{"ARC-STAT-07", in(pair), stoppedFirst},
	{"ARC-STAT-08", in(pair), overtaking},
	{"ARC-STAT-09", in(pair, pause), knownTransitions},
	{"ARC-STAT-10", in(pair, pause), answersNotBehind},
	{"ARC-STAT-11", in(cloud), expires},
	{"ARC-STAT-15", in(pair, cloud), finalStays},
}

func closedStatuses(c *Case) {
	var names []string
	for _, s := range c.ledger.States.Statuses {
		names = append(names, s.Name)
	}
	for _, h := range c.startedArchives() {
		for _, s := range h.seen {
			gone := s.status() == "deleted" && h.deletedBefore(s.at) // ARC-DEL-03 permits it
			c.want(slices.Contains(names, s.status()) || gone, "one of "+strings.Join(names, ", "), s.show("status"), s.at)
		}
	}
}

// statusWhile judges reads during which nothing changed: neither the clients and
// streams, nor the archive, which no call or limit had ended. A change takes
// the tolerance of a pause to settle; until then the old status is no fault.
// All of it in policy time, so that an advance of the clock is time to settle, too.
func statusWhile(situation string) func(*Case) {
	return func(c *Case) {
		settle := c.limit("tolerance.pause")
		for _, h := range c.startedArchives() {
			k, ok := c.course(h)
			if !ok || len(k.streams) == 0 {
				continue
			}
			app := h.start.IDs[evidence.Application]
			for _, got := range h.seen {
				from, to := c.earliest(app, got.asked()), c.latest(app, got.answered())
				if !from.After(k.begun) || to.After(k.end) || !from.After(k.streams[0].from) {
					continue
				}
				want := k.expected(situation, from, to)
				if want != "" && got.status() == want {
					c.saw(got.at)
				} else if want = k.expected(situation, from.Add(-settle), to); want != "" && from.Add(-settle).After(k.begun) {
					c.wrong("status "+want, got.show("status"), got.at)
				}
			}
		}
	}
}

// expected is the status that the situation demands from from to to, empty when it does not apply.
func (k course) expected(situation string, from, to time.Time) string {
	quiet := !anyDuring(k.streams, from, to)
	switch {
	case situation == "started" && steady(k.streams, from, to):
		return "started"
	case situation == "paused while connected" && quiet && steady(k.clients, from, to):
		return "paused"
	case situation == "paused when left" && quiet && !anyDuring(k.clients, from, to):
		return "paused"
	}
	return ""
}

// resumed: after a pause, a stream that is published makes the archive started again.
func resumed(c *Case) {
	settle := c.limit("tolerance.pause")
	for _, h := range c.startedArchives() {
		k, ok := c.course(h)
		if !ok {
			continue
		}
		app := h.start.IDs[evidence.Application]
		for _, g := range k.pauses() {
			for _, got := range h.seen {
				from, to := c.earliest(app, got.asked()), c.latest(app, got.answered())
				switch {
				case !from.After(g.to) || !to.Before(k.end) || !steady(k.streams, from, to):
				case got.status() == "started":
					c.saw(got.at)
				case steady(k.streams, from.Add(-settle), to):
					c.wrong("started again", got.show("status"), got.at)
				}
			}
		}
	}
}

// stoppedFirst judges the order of answers: nothing is delivered before it is
// stopped, and nothing delivered is in progress again.
func stoppedFirst(c *Case) {
	for _, h := range c.startedArchives() {
		var ended evidence.Record
		for _, s := range h.seen {
			if s.via == "listArchives" || s.status() == "deleted" {
				continue
			}
			if final(s.status()) && !c.mayHaveEnded(h, s) {
				c.wrong("stopped before "+s.status(), s.status()+" while recording", s.at)
			}
			if ended.Seq > 0 {
				c.want(!inProgress(s.status()), "no return to recording", s.show("status"), ended, s.at)
			}
			if s.status() == "stopped" || final(s.status()) {
				ended = s.at
			}
		}
		c.stopAnnouncedFirst(h)
	}
}

// mayHaveEnded: a stop call had been sent, or the archive's limit had come.
func (c *Case) mayHaveEnded(h *history, s sighting) bool {
	k, ok := c.course(h)
	if !ok {
		return true
	}
	early := c.limit("tolerance.limit.early")
	return !c.latest(h.start.IDs[evidence.Application], s.answered()).Before(k.end.Add(-early))
}

// stopAnnouncedFirst compares the instants that callbacks of stopped and of the delivery carry.
func (c *Case) stopAnnouncedFirst(h *history) {
	var stopped, delivered sighting
	for _, s := range h.hooks {
		switch {
		case s.status() == "stopped":
			stopped = s
		case delivered.object == nil && (s.status() == "uploaded" || s.status() == "available"):
			delivered = s
		}
	}
	if stopped.object == nil || delivered.object == nil {
		return
	}
	a, okA := stopped.whole("updatedAt")
	b, okB := delivered.whole("updatedAt")
	if okA && okB {
		c.want(a <= b, "stopped no later than "+delivered.status(), fmt.Sprintf("updatedAt %d of stopped, %d of %s", a, b, delivered.status()), stopped.at, delivered.at)
	}
}

func overtaking(c *Case) {
	for _, h := range c.startedArchives() {
		k, ok := c.course(h)
		stopped := slices.IndexFunc(h.hooks, func(s sighting) bool { return s.status() == "stopped" })
		uploaded := slices.IndexFunc(h.hooks, func(s sighting) bool { return s.status() == "uploaded" })
		if !ok || stopped < 0 || uploaded < 0 {
			continue
		}
		least, _ := k.recorded()
		small := least <= c.limit("tolerance.small-archive")
		c.want(stopped < uploaded || small, "uploaded after stopped for a recording of more than 10 s",
			fmt.Sprintf("uploaded before stopped, %.1f s recorded", least.Seconds()), h.hooks[stopped].at, h.hooks[uploaded].at)
	}
}

// reachable tells whether transitions of the ledger lead from one status to another.
func (c *Case) reachable(from, to string) bool {
	seen, next := map[string]bool{from: true}, []string{from}
	for len(next) > 0 {
		at := next[0]
		next = next[1:]
		if at == to {
			return true
		}
		for _, t := range c.ledger.States.Transitions {
			if t.From == at && !seen[t.To] {
				seen[t.To] = true
				next = append(next, t.To)
			}
		}
	}
	return false
}

// knownTransitions judges reads by what can lie between two of them, and
// callbacks, which tell every change, one by one. Only uploaded may overtake
// stopped; ARC-STAT-08 judges when.
func knownTransitions(c *Case) {
	for _, h := range c.startedArchives() {
		last := sighting{object: object{"status": "started"}, at: h.start}
		for _, s := range h.seen {
			if s.status() == "deleted" {
				continue
			}
			if s.status() != last.status() {
				c.want(c.reachable(last.status(), s.status()), "a way from "+last.status()+" by the transitions of the ledger", "to "+s.status(), last.at, s.at)
			}
			last = s
		}
		previous := sighting{}
		for _, s := range h.inOrder() {
			if c.isNotice(s.status()) {
				continue
			}
			if from := previous.status(); from != "" && from != s.status() {
				c.want(c.ledger.States.Allows(from, s.status()), "a transition from "+from, "to "+s.status(), previous.at, s.at)
			}
			previous = s
		}
	}
}

func (c *Case) isNotice(status string) bool {
	for _, n := range c.ledger.States.Notices {
		if n.Name == status {
			return true
		}
	}
	return false
}

// inOrder are the callbacks with a stopped that was overtaken put back in its place.
func (h *history) inOrder() []sighting {
	out := slices.Clone(h.hooks)
	for i := 1; i < len(out); i++ {
		if out[i].status() == "stopped" && (out[i-1].status() == "uploaded" || out[i-1].status() == "available") {
			out[i-1], out[i] = out[i], out[i-1]
		}
	}
	return out
}

// answersNotBehind: a callback that had arrived before a read was sent tells a
// status that the read must have reached.
func answersNotBehind(c *Case) {
	for _, h := range c.startedArchives() {
		for _, s := range h.seen {
			if s.status() == "deleted" {
				continue
			}
			for i := len(h.hooks) - 1; i >= 0; i-- {
				hook := h.hooks[i]
				if !hook.at.Time.Before(s.asked()) || c.isNotice(hook.status()) {
					continue
				}
				c.want(c.reachable(hook.status(), s.status()), "a status not older than "+hook.status(), s.show("status"), hook.at, s.at)
				break
			}
		}
	}
}

// expires judges available archives read after the cloud period: expired then,
// and not before.
func expires(c *Case) {
	allow := c.limit("tolerance.cloud-period")
	for _, h := range c.startedArchives() {
		app := h.start.IDs[evidence.Application]
		due := c.earliest(app, h.start.Exchange.Started).Add(c.limit("cloud.period"))
		wasAvailable := false
		for _, s := range h.seen {
			switch {
			case h.deletedBefore(s.at) || !wasAvailable:
			case s.status() == "expired":
				c.want(!c.latest(app, s.answered()).Before(due.Add(-allow)), "available until the cloud period is over", "expired", s.at)
			case c.earliest(app, s.asked()).After(due.Add(allow)):
				c.wrong("expired", s.show("status"), s.at)
			}
			wasAvailable = wasAvailable || s.status() == "available"
		}
	}
}

func finalStays(c *Case) {
	for _, h := range c.startedArchives() {
		var end sighting
		for _, s := range h.seen {
			if s.status() == "deleted" && h.deletedBefore(s.at) {
				break
			}
			if end.object != nil {
				c.want(s.status() == end.status(), end.status()+" for good", s.show("status"), end.at, s.at)
			} else if final(s.status()) && s.status() != "available" {
				end = s
			}
		}
	}
}
