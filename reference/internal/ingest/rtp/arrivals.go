package rtp

import (
	"time"

	"reelcheck/reference/internal/av"
)

const (
	// arrivalWindow is how long, at least, the least delay of a track is remembered.
	arrivalWindow = 5 * time.Second
	// lateness is how late a frame may be, compared with the least delay of its track, before it raises a doubt.
	lateness = 250 * time.Millisecond
	// doubtSlice is the length of the two slices of a doubt that are compared: the first and the newest.
	doubtSlice = 250 * time.Millisecond
	steadiness = 20 * time.Millisecond
	// The RTP clock counts as having stood still after doubtWitness if the other track is on time, after doubtAlone if the other track is
	// silent, and after patience if the other track is late too.
	doubtWitness = 750 * time.Millisecond
	doubtAlone   = 1500 * time.Millisecond
	patience     = 4 * time.Second
)

// arrivals holds the least delay of the packets in the last one or two arrivalWindows. A delay is stored as the instant of timestamp 0, if the
// packet was captured when it arrived.
type arrivals struct {
	least, before av.Instant // of the present and of the previous window
	turn          av.Instant // end of the present window
}

// add adds a frame. It reports whether it began a new window.
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

// doubt collects frames that came late. Either the network held them up, or the sender's RTP clock stood still. Media that was held up catches
// up; after a clock that stood still, everything stays late by the same time. The other track helps to decide: the network or a busy machine
// would have held it up too.
type doubt struct {
	since  av.Instant // arrival of the first late frame
	least  av.Instant // least instant of timestamp 0, by the arrivals
	first  av.Instant // least of the first slice
	last   av.Instant // least of the newest complete slice
	slice  av.Instant // least of the slice in progress
	until  av.Instant // end of the slice in progress
	slices int        // number of complete slices
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

// steady reports whether the frames stay late by the same time.
func (d *doubt) steady() bool {
	return d.slices >= 3 && d.last.Sub(d.first).Abs() <= steadiness
}

// over reports whether there is enough to decide. other is the clock of the other track; nil if there is none.
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
