package check

import (
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

// Walk is one advance of an application's clock, in real time.
type Walk struct {
	app      string
	From, To time.Time
	Skip     time.Duration
	next     bool // to the next deadline and no further, so that what it set off happened at its end
}

func walks(v evidence.View) []Walk {
	var out []Walk
	for _, r := range v.Clocks().Records {
		w := Walk{app: r.IDs[evidence.Application], From: r.Time, To: r.Time, Skip: r.Clock.Skip}
		if e, ok := v.Scenario(r.Scenario).Label(r.Label).Exchanges("advanceClock").
			Where(func(e *evidence.Record) bool { return e.Seq < r.Seq }).Last(); ok {
			w.From = e.Exchange.Started
			w.next = strings.Contains(e.Exchange.Request.Body.Text, `"toNext":true`)
		}
		out = append(out, w)
	}
	return out
}

// Earliest is the policy time at a real moment if every walk under way had not
// moved yet, latest if it had moved in full.
func (f *Facts) Earliest(app string, at time.Time) time.Time {
	return at.Add(f.Skipped(app, func(w Walk) bool { return !w.To.After(at) }))
}

func (f *Facts) Latest(app string, at time.Time) time.Time {
	return at.Add(f.Skipped(app, func(w Walk) bool { return !w.From.After(at) }))
}

// Real is the real moment of a policy time: before the walks that lead beyond it.
func (f *Facts) Real(app string, policy time.Time) time.Time {
	at := policy
	for _, w := range f.walks {
		if w.app != app || !at.After(w.From) {
			continue
		}
		if at = at.Add(-w.Skip); at.Before(w.From) {
			at = w.From // during the walk
		}
	}
	return at
}

func (f *Facts) Skipped(app string, counts func(Walk) bool) (sum time.Duration) {
	for _, w := range f.walks {
		if w.app == app && counts(w) {
			sum += w.Skip
		}
	}
	return sum
}

// WalkAt is the advance of an application's clock that was under way at a real moment.
func (f *Facts) WalkAt(app string, at time.Time) (Walk, bool) {
	i := slices.IndexFunc(f.walks, func(w Walk) bool { return w.app == app && !at.Before(w.From) && !at.After(w.To) })
	if i < 0 {
		return Walk{}, false
	}
	return f.walks[i], true
}

// Exact is the policy time of something that the target did at a real moment, where that can be told.
func (f *Facts) Exact(app string, at time.Time) (time.Time, bool) {
	w, walking := f.WalkAt(app, at)
	return f.Latest(app, at), !walking || w.next
}

// Rule is a limit that ends an archive by itself.
type Rule string

const (
	ByCall     Rule = "call"
	ByMinute   Rule = "first minute"
	ByRecorded Rule = "recorded time"
	ByTotal    Rule = "total time"
	ByIdle     Rule = "idle time"
	ByLeaving  Rule = "all clients left"
	ByMove     Rule = "the session moved"
)

// Course is what the harness did around an archive, in policy time, and from it
// when the archive has to stop. It never looks at the target's answers. Sessions that are archived automatically and
// archives whose streams are selected have other rules, and none.
type Course struct {
	Started time.Time
	Streams []Span // in policy time, cut to the archive
	Clients []Span
	Rule    Rule
	End     time.Time       // by rule
	stop    evidence.Record // the call that ended it
	Begun   time.Time       // the start call had been answered
	ended   time.Time       // the end had come at the latest: the stop call was answered, or the limit's tolerance was over
}

func (c *Case) Course(h *History) (Course, bool) {
	if k, known := c.courses[h]; known {
		return k, true
	}
	k, ok := c.retrace(h)
	if ok {
		c.courses[h] = k
	}
	return k, ok
}

func (c *Case) retrace(h *History) (Course, bool) {
	s := c.Sessions[h.Start.IDs[evidence.Session]]
	if h.Start.Exchange == nil || s == nil || s.Auto || h.Request.Text("streamMode") == "manual" {
		return Course{}, false
	}
	app := h.Start.IDs[evidence.Application]
	k := Course{Started: c.Earliest(app, h.Start.Exchange.Started)}
	k.Streams = c.InPolicy(app, s.Streams, k.Started)
	k.Clients = c.InPolicy(app, s.Clients, k.Started)
	k.Begun = c.Latest(app, Over(h.Start))
	k.Rule, k.End = c.limits(k)
	k.ended = k.End.Add(c.Limit("tolerance.limit.late"))
	for _, m := range c.Moves(s) {
		if m.At.After(k.Started) && m.At.Before(k.End) {
			k.Rule, k.End, k.ended = ByMove, m.At, m.Late.Add(c.Limit("tolerance.limit.late"))
			if m.Notice == 0 {
				k.stop = m.R
			}
		}
	}
	if r, ok := h.FirstStop(); ok {
		if at := c.Earliest(app, r.Exchange.Started); at.Before(k.End) {
			k.Rule, k.End, k.ended, k.stop = ByCall, at, c.Latest(app, Over(r)), r
		}
	}
	return k, true
}

// InPolicy maps spans to policy time, merges them, and leaves out what was over before the start.
func (c *Case) InPolicy(app string, spans []Span, start time.Time) []Span {
	var out []Span
	for _, s := range Union(spans) {
		p := Span{From: c.Earliest(app, s.From), By: s.By}
		if !s.To.IsZero() {
			p.To, p.Late = c.Earliest(app, s.To), c.Latest(app, s.Late)
			if !p.To.After(start) {
				continue
			}
		}
		if p.From.Before(start) {
			p.From = start
		}
		out = append(out, p)
	}
	return out
}

// limits finds the earliest instant at which one of the limits ends the archive.
func (c *Case) limits(k Course) (Rule, time.Time) {
	first, end := ByTotal, k.Started.Add(c.Limit("total-time.max"))
	sooner := func(r Rule, at time.Time) {
		if at.Before(end) {
			first, end = r, at
		}
	}
	if minute := k.Started.Add(c.Limit("first-publisher.max")); len(k.Streams) == 0 || k.Streams[0].From.After(minute) {
		sooner(ByMinute, minute)
	}
	left := c.Limit("recorded-time.max")
	for _, s := range k.Streams {
		if s.To.IsZero() || s.To.Sub(s.From) >= left {
			sooner(ByRecorded, s.From.Add(left))
			break
		}
		left -= s.To.Sub(s.From)
	}
	for _, gap := range Gaps(k.Streams, k.Started) {
		if idle := gap.From.Add(c.Limit("idle-time.max")); gap.To.IsZero() || gap.To.After(idle) {
			sooner(ByIdle, idle)
		}
	}
	for _, gap := range Gaps(k.Clients, k.Started) {
		if alone := gap.From.Add(c.Limit("without-clients.max")); gap.To.IsZero() || gap.To.After(alone) {
			sooner(ByLeaving, alone)
		}
	}
	return first, end
}

// Gaps are the stretches after start that no span covers; the last may be open.
func Gaps(spans []Span, start time.Time) []Span {
	var out []Span
	at := start
	for _, s := range spans {
		if s.From.After(at) {
			out = append(out, Span{From: at, To: s.From})
		}
		if s.To.IsZero() {
			return out
		}
		at = s.To
	}
	return append(out, Span{From: at})
}

// Recorded brackets how long streams were published between the start and the
// end of an archive: calls take effect between their request and their answer.
func (k Course) Recorded() (least, most time.Duration) {
	for _, s := range k.Streams {
		least += length(later(s.From, k.Begun), sooner(s.To, k.End))
		most += length(s.From, sooner(s.Late, k.ended))
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

// Pauses are the gaps between publications within an archive.
func (k Course) Pauses() []Span {
	var out []Span
	for _, g := range Gaps(k.Streams, k.Started) {
		if g.From.After(k.Started) && !g.To.IsZero() && g.To.Before(k.End) {
			out = append(out, g)
		}
	}
	return out
}

// StopSeen brackets the real end of an archive: the last moment it was surely in
// progress and the first moment it surely was not.
func (c *Case) StopSeen(h *History) (alive, dead []Sighting) {
	for _, s := range h.Seen {
		if InProgress(s.Status()) {
			alive = append(alive, s)
		} else {
			dead = append(dead, s)
		}
	}
	return alive, dead
}

func (c *Case) Limit(name string) time.Duration {
	l, ok := c.Ledger.Limit(name)
	if !ok || l.Duration() == 0 {
		panic("check: internal error: no span of time " + name)
	}
	return l.Duration()
}

func (c *Case) Number(name string) int64 {
	l, ok := c.Ledger.Limit(name)
	if !ok {
		panic("check: internal error: no limit " + name)
	}
	return l.Value
}

func (c *Case) list(name string) []string {
	l, ok := c.Ledger.List(name)
	if !ok {
		panic("check: internal error: no list " + name)
	}
	return slices.Clone(l.Values)
}
