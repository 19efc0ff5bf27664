package capture

import (
	"time"

	"reelcheck/reference/internal/journal"
)

// reportWait is how much of a segment is looked at for the first sender reports. Browsers send one for sound every 5 to 7 s.
const reportWait = 10 * time.Second

// probe looks ahead in a segment for when the first audio and the first video were captured.
type probe struct {
	segment *Segment
	filter  *filter
	looks   [2]bool // for which kinds it does
	first   [2]*first
}

type first struct {
	item journal.Item
	at   journal.Position
}

// newProbe looks at both kinds from the beginning of the segment, until something is known of each that could be its first frame.
func newProbe(s *Segment) *probe {
	return &probe{segment: s, filter: newFilter(s), looks: [2]bool{true, true}}
}

// newLateProbe looks at one kind from its first frame on, which came long after the other kind's. f has judged the frame.
func newLateProbe(s *Segment, f filter, video bool) *probe {
	p := &probe{segment: s, filter: &f}
	p.looks[kind(video)] = true
	return p
}

// see takes the next item and reports whether enough is known.
func (p *probe) see(it journal.Item, at journal.Position) (done bool) {
	k := kind(it.Video)
	if it.Report && p.looks[k] && p.first[k] != nil && p.first[k].item.Guessed && p.segment.Reports[k] == nil {
		p.segment.Reports[k] = &Report{Before: at, Stamp: it.Stamp, Captured: it.Captured}
	}
	switch p.filter.see(it) {
	case boundary, over:
		return true
	case taken:
		if p.looks[k] && p.first[k] == nil {
			p.first[k] = &first{it, at}
			p.first[k].item.Data = nil
		}
	default:
	}
	return p.known()
}

func (p *probe) known() bool {
	if p.first[0] == nil && p.first[1] == nil {
		return false
	}
	stream := p.segment.Take.Stream
	return p.knows(0, p.looks[0] && stream.HasAudio) && p.knows(1, p.looks[1] && stream.HasVideo)
}

// knows reports whether the first frame of a kind and its capture time are known, or none comes that could be the first of the file.
func (p *probe) knows(k int, expected bool) bool {
	if f := p.first[k]; f != nil {
		return !f.item.Guessed || p.segment.Reports[k] != nil || p.filter.reach[k].Sub(f.item.Time) >= reportWait
	}
	other := p.first[1-k]
	return !expected || other != nil && p.filter.reach[k] >= other.item.Time
}

// settle sets the segment's zero. It is lowered when a later frame turns out to be captured before it.
func (p *probe) settle() {
	zero := forever
	for _, f := range p.first {
		if f != nil {
			zero = min(zero, p.segment.captured(f.item, f.at))
		}
	}
	p.segment.Zero = zero
}
