// Package policy knows the policy time of applications: real time plus what their clocks were advanced by.
package policy

import (
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

// Walks are the advances of clocks, oldest first.
type Walks []Walk

// Read returns the advances of all clocks, in the order in which they were recorded.
func Read(v evidence.View) Walks {
	var out Walks
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
func (ws Walks) Earliest(app string, at time.Time) time.Time {
	return at.Add(ws.Skipped(app, func(w Walk) bool { return !w.To.After(at) }))
}

// Latest is the other bracket; see [Walks.Earliest].
func (ws Walks) Latest(app string, at time.Time) time.Time {
	return at.Add(ws.Skipped(app, func(w Walk) bool { return !w.From.After(at) }))
}

// Real returns the real moment of a policy time. A policy time inside a walk gives the beginning of the walk.
func (ws Walks) Real(app string, policy time.Time) time.Time {
	at := policy
	for _, w := range ws {
		if w.App != app || !at.After(w.From) {
			continue
		}
		if at = at.Add(-w.Skip); at.Before(w.From) {
			at = w.From // during the walk
		}
	}
	return at
}

// Skipped returns by how much an application's clock was moved in the advances that count.
func (ws Walks) Skipped(app string, counts func(Walk) bool) (sum time.Duration) {
	for _, w := range ws {
		if w.App == app && counts(w) {
			sum += w.Skip
		}
	}
	return sum
}

// WalkAt returns the advance of the application's clock that was under way at a real moment.
func (ws Walks) WalkAt(app string, at time.Time) (Walk, bool) {
	i := slices.IndexFunc(ws, func(w Walk) bool { return w.App == app && !at.Before(w.From) && !at.After(w.To) })
	if i < 0 {
		return Walk{}, false
	}
	return ws[i], true
}

// Exact returns the policy time at which the target did something at a real moment. ok is false during a walk whose
// course is unknown.
func (ws Walks) Exact(app string, at time.Time) (time.Time, bool) {
	w, walking := ws.WalkAt(app, at)
	return ws.Latest(app, at), !walking || w.next
}
