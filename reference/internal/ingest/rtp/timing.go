package rtp

import (
	"time"

	"reelcheck/reference/internal/av"
)

// How a sample gets its time.
//
// A sender report (RFC 3550 section 6.4.1) says at which NTP time a timestamp was captured. rtpClock, one per track, moves timestamps
// to NTP; ntpClock, one per publication, moves NTP to the media clock, so that both tracks keep the distance they were captured with.
//
// Reports are not always true: senders take "now" for the capture of a packet that they sent late, run one of two clocks at another
// rate, or set their NTP clock. So packets judge them. The delay of packets, from capture to arrival, varies, but its least hardly does. A report
//   - that says what the ones before it said is believed;
//   - that puts packets earlier is believed while the delay stays credible, and up to plausible if the one before it said the same,
//     because senders are late, never early;
//   - that puts packets later, or the first packets after they came, is believed if what comes after it has no less delay than before, or a
//     credible one: then the RTP clock stood still;
//   - whose NTP moved against RTP and the media clock alike tells of a step of the NTP clock, which moves nothing.
//
// Without a report a track goes by arrival: its timestamps are anchored at the packet that came with the least delay. The first samples are held
// until every track has its report, for at most startHold: browsers report video within half a second and sound after 1.2 to 1.8 s.
//
// Frames that come late raise a doubt (see doubt) and are held until it is decided. A frame that is out of all proportion (an RTP clock
// that jumped or began anew), and the first one of another RTP stream, goes on where the timestamps were: as long before its arrival as
// the frame before it was.
//
// What was delivered is never revised. Time that is corrected towards the past runs at half its speed until it is right. Per kind,
// Time never decreases and never falls behind a mark already given to the sink: it is raised to the later of the two.
const (
	startHold = 2 * time.Second
	plausible = 2 * time.Second
	outage    = 5 * time.Second // a frame that is later began anew
)

// rtpClock moves a track's RTP timestamps to the media clock.
type rtpClock struct {
	rate    int64
	ntp     *ntpClock
	started bool
	anew    bool  // the next frame is the first of another RTP stream
	stamp   int64 // newest timestamp, extended
	shift   int64 // of extended timestamps from the sender's, by their jumps
	arrived av.Instant
	late    time.Duration // from the capture of the newest frame to its arrival, at most lateness

	arrivals arrivals
	doubt    *doubt
	punctual av.Instant // arrival of the newest frame that was not late
	guess    av.Instant // of timestamp 0, by arrival
	reported reported
	moved    bool // timestamps were moved, and no report has told since whether rightly

	paced   av.Instant // where timestamp 0 was for the newest sample
	pacedAt int64
	pacing  bool
}

// extend unwraps a timestamp around the newest one.
func (c *rtpClock) extend(stamp uint32) int64 {
	if !c.started {
		return int64(stamp)
	}
	return c.stamp + int64(int32(stamp-uint32(c.stamp-c.shift)))
}

// origin is when timestamp 0 was captured.
func (c *rtpClock) origin() av.Instant {
	if c.reported.set {
		return av.Instant(c.reported.origin + c.ntp.offset)
	}
	return c.guess
}

// delay is the least delay of the packets that came last.
func (c *rtpClock) delay() time.Duration { return c.arrivals.origin().Sub(c.origin()) }

// frame notes a frame's timestamp and arrival, in decoding order, and returns the timestamp extended.
func (c *rtpClock) frame(stamp uint32, arrived av.Instant) int64 {
	ext := c.extend(stamp)
	sent := arrived.Add(-av.Duration(ext, c.rate))
	if c.arrivals.turn == 0 && !c.anew {
		c.guess = sent
		c.arrivals.add(sent, arrived)
	}
	if late := sent.Sub(c.origin()); c.anew || late > outage || late < -c.earliest() {
		ext = av.Ticks(arrived.Add(-c.late).Sub(c.origin()), c.rate)
		c.shift += ext - c.extend(stamp)
		sent = arrived.Add(-av.Duration(ext, c.rate))
		c.guess, c.arrivals, c.doubt, c.reported = c.origin(), arrivals{}, nil, reported{}
	}
	c.started, c.anew, c.stamp, c.arrived = true, false, ext, arrived
	c.late = max(0, min(sent.Sub(c.origin()), lateness))
	c.arrive(sent, arrived)
	return ext
}

// earliest is how long before its capture a frame may seem to arrive. A guess is too late by how long its first frames were held up.
func (c *rtpClock) earliest() time.Duration {
	if c.reported.set {
		return lateness
	}
	return plausible
}

// arrive takes where a frame's arrival puts timestamp 0.
func (c *rtpClock) arrive(sent, arrived av.Instant) {
	late := sent.Sub(c.arrivals.origin())
	if c.arrivals.turn == 0 {
		late = 0
	}
	if late <= lateness/2 {
		c.doubt, c.punctual = nil, arrived
	} else if late > lateness && c.doubt == nil {
		c.doubt = newDoubt(arrived)
	}
	c.reported.try(c, sent, arrived)
	if c.doubt != nil {
		c.doubt.add(sent, arrived)
		return
	}
	turned := c.arrivals.add(sent, arrived)
	if c.reported.set {
		return
	}
	c.guess = min(c.guess, sent)
	if turned {
		c.guess = c.guess.Add(min(c.delay(), arrivalWindow*riseRate/1000))
	}
}

// decide ends the doubt when there is enough to decide, and always at the end. It returns the ticks by which the timestamps of the frames since
// its beginning are to be moved.
func (c *rtpClock) decide(now av.Instant, other *rtpClock, end bool) int64 {
	d := c.doubt
	if d == nil || !end && !d.over(now, other) {
		return 0
	}
	c.doubt = nil
	if !d.steady() {
		return 0
	}
	stood := av.Ticks(d.least.Sub(c.arrivals.origin()), c.rate)
	c.shift, c.moved = c.shift+stood, true
	c.stamp += stood
	return stood
}

// capture returns when the next sample, of an extended timestamp, was captured.
func (c *rtpClock) capture(ext int64) av.Instant {
	origin := c.origin()
	if !c.pacing || origin >= c.paced {
		c.paced, c.pacing = origin, true
	} else if passed := ext - c.pacedAt; passed > 0 {
		c.paced = max(origin, c.paced.Add(-av.Duration(passed, c.rate)/2))
	}
	c.pacedAt = max(c.pacedAt, ext)
	return c.paced.Add(av.Duration(ext, c.rate))
}
