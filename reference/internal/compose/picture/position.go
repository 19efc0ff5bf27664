package picture

import (
	"time"

	"reelcheck/reference/internal/av"
)

// step is the unit of sample numbers. It is shorter than the time between any two pictures.
const step = 100 * time.Microsecond

// position is how far a stream was read. The numbers of samples increase with the times of their pictures, as decoders
// want it. In most streams they also increase from sample to sample.
type position struct {
	count  int64      // number of samples read
	begin  av.Instant // when the first one is presented
	time   av.Instant // when the last one is presented
	number int64      // number of the last one; the first has 1
	plain  int64      // number of the last one that is presented when it was sent
	latest int64      // the highest number
	last   [3]int64   // numbers of the last three; not every sample yields a picture, but one of three does
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
