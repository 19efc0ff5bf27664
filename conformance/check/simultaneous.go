package check

import (
	"fmt"

	"reelcheck/conformance/evidence"
)

var simultaneousChecks = []Check{
	{"ARC-SIM-01", in(simultaneous), severalAtOnce},
	{"ARC-SIM-02", in(simultaneous), tagsUnique},
	{"ARC-SIM-05", in(automatic), besideAutomatic},
	{"ARC-SIM-06", in(automatic), endsApart},
	{"ARC-SIM-08", in(simultaneous), bothRecord},
}

func tagged(h *history) bool { return h.request.text("multiArchiveTag") != "" }

// severalAtOnce: both record, and each has a file of its own with all there is to see and hear.
func severalAtOnce(c *Case) {
	bothRecord(c)
	edge := c.limit("tolerance.stream-edge").Seconds()
	keys := map[string]string{}
	for _, x := range c.exhibits() {
		if !tagged(x.history) {
			continue
		}
		for _, o := range x.objects {
			other, known := keys[o.Object.Key]
			c.want(!known || other == x.id, "a file of its own for archive "+x.id, "the file of archive "+other, o)
			keys[o.Object.Key] = x.id
		}
		for _, t := range x.takes {
			if spans := x.showing(t); t.kept && !c.excused(t.missing(spans, edge) < blink, c.limit("tolerance.stream-edge"), t) {
				c.want(t.missing(spans, edge) < blink, fmt.Sprintf("%s of %s from %.1f to %.1f s in archive %s", t.Kind, t.Client, t.from, t.to, short(x.id)), describe(spans), x.r, t.r)
			}
		}
	}
}

// bothRecord looks at the first of two archives of a session after the second has started, and at the second.
func bothRecord(c *Case) {
	for _, second := range c.startedArchives() {
		for _, first := range c.startedArchives() {
			if first == second || !tagged(first) || !tagged(second) || first.start.IDs[evidence.Session] != second.start.IDs[evidence.Session] ||
				!over(first.start).Before(sent(second.start)) || first.endedBefore(second.start) {
				continue
			}
			for _, h := range []*history{first, second} {
				if s, ok := h.nextSeen(second.start); ok && !h.stoppedBetween(second.start, s.at) {
					c.want(inProgress(s.status()), "two archives in progress", s.show("status"), first.start, second.start, s.at)
				}
			}
		}
	}
}

func tagsUnique(c *Case) {
	for i, a := range c.starts {
		tag := a.body.text("multiArchiveTag")
		switch {
		case tag == "":
		case a.only(flawTag) && c.startsAtAll(a.Record):
			c.status(a.Record, 409)
		case a.clean() && c.usedBefore(c.starts[:i], a):
			c.status(a.Record, 200)
		}
	}
}

func (c *Case) usedBefore(earlier []asked, a asked) bool {
	for _, b := range earlier {
		if b.clean() && b.body.text("sessionId") == a.body.text("sessionId") && b.body.text("multiArchiveTag") == a.body.text("multiArchiveTag") {
			return true
		}
	}
	return false
}

// besideAutomatic: with a tag a start is accepted and the automatic archive goes on, without one it is refused.
func besideAutomatic(c *Case) {
	for _, a := range c.starts {
		s := c.sessions[a.body.text("sessionId")]
		switch {
		case s == nil || !s.auto:
		case a.only(flawAutomatic) && c.startsAtAll(a.Record):
			c.status(a.Record, 409)
		case a.clean():
			if c.status(a.Record, 200) {
				c.goesOn(s, a.Record, "the automatic archive to go on")
			}
		}
	}
}

// endsApart: the end of a started archive is not that of the automatic one.
func endsApart(c *Case) {
	for _, h := range c.startedArchives() {
		s := c.sessions[h.start.IDs[evidence.Session]]
		stop, ok := h.firstStop()
		if s == nil || !s.auto || !ok || !c.status(stop, 200) {
			continue
		}
		c.goesOn(s, stop, "the automatic archive to outlive the stop of the other")
	}
}

// goesOn wants the newest automatic archive of a session in progress when it is next seen after r.
func (c *Case) goesOn(s *session, r evidence.Record, expected string) {
	chain := c.chain(s.id)
	if len(chain) == 0 {
		c.blocked(expected, "no automatic archive was ever seen", r)
		return
	}
	next, ok := chain[len(chain)-1].nextSeen(r)
	if ok && c.clientsSteady(s, r, next.at) {
		c.want(inProgress(next.status()), expected, next.show("status"), r, next.at)
	}
}

func (c *Case) clientsSteady(s *session, from, to evidence.Record) bool {
	return steady(s.clients, sent(from), over(to))
}
