// Package course computes when an archive must stop, from what the harness did around it and the limits of the ledger,
// and which streams were chosen for it.
package course

import (
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
)

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

// Course is what the harness did around an archive, in policy time, and when the archive must stop because of it. It
// never depends on the target's answers, but for where an automatic archive ends and another begins (see chain.go). There is
// no Course for archives of selected streams, which have other rules.
type Course struct {
	Started time.Time
	Streams []facts.Span // in policy time, cut to the time of the archive
	Clients []facts.Span
	Rule    Rule
	End     time.Time       // by Rule
	stop    evidence.Record // the call that ended it
	Begun   time.Time       // when the start call had been answered
	ended   time.Time       // the latest time of the end: when the stop call was answered, or when the limit's tolerance was over
	soonest time.Time       // the earliest time of the end, where that is before End
	run     time.Time       // when the automatic recording began that the archive is a part of
}

// Soonest returns the earliest time of the end: End, or a little before it for automatic archives.
func (k Course) Soonest() time.Time { return sooner(k.soonest, k.End) }

// Latest returns the latest time of the end by a limit.
func (k Course) Latest() time.Time { return k.ended }

// Of returns the course of an archive. ok is false for an archive that has other rules.
func Of(f *facts.Facts, h *facts.History) (k Course, ok bool) {
	type courseOf struct{ *facts.History }
	type answer struct {
		Course
		ok bool
	}
	a := facts.Once(f, courseOf{h}, func() (a answer) {
		a.Course, a.ok = retrace(f, h)
		return a
	})
	return a.Course, a.ok
}

func retrace(f *facts.Facts, h *facts.History) (Course, bool) {
	s := f.Sessions[h.Start.IDs[evidence.Session]]
	if h.Begun.From.IsZero() || s == nil || h.IsManual() {
		return Course{}, false
	}
	if h.Start.Exchange == nil {
		return linked(f, h, s)
	}
	return around(f, h, s), true
}

// OfChosen returns the course of an archive of chosen streams as if nothing were ever chosen: no rule ends it earlier. Any
// stream of its session will do in the first minute (ARC-SEL-03).
func OfChosen(f *facts.Facts, h *facts.History) (k Course, ok bool) {
	s := f.Sessions[h.Start.IDs[evidence.Session]]
	if h.Begun.From.IsZero() || s == nil || !h.IsManual() {
		return Course{}, false
	}
	k = around(f, h, s)
	if idle := k.Started.Add(f.Limit("idle-time.max")); idle.Before(k.End) {
		k.Rule, k.End = ByIdle, idle
	}
	return k, true
}

// around returns what was done around an archive of a session.
func around(f *facts.Facts, h *facts.History, s *facts.Session) Course {
	app := h.App()
	k := Course{Started: f.Earliest(app, h.Begun.From)}
	k.Streams = f.InPolicy(app, s.Streams, k.Started)
	k.Clients = f.InPolicy(app, s.Clients, k.Started)
	k.Begun = f.Latest(app, h.Begun.To)
	k.Rule, k.End = limits(f, k, Gaps(k.Streams, k.Started), Gaps(k.Clients, k.Started))
	k.ended = k.End.Add(f.Limit("tolerance.limit.late"))
	k.move(f, s)
	if r, ok := h.FirstStop(); ok {
		if at := f.Earliest(app, r.Exchange.Started); at.Before(k.End) {
			k.Rule, k.End, k.ended, k.stop = ByCall, at, f.Latest(app, r.Over()), r
		}
	}
	return k
}

// move ends the archive with the first move of its session, if no limit has ended it before.
func (k *Course) move(f *facts.Facts, s *facts.Session) {
	for _, m := range f.Moves(s) {
		if m.At.After(k.Begun) && m.At.Before(k.End) {
			k.Rule, k.End, k.ended = ByMove, m.At, m.Late.Add(f.Limit("tolerance.limit.late"))
			if m.Notice == 0 {
				k.stop = m.R
			}
		}
	}
}

// limits returns the earliest instant at which one of the limits ends the archive. idle and alone are the stretches in which
// nobody publishes, and nobody is there.
func limits(f *facts.Facts, k Course, idle, alone []facts.Span) (Rule, time.Time) {
	first, end := ByTotal, k.Started.Add(f.Limit("total-time.max"))
	sooner := func(r Rule, at time.Time) {
		if at.Before(end) {
			first, end = r, at
		}
	}
	if minute := k.Started.Add(f.Limit("first-publisher.max")); k.run.IsZero() && (len(k.Streams) == 0 || k.Streams[0].From.After(minute)) {
		sooner(ByMinute, minute)
	}
	left := f.Limit("recorded-time.max")
	for _, s := range k.Streams {
		if s.To.IsZero() || s.To.Sub(s.From) >= left {
			sooner(ByRecorded, s.From.Add(left))
			break
		}
		left -= s.To.Sub(s.From)
	}
	for _, gap := range idle {
		if idle := gap.From.Add(f.Limit("idle-time.max")); gap.To.IsZero() || gap.To.After(idle) {
			sooner(ByIdle, idle)
		}
	}
	for _, gap := range alone {
		if alone := gap.From.Add(f.Limit("without-clients.max")); gap.To.IsZero() || gap.To.After(alone) {
			sooner(ByLeaving, alone)
		}
	}
	return first, end
}

// Gaps returns the stretches after start that no span covers. The last one may be open.
func Gaps(spans []facts.Span, start time.Time) []facts.Span {
	var out []facts.Span
	at := start
	for _, s := range spans {
		if s.From.After(at) {
			out = append(out, facts.Span{From: at, To: s.From})
		}
		if s.To.IsZero() {
			return out
		}
		at = s.To
	}
	return append(out, facts.Span{From: at})
}

// Recorded returns the least and the greatest time for which streams were published between the start and the end of an
// archive. Calls take effect between their request and their answer.
func (k Course) Recorded() (least, most time.Duration) {
	for _, s := range k.Streams {
		least += length(later(s.From, k.Begun), sooner(s.To, k.Soonest()))
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

// sooner returns the earlier of two ends. If a is zero it returns b.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// Pauses returns the gaps between publications within an archive.
func (k Course) Pauses() []facts.Span {
	var out []facts.Span
	for _, g := range Gaps(k.Streams, k.Started) {
		if g.From.After(k.Started) && !g.To.IsZero() && g.To.Before(k.Soonest()) {
			out = append(out, g)
		}
	}
	return out
}

// RealBegin returns the earliest and the latest real time at which h began. One that follows another may have begun during an
// advance.
func RealBegin(f *facts.Facts, h *facts.History, k Course) facts.Span {
	if h.Follows {
		return facts.Span{From: f.Real(h.App(), k.Started), To: h.Begun.To}
	}
	return h.Begun
}

// RealEnd returns the earliest and the latest real time at which h ended: during its stop call, or during the advance
// that ended it. A zero time leaves it open.
func RealEnd(f *facts.Facts, h *facts.History, k Course) (first, last time.Time) {
	if k.stop.Exchange != nil {
		return k.stop.Sent(), k.stop.Over()
	}
	app := h.App()
	for _, w := range f.Walks {
		if w.App == app && !f.Latest(app, w.To).Before(k.End) {
			return w.From, w.To
		}
	}
	return time.Time{}, time.Time{}
}
