package facts

import (
	"math"
	"time"

	"reelcheck/conformance/evidence"
)

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
