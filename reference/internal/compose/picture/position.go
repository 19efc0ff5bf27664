package picture

import (
	"time"

	"reelcheck/reference/internal/av"
)

// step is what numbers of samples count. It is shorter than any time from one picture to the next.
const step = 100 * time.Microsecond

// position is how far a stream was read. Samples have numbers that increase with the times of their pictures, as decoders want it: those
// of most streams increase from sample to sample.
type position struct {
	count  int64      // of samples
	begin  av.Instant // when the first was presented
	time   av.Instant // when the last one was
	number int64      // of the last one; that of the first is 1
	plain  int64      // of the last one that was not earlier in the stream than among the pictures
	latest int64      // the highest one
	last   [3]int64   // of the last three: not every sample gives a picture, three are sure to have one
}

// next counts a sample.
func (p *position) next(s av.Sample) {
	p.time = s.Presented()
	if p.count == 0 {
		p.begin = p.time
	}
	p.count++
	p.number = 1 + int64(p.time.Sub(p.begin)/step)
	if p.time == s.Time {
		p.number = max(p.number, p.plain+1)
		p.plain = p.number
	}
	p.latest = max(p.latest, p.number)
	copy(p.last[:], p.last[1:])
	p.last[2] = p.number
}
