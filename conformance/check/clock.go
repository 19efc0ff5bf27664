package check

import (
	"slices"
	"time"

	"reelcheck/conformance/evidence"
)

// walk is one advance of an application's clock, in real time.
type walk struct {
	app      string
	from, to time.Time
	skip     time.Duration
}

func walks(v evidence.View) []walk {
	var out []walk
	for _, r := range v.Clocks().Records {
		w := walk{app: r.IDs[evidence.Application], from: r.Time, to: r.Time, skip: r.Clock.Skip}
		if e, ok := v.Scenario(r.Scenario).Label(r.Label).Exchanges("advanceClock").
			Where(func(e *evidence.Record) bool { return e.Seq < r.Seq }).Last(); ok {
			w.from = e.Exchange.Started
		}
		out = append(out, w)
	}
	return out
}

// earliest is the policy time at a real moment if every walk under way had not
// moved yet, latest if it had moved in full.
func (f *facts) earliest(app string, at time.Time) time.Time {
	return at.Add(f.skipped(app, func(w walk) bool { return !w.to.After(at) }))
}

func (f *facts) latest(app string, at time.Time) time.Time {
	return at.Add(f.skipped(app, func(w walk) bool { return !w.from.After(at) }))
}

func (f *facts) skipped(app string, counts func(walk) bool) (sum time.Duration) {
	for _, w := range f.walks {
		if w.app == app && counts(w) {
			sum += w.skip
		}
	}
	return sum
}

// rule is a limit that ends an archive by itself.
type rule string

const (
	byCall     rule = "call"
	byMinute   rule = "first minute"
	byRecorded rule = "recorded time"
	byTotal    rule = "total time"
	byIdle     rule = "idle time"
	byLeaving  rule = "all clients left"
)

// course is what the harness did around an archive, in policy time, and from it
// when the archive has to stop. It never looks at the target's answers. Sessions that are archived automatically and
// archives whose streams are selected have other rules, and none.
type course struct {
	started time.Time
	streams []span // in policy time, cut to the archive
	clients []span
	rule    rule
	end     time.Time // by rule
	stop    evidence.Record
	begun   time.Time // the start call had been answered
	ended   time.Time // the end had come at the latest: the stop call was answered, or the limit's tolerance was over
}

func (c *Case) course(h *history) (course, bool) {
	if k, known := c.courses[h]; known {
		return k, true
	}
	k, ok := c.retrace(h)
	if ok {
		c.courses[h] = k
	}
	return k, ok
}

func (c *Case) retrace(h *history) (course, bool) {
	s := c.sessions[h.start.IDs[evidence.Session]]
	if h.start.Exchange == nil || s == nil || s.auto || h.request.text("streamMode") == "manual" {
		return course{}, false
	}
	app := h.start.IDs[evidence.Application]
	k := course{started: c.earliest(app, h.start.Exchange.Started)}
	k.streams = c.inPolicy(app, s.streams, k.started)
	k.clients = c.inPolicy(app, s.clients, k.started)
	k.begun = c.latest(app, over(h.start))
	k.rule, k.end = c.limits(k)
	k.ended = k.end.Add(c.limit("tolerance.limit.late"))
	if r, ok := h.firstStop(); ok {
		if at := c.earliest(app, r.Exchange.Started); at.Before(k.end) {
			k.rule, k.end, k.ended, k.stop = byCall, at, c.latest(app, over(r)), r
		}
	}
	return k, true
}

// inPolicy maps spans to policy time, merges them, and leaves out what was over before the start.
func (c *Case) inPolicy(app string, spans []span, start time.Time) []span {
	var out []span
	for _, s := range union(spans) {
		p := span{from: c.earliest(app, s.from), by: s.by}
		if !s.to.IsZero() {
			p.to, p.late = c.earliest(app, s.to), c.latest(app, s.late)
			if !p.to.After(start) {
				continue
			}
		}
		if p.from.Before(start) {
			p.from = start
		}
		out = append(out, p)
	}
	return out
}

// limits finds the earliest instant at which one of the limits ends the archive.
func (c *Case) limits(k course) (rule, time.Time) {
	first, end := byTotal, k.started.Add(c.limit("total-time.max"))
	sooner := func(r rule, at time.Time) {
		if at.Before(end) {
			first, end = r, at
		}
	}
	if minute := k.started.Add(c.limit("first-publisher.max")); len(k.streams) == 0 || k.streams[0].from.After(minute) {
		sooner(byMinute, minute)
	}
	left := c.limit("recorded-time.max")
	for _, s := range k.streams {
		if s.to.IsZero() || s.to.Sub(s.from) >= left {
			sooner(byRecorded, s.from.Add(left))
			break
		}
		left -= s.to.Sub(s.from)
	}
	for _, gap := range gaps(k.streams, k.started) {
		if idle := gap.from.Add(c.limit("idle-time.max")); gap.to.IsZero() || gap.to.After(idle) {
			sooner(byIdle, idle)
		}
	}
	for _, gap := range gaps(k.clients, k.started) {
		if alone := gap.from.Add(c.limit("without-clients.max")); gap.to.IsZero() || gap.to.After(alone) {
			sooner(byLeaving, alone)
		}
	}
	return first, end
}

// gaps are the stretches after start that no span covers; the last may be open.
func gaps(spans []span, start time.Time) []span {
	var out []span
	at := start
	for _, s := range spans {
		if s.from.After(at) {
			out = append(out, span{from: at, to: s.from})
		}
		if s.to.IsZero() {
			return out
		}
		at = s.to
	}
	return append(out, span{from: at})
}

// recorded brackets how long streams were published between the start and the
// end of an archive: calls take effect between their request and their answer.
func (k course) recorded() (least, most time.Duration) {
	for _, s := range k.streams {
		least += length(later(s.from, k.begun), sooner(s.to, k.end))
		most += length(s.from, sooner(s.late, k.ended))
	}
	return least, most
}

func length(from, to time.Time) time.Duration { return max(to.Sub(from), 0) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// sooner of two ends, where none is later than any.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// pauses are the gaps between publications within an archive.
func (k course) pauses() []span {
	var out []span
	for _, g := range gaps(k.streams, k.started) {
		if g.from.After(k.started) && !g.to.IsZero() && g.to.Before(k.end) {
			out = append(out, g)
		}
	}
	return out
}

// stopSeen brackets the real end of an archive: the last moment it was surely in
// progress and the first moment it surely was not.
func (c *Case) stopSeen(h *history) (alive, dead []sighting) {
	for _, s := range h.seen {
		if inProgress(s.status()) {
			alive = append(alive, s)
		} else {
			dead = append(dead, s)
		}
	}
	return alive, dead
}

func (c *Case) limit(name string) time.Duration {
	l, ok := c.ledger.Limit(name)
	if !ok || l.Duration() == 0 {
		panic("check: internal error: no span of time " + name)
	}
	return l.Duration()
}

func (c *Case) number(name string) int64 {
	l, ok := c.ledger.Limit(name)
	if !ok {
		panic("check: internal error: no limit " + name)
	}
	return l.Value
}

func (c *Case) list(name string) []string {
	l, ok := c.ledger.List(name)
	if !ok {
		panic("check: internal error: no list " + name)
	}
	return slices.Clone(l.Values)
}
