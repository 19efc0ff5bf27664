package capture

import (
	"time"

	"reelcheck/reference/internal/journal"
)

// reportWait is how much media of a segment is searched for the first sender reports. Browsers send one for audio every 5 to 7 s.
const reportWait = 10 * time.Second

// probe looks ahead in a segment for the capture times of the first audio and the first video.
type probe struct {
	segment *Segment
	filter  *filter
	looks   [2]bool // by kind: the probe looks for it
	first   [2]*first
}

type first struct {
	item journal.Item
	at   journal.Position
}

// newProbe returns a probe for both kinds from the beginning of the segment.
func newProbe(s *Segment) *probe {
	return &probe{segment: s, filter: newFilter(s), looks: [2]bool{true, true}}
}

// newLateProbe returns a probe for one kind, whose first frame came long after that of the other kind. f has handled that frame.
func newLateProbe(s *Segment, f filter, video bool) *probe {
	p := &probe{segment: s, filter: &f}
	p.looks[kind(video)] = true
	return p
}

// see handles the next item and reports whether enough is known.
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

// knows reports whether the first frame of a kind and its capture time are known, or whether no first frame of the file can come.
func (p *probe) knows(k int, expected bool) bool {
	if f := p.first[k]; f != nil {
		return !f.item.Guessed || p.segment.Reports[k] != nil || p.filter.reach[k].Sub(f.item.Time) >= reportWait
	}
	other := p.first[1-k]
	return !expected || other != nil && p.filter.reach[k] >= other.item.Time
}

// settle sets the segment's zero. It is lowered later if a frame was captured before it.
func (p *probe) settle() {
	zero := forever
	for _, f := range p.first {
		if f != nil {
			zero = min(zero, p.segment.captured(f.item, f.at))
		}
	}
	p.segment.Zero = zero
}
