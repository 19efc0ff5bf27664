package bundle

import (
	"slices"
	"time"

	"reelcheck/conformance/facts"
)

// places are those that an archive has for streams of a type, given in the order of publication. Who comes when all are
// taken waits; the one that has waited longest may take a place that becomes free, or nobody does (ARC-IND-27).
type places struct {
	limit int
	taken []place
}

type place struct {
	facts.Span
	sure bool // false: a stream that waited may have taken it, or not
	next bool // somebody waits for its end
}

// take gives a place to a stream, or tells from when on it may have one; zero: never.
func (p *places) take(s facts.Span) (sure bool, free time.Time) {
	certain, perhaps := 0, 0
	for _, o := range p.taken {
		switch {
		case o.Covers(s.From) && o.sure:
			certain++
		case o.Covers(s.From):
			perhaps++
		}
	}
	switch {
	case certain+perhaps < p.limit:
		p.taken = append(p.taken, place{Span: s, sure: true})
		return true, free
	case certain < p.limit: // nobody knows whether who waited has taken what is left
		free = s.From
	default:
		free = p.freed(s)
	}
	if !free.IsZero() {
		p.taken = append(p.taken, place{Span: facts.Span{From: free, To: s.To}})
	}
	return false, free
}

// freed is when the first place becomes free for a stream, of those that nobody waits for who came before. It is then no longer free for
// those that come after.
func (p *places) freed(s facts.Span) time.Time {
	best := -1
	for i, o := range p.taken {
		if !o.next && o.To.After(s.From) && o.To.Before(s.To) && (best < 0 || o.To.Before(p.taken[best].To)) {
			best = i
		}
	}
	if best < 0 {
		return time.Time{}
	}
	p.taken[best].next = true
	return p.taken[best].To
}

// whole is from the begin of the first of several stretches to the end of the last.
func whole(spans []facts.Span) facts.Span {
	last := slices.MaxFunc(spans, func(a, b facts.Span) int { return a.To.Compare(b.To) })
	return facts.Span{From: spans[0].From, To: last.To}
}
