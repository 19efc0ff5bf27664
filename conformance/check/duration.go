package check

import (
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/evidence"
)

var durationChecks = []Check{
	{"ARC-DUR-01", in(noPublisher), stopsBy(byMinute)},
	{"ARC-DUR-02", in(noPublisher), reasonOf(byMinute, "maximum idle time exceeded")},
	{"ARC-DUR-03", in(fourHours), stopsBy(byRecorded)},
	{"ARC-DUR-04", in(pause), pausesNotCounted},
	{"ARC-DUR-05", in(twelveHours), stopsBy(byTotal)},
	{"ARC-DUR-06", in(idle), stopsBy(byIdle)},
	{"ARC-DUR-07", in(allLeft), stopsBy(byLeaving)},
	{"ARC-DUR-08", in(fourHours), reasonOf(byRecorded, "maximum duration exceeded")},
	{"ARC-DUR-09", in(twelveHours), reasonOf(byTotal, "maximum duration exceeded")},
	{"ARC-DUR-10", in(idle), reasonOf(byIdle, "maximum idle time exceeded")},
	{"ARC-DUR-11", in(allLeft), reasonOf(byLeaving, "session ended")},
	{"ARC-DUR-12", in(idle), publishingEndsIdle},
	{"ARC-DUR-13", in(allLeft), comingBack},
	{"ARC-DUR-14", in(noPublisher, idle, fourHours, twelveHours, allLeft), noEarlyStop},
	{"ARC-DUR-17", in(pair, pause), durationIsRecorded},
}

// stopsBy checks that archives which a limit has to end are in progress until
// then and not after. Moments are read off the harness's own clock and the
// advances it asked for.
func stopsBy(by rule) func(*Case) {
	return func(c *Case) {
		for _, h := range c.startedArchives() {
			k, ok := c.course(h)
			if !ok || k.rule != by {
				continue
			}
			app := h.start.IDs[evidence.Application]
			late := k.end.Add(c.limit("tolerance.limit.late"))
			alive, dead := c.stopSeen(h)
			for _, s := range alive {
				if at := c.earliest(app, s.asked()); at.After(late) {
					c.wrong(fmt.Sprintf("stopped by %s (%s)", clockTime(k.end), by), fmt.Sprintf("%s at %s", s.status(), clockTime(at)), s.at)
				}
			}
			c.endedBy(h, k, dead)
		}
	}
}

func (c *Case) endedBy(h *history, k course, dead []sighting) {
	app := h.start.IDs[evidence.Application]
	early := k.end.Add(-c.limit("tolerance.limit.early"))
	for _, s := range dead {
		if at := c.latest(app, s.answered()); at.Before(early) {
			c.wrong(fmt.Sprintf("in progress until %s (%s)", clockTime(k.end), k.rule), fmt.Sprintf("%s at %s", s.status(), clockTime(at)), s.at)
			continue
		}
		c.saw(s.at)
	}
}

func clockTime(t time.Time) string { return t.UTC().Format("15:04:05.0") + " policy time" }

func reasonOf(by rule, reason string) func(*Case) {
	return func(c *Case) {
		for _, h := range c.startedArchives() {
			k, ok := c.course(h)
			if !ok || k.rule != by {
				continue
			}
			for _, s := range slices.Concat(h.seen, h.hooks) {
				if !inProgress(s.status()) && s.status() != "failed" {
					c.want(s.text("reason") == reason, fmt.Sprintf("reason %q", reason), s.show("reason"), s.at)
				}
			}
		}
	}
}

// delivered are the sightings of h that tell about its file.
func (h *history) delivered() []sighting {
	var out []sighting
	for _, s := range slices.Concat(h.seen, h.hooks) {
		if s.status() == "uploaded" || s.status() == "available" {
			out = append(out, s)
		}
	}
	return out
}

func pausesNotCounted(c *Case) {
	for _, h := range c.startedArchives() {
		k, ok := c.course(h)
		if !ok || len(k.pauses()) == 0 {
			continue
		}
		c.durationWithin(h, k, c.limit("tolerance.duration")+time.Duration(len(k.pauses()))*c.limit("tolerance.pause"))
	}
}

func durationIsRecorded(c *Case) {
	for _, h := range c.startedArchives() {
		if k, ok := c.course(h); ok && len(k.pauses()) == 0 && len(k.streams) > 0 {
			c.durationWithin(h, k, c.limit("tolerance.duration"))
		}
	}
}

func (c *Case) durationWithin(h *history, k course, allow time.Duration) {
	for _, s := range h.delivered() {
		c.durationOf(s, k, allow)
	}
}

// durationOf compares the duration that an archive tells with the recorded time.
func (c *Case) durationOf(s sighting, k course, allow time.Duration) {
	least, most := k.recorded()
	n, ok := s.whole("duration")
	got := time.Duration(n) * time.Second
	c.want(ok && got >= least-allow && got <= most+allow, fmt.Sprintf("duration %.1f to %.1f s, give or take %v", least.Seconds(), most.Seconds(), allow),
		s.show("duration"), s.at)
}

// publishingEndsIdle needs an archive whose idle hour was cut short and that was
// seen in progress after the hour would have been over.
func publishingEndsIdle(c *Case) {
	c.outlives(func(k course) []span { return k.pauses() }, "idle-time.max", "publishing again to end the idle hour")
}

func comingBack(c *Case) {
	c.outlives(func(k course) []span {
		var out []span
		for _, g := range gaps(k.clients, k.started) {
			if g.from.After(k.started) && !g.to.IsZero() && g.to.Before(k.end) {
				out = append(out, g)
			}
		}
		return out
	}, "without-clients.max", "coming back within the minute to keep the archive")
}

// outlives looks at the first sighting after a gap would have ended the archive.
func (c *Case) outlives(gapsOf func(course) []span, limit, expected string) {
	for _, h := range c.startedArchives() {
		k, ok := c.course(h)
		if !ok {
			continue
		}
		app := h.start.IDs[evidence.Application]
		for _, g := range gapsOf(k) {
			due := g.from.Add(c.limit(limit)).Add(c.limit("tolerance.limit.late"))
			for _, s := range h.seen {
				if at := c.earliest(app, s.asked()); at.After(due) && c.latest(app, s.answered()).Before(k.end) {
					c.want(inProgress(s.status()), expected, fmt.Sprintf("%s at %s", s.status(), clockTime(at)), s.at)
				}
			}
		}
	}
}

// noEarlyStop: the proof is an archive seen in progress in the last tenth of the time a limit grants it.
func noEarlyStop(c *Case) {
	for _, h := range c.startedArchives() {
		k, ok := c.course(h)
		if !ok || k.rule == byCall {
			continue
		}
		app := h.start.IDs[evidence.Application]
		alive, dead := c.stopSeen(h)
		for _, s := range dead {
			if at := c.latest(app, s.answered()); at.Before(k.end.Add(-c.limit("tolerance.limit.early"))) {
				c.wrong(fmt.Sprintf("in progress until %s (%s)", clockTime(k.end), k.rule), fmt.Sprintf("%s at %s", s.status(), clockTime(at)), s.at)
			}
		}
		for _, s := range alive {
			if at := c.earliest(app, s.asked()); at.After(k.end.Add(-k.end.Sub(k.started)/10)) && !at.After(k.end) {
				c.saw(s.at)
			}
		}
	}
}
