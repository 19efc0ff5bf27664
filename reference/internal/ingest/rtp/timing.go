package rtp

import (
	"time"

	"reelcheck/reference/internal/av"
)

// How a sample gets its time:
//
// A sender report (RFC 3550 section 6.4.1) gives the NTP time at which a timestamp was captured. An rtpClock, one per track, converts timestamps
// to NTP. An ntpClock, one per publication, converts NTP to the media clock. So both tracks keep the distance with which they were captured.
//
// Reports are not always true. Some senders use the present time for a packet that they send late, run one of two clocks at another rate, or set
// their NTP clock. So packets judge reports. The delay of packets, from capture to arrival, varies, but the least delay hardly changes. A report
//   - that agrees with earlier reports is believed;
//   - that is the first one is believed if packets came promptly, the more so the sooner it comes, and otherwise if the next one says the same;
//   - that puts packets earlier is believed while the delay stays credible, or up to plausible if the report before it said the same, because
//     senders are late, never early;
//   - that puts packets later, or puts the first packets after their arrival, is believed if the packets after it have the same least delay as
//     before, or a credible one: then the RTP clock stood still;
//   - whose NTP time moved against both RTP and the media clock shows a step of the NTP clock, which moves nothing.
//
// Without a report a track goes by arrival: timestamps are tied to the packet that came with the least delay. The first samples are held until
// every track has a report that is believed, for at least leastHold and at most startHold. Browsers report video within half a second, and
// audio after 1.2 to 1.8 s.
//
// Frames that come late raise a doubt (see doubt) and are held until it is decided. A frame whose timestamp is far off (the RTP clock jumped or
// began anew), and the first frame of another RTP stream, continue the old timestamps: the frame gets the same delay as the frame before it.
//
// Delivered samples are never revised. A correction towards the past lets time run at half its speed until it is right. The Time of samples of
// one kind never decreases and never falls behind a mark that the sink has; if it would, it is raised.
const (
	leastHold = 500 * time.Millisecond // the first packets and reports of a busy sender are late
	startHold = 2 * time.Second
	plausible = 2 * time.Second
	outage    = 5 * time.Second // a frame that is later than this began anew
)

// rtpClock converts a track's RTP timestamps to the media clock.
type rtpClock struct {
	rate    int64
	ntp     *ntpClock
	started bool
	anew    bool  // the next frame is the first one of another RTP stream
	stamp   int64 // newest timestamp, extended
	shift   int64 // extended timestamps minus the sender's, because of jumps
	arrived av.Instant
	began   av.Instant    // arrival of the first frame
	late    time.Duration // delay of the newest frame from capture to arrival, at most lateness

	arrivals arrivals
	doubt    *doubt
	punctual av.Instant // arrival of the newest frame that was not late
	guess    av.Instant // instant of timestamp 0, by arrival
	reported reported
	moved    bool // timestamps were moved, and no report has confirmed that yet

	paced   av.Instant // instant of timestamp 0 for the newest sample
	pacedAt int64
	pacing  bool
}

// extend returns the 64-bit timestamp nearest to the newest one.
func (c *rtpClock) extend(stamp uint32) int64 {
	if !c.started {
		return int64(stamp)
	}
	return c.stamp + int64(int32(stamp-uint32(c.stamp-c.shift)))
}

// origin returns the instant at which timestamp 0 was captured.
func (c *rtpClock) origin() av.Instant {
	if c.reported.set {
		return av.Instant(c.reported.origin + c.ntp.offset)
	}
	return c.guess
}

// delay returns the least delay of recent packets.
func (c *rtpClock) delay() time.Duration { return c.arrivals.origin().Sub(c.origin()) }

// frame adds a frame's timestamp and arrival, in decoding order, and returns the extended timestamp.
func (c *rtpClock) frame(stamp uint32, arrived av.Instant) int64 {
	ext := c.extend(stamp)
	sent := arrived.Add(-av.Duration(ext, c.rate))
	if c.arrivals.turn == 0 && !c.anew {
		c.guess, c.began = sent, arrived
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

// earliest returns how long before its capture a frame may seem to arrive. Before the first report, capture times are guessed from arrivals, and
// are too late if the first frames were held up.
func (c *rtpClock) earliest() time.Duration {
	if c.reported.set {
		return lateness
	}
	return plausible
}

// arrive adds a frame. sent is the instant of timestamp 0 according to its arrival.
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
		c.guess = c.guess.Add(min(c.delay(), arrivalWindow*slewRate/1000))
	}
}

// decide ends the doubt if there is enough to decide, and always if end is set. It returns the number of ticks by which the timestamps of the
// frames in doubt must be moved.
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

// capture returns the capture time of the next sample. ext is its extended timestamp.
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
