package rtp

import (
	"time"

	"reelcheck/reference/internal/av"
)

const (
	// arrivalWindow is how long the least delay of a track counts at least.
	arrivalWindow = 5 * time.Second
	// lateness is how late a frame may be, beyond the least delay of its track, without a doubt.
	lateness = 250 * time.Millisecond
	// doubtSlice is what a doubt compares: the least delay of its first slice, and of the newest one.
	doubtSlice = 250 * time.Millisecond
	steadiness = 20 * time.Millisecond
	// The RTP clock is taken to have stood still after doubtWitness when the other track is on time, after doubtAlone when it is silent, and
	// after patience when it is late, too.
	doubtWitness = 750 * time.Millisecond
	doubtAlone   = 1500 * time.Millisecond
	patience     = 4 * time.Second
)

// arrivals is the least delay of the packets that came in the last one or two arrivalWindows. A delay is told by where a packet's arrival
// puts timestamp 0.
type arrivals struct {
	least, before av.Instant // of this window, of the one before
	turn          av.Instant // when this window ends
}

// add reports whether a window ended.
func (a *arrivals) add(sent, arrived av.Instant) (turned bool) {
	switch {
	case a.turn == 0:
		a.least, a.before, a.turn = sent, sent, arrived.Add(arrivalWindow)
	case arrived >= a.turn:
		a.before, a.least, a.turn = a.least, sent, arrived.Add(arrivalWindow)
		turned = true
	}
	a.least = min(a.least, sent)
	return turned
}

func (a *arrivals) origin() av.Instant { return min(a.least, a.before) }

// doubt is about frames that came late: the network held them up, or the sender's RTP clock stood still. Media that was held up
// catches up; after a clock that stood still, all that comes is late by the same. The other track of the publication is a witness: one machine
// and one network held it up, too.
type doubt struct {
	since  av.Instant // arrival of the first late frame
	least  av.Instant // where the arrivals put timestamp 0
	first  av.Instant // the least of the first slice
	last   av.Instant // the least of the newest whole slice
	slice  av.Instant // the least of the slice that goes on
	until  av.Instant // when that ends
	slices int        // whole ones
}

func newDoubt(arrived av.Instant) *doubt {
	const never = av.Instant(1<<63 - 1)
	return &doubt{since: arrived, least: never, slice: never, until: arrived.Add(doubtSlice)}
}

func (d *doubt) add(sent, arrived av.Instant) {
	if arrived >= d.until {
		if d.slices == 0 {
			d.first = d.slice
		}
		d.last, d.slice, d.until = d.slice, sent, arrived.Add(doubtSlice)
		d.slices++
	}
	d.slice, d.least = min(d.slice, sent), min(d.least, sent)
}

// steady reports whether what came since is late by the same.
func (d *doubt) steady() bool {
	return d.slices >= 3 && d.last.Sub(d.first).Abs() <= steadiness
}

// over reports whether there is enough to decide. other is the clock of the other track, or nil.
func (d *doubt) over(now av.Instant, other *rtpClock) bool {
	lasted := now.Sub(d.since)
	switch {
	case lasted >= patience:
		return true
	case !d.steady() || other != nil && other.doubt != nil:
		return false
	case other != nil && other.punctual > d.since:
		return lasted >= doubtWitness
	}
	return lasted >= doubtAlone
}
