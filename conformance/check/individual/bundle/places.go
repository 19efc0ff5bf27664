package bundle

import (
	"slices"
	"time"

	"reelcheck/conformance/facts"
)

// places are the places of an archive for streams of a type. They are given in the order of publication. A stream that
// comes when all are taken waits. When a place becomes free, the target may give it to the stream that has waited
// longest, or to nobody (ARC-IND-27).
type places struct {
	limit int
	taken []place
}

type place struct {
	facts.Span
	sure bool // false: a stream that waited may or may not have taken it
	next bool // a stream waits for its end
}

// take gives a place to a stream, or returns the moment from which on the stream may have one; zero means never.
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
	case certain < p.limit: // it is unknown whether the waiting streams took what is left
		free = s.From
	default:
		free = p.freed(s)
	}
	if !free.IsZero() {
		p.taken = append(p.taken, place{Span: facts.Span{From: free, To: s.To}})
	}
	return false, free
}

// freed returns when the first place becomes free for a stream, of those that no earlier stream waits for. It marks the
// place as waited for.
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

// whole returns the span from the beginning of the first stretch to the end of the last.
func whole(spans []facts.Span) facts.Span {
	last := slices.MaxFunc(spans, func(a, b facts.Span) int { return a.To.Compare(b.To) })
	return facts.Span{From: spans[0].From, To: last.To}
}
