package facts

import (
	"math"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

// Walk is one advance of an application's policy clock. From and To are real time.
type Walk struct {
	App      string
	From, To time.Time
	Skip     time.Duration
	next     bool // goes to the next deadline and no further, so what fired then happened at the end of the walk
}

func walks(v evidence.View) []Walk {
	var out []Walk
	for _, r := range v.Clocks().Records {
		w := Walk{App: r.IDs[evidence.Application], From: r.Time, To: r.Time, Skip: r.Clock.Skip}
		if e, ok := v.Scenario(r.Scenario).Label(r.Label).Exchanges(evidence.AdvanceClock).
			Where(func(e *evidence.Record) bool { return e.Seq < r.Seq }).Last(); ok {
			w.From = e.Exchange.Started
			w.next = strings.Contains(e.Exchange.Request.Body.Text, `"toNext":true`)
		}
		out = append(out, w)
	}
	return out
}

// Earliest and Latest bracket the policy time at a real moment: Earliest assumes that a walk under way has not moved the
// clock yet, Latest that it has moved it in full.
func (f *Facts) Earliest(app string, at time.Time) time.Time {
	return at.Add(f.Skipped(app, func(w Walk) bool { return !w.To.After(at) }))
}

func (f *Facts) Latest(app string, at time.Time) time.Time {
	return at.Add(f.Skipped(app, func(w Walk) bool { return !w.From.After(at) }))
}

// Real returns the real moment of a policy time. A policy time inside a walk gives the beginning of the walk.
func (f *Facts) Real(app string, policy time.Time) time.Time {
	at := policy
	for _, w := range f.Walks {
		if w.App != app || !at.After(w.From) {
			continue
		}
		if at = at.Add(-w.Skip); at.Before(w.From) {
			at = w.From // during the walk
		}
	}
	return at
}

func (f *Facts) Skipped(app string, counts func(Walk) bool) (sum time.Duration) {
	for _, w := range f.Walks {
		if w.App == app && counts(w) {
			sum += w.Skip
		}
	}
	return sum
}

// WalkAt returns the advance of the application's clock that was under way at a real moment.
func (f *Facts) WalkAt(app string, at time.Time) (Walk, bool) {
	i := slices.IndexFunc(f.Walks, func(w Walk) bool { return w.App == app && !at.Before(w.From) && !at.After(w.To) })
	if i < 0 {
		return Walk{}, false
	}
	return f.Walks[i], true
}

// Exact returns the policy time at which the target did something at a real moment. ok is false during a walk whose
// course is unknown.
func (f *Facts) Exact(app string, at time.Time) (time.Time, bool) {
	w, walking := f.WalkAt(app, at)
	return f.Latest(app, at), !walking || w.next
}

// InPolicy maps spans to policy time, merges them, and drops those that ended before start.
func (f *Facts) InPolicy(app string, spans []Span, start time.Time) []Span {
	var out []Span
	for _, s := range Union(spans) {
		p := Span{From: f.Earliest(app, s.From), By: s.By}
		if !s.To.IsZero() {
			p.To, p.Late = f.Earliest(app, s.To), f.Latest(app, s.Late)
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

// ByTarget returns the earliest and the latest time that the target's own clock may have shown between two real moments.
// ok is false when its answers do not tell how its clock goes.
func (f *Facts) ByTarget(app string, from, to time.Time) (earliest, latest time.Time, ok bool) {
	type clock struct{}
	ahead := Once(f, clock{}, f.ahead)
	allow := f.Limit("tolerance.clock-drift")
	return f.Earliest(app, from).Add(ahead[0] - allow), f.Latest(app, to).Add(ahead[1] + allow), ahead[0] <= ahead[1]
}

// ahead returns by how much the target's clock is ahead of the suite's, at least and at most. The target sets createdAt
// between a start request and its answer, in milliseconds.
func (f *Facts) ahead() [2]time.Duration {
	least, most := time.Duration(math.MinInt64), time.Duration(math.MaxInt64)
	for _, h := range f.StartedArchives() {
		app := h.Start.IDs[evidence.Application]
		o, _ := f.Decode(AnswerText(h.Start))
		if ms, whole := o.Whole("createdAt"); whole && ms%1000 != 0 {
			at := time.UnixMilli(ms)
			least, most = max(least, at.Sub(f.Latest(app, h.Start.Over()))), min(most, at.Sub(f.Earliest(app, h.Start.Sent())))
		}
	}
	if most == math.MaxInt64 {
		return [2]time.Duration{1, 0} // nothing tells
	}
	return [2]time.Duration{least, most}
}
