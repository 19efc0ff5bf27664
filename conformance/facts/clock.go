package facts

import (
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

// Walk is one advance of an application's clock, in real time.
type Walk struct {
	App      string
	From, To time.Time
	Skip     time.Duration
	next     bool // to the next deadline and no further, so that what it set off happened at its end
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

// WalkAt is the advance of an application's clock that was under way at a real moment.
func (f *Facts) WalkAt(app string, at time.Time) (Walk, bool) {
	i := slices.IndexFunc(f.Walks, func(w Walk) bool { return w.App == app && !at.Before(w.From) && !at.After(w.To) })
	if i < 0 {
		return Walk{}, false
	}
	return f.Walks[i], true
}

// Exact is the policy time of something that the target did at a real moment, where that can be told.
func (f *Facts) Exact(app string, at time.Time) (time.Time, bool) {
	w, walking := f.WalkAt(app, at)
	return f.Latest(app, at), !walking || w.next
}

// InPolicy maps spans to policy time, merges them, and leaves out what was over before the start.
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
