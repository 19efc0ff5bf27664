package rtp

import (
	"time"

	"reelcheck/reference/internal/av"
)

const (
	// agreement is the largest difference between two reports that count as equal.
	agreement = 20 * time.Millisecond
	// witness is the least time between two reports that confirm each other. In less, those of twice the rate differ too little.
	witness = 100 * time.Millisecond
	// trial is how long packets judge a report that puts them later.
	trial = 500 * time.Millisecond
	// slack is how much longer the delay of packets may be after such a report than before it.
	slack = 100 * time.Millisecond
	// maxConfirmed limits how many wrong reports in a row a track tolerates. It tolerates as many as were confirmed before, but no more than
	// this.
	maxConfirmed = 2
)

// reported holds what is believed of a track's reports: origin is the NTP time at which its timestamp 0 was captured.
type reported struct {
	set    bool
	origin time.Duration
	agreed minimum       // values of the reports that agree
	delay  time.Duration // least delay of packets when the last report agreed

	before    time.Duration // value of the newest report, if any
	beforeAt  av.Instant    // its arrival
	any       bool
	confirmed int // number of reports that agreed
	strikes   int // number of reports in a row that were not believed

	trying    bool
	candidate time.Duration // value of the report on trial
	since     av.Instant
	least     av.Instant // least instant of timestamp 0, by the arrivals since the report
	frames    int
}

// credible returns the limit of the delay up to which a single report is believed: the least delay of packets, including the encoding.
func (c *rtpClock) credible() time.Duration {
	if c.rate == av.Opus.ClockRate() {
		return 200 * time.Millisecond
	}
	return 400 * time.Millisecond
}

// alone returns the longest least delay of packets with which a report is believed that no other one confirms. A report of twice the rate of NTP
// (GStreamer 1.22) is wrong by as much as has passed since the beginning.
func (c *rtpClock) alone(arrived av.Instant) time.Duration {
	return min(c.credible(), arrived.Sub(c.began)/2)
}

// report handles a report. ntp is its NTP time without the steps of the publisher's clock. anchored says that the track begins to use reports
// with this one; doubted says why the report is not believed, "" if it is.
func (c *rtpClock) report(stamp uint32, ntp time.Duration, arrived av.Instant) (anchored bool, doubted string) {
	if c.anew { // there is nothing to compare it with
		return false, ""
	}
	ext := c.extend(stamp)
	says := ntp - av.Duration(ext, c.rate)
	if !c.started {
		c.stamp, c.started, c.arrived = ext, true, arrived
		c.believe(says, arrived)
		return true, ""
	}
	r := &c.reported
	first := !r.any
	again := r.any && arrived.Sub(r.beforeAt) >= witness && (says-r.before).Abs() <= 2*agreement
	if first || arrived.Sub(r.beforeAt) >= witness {
		r.before, r.beforeAt, r.any = says, arrived, true
	}
	credible := c.credible()
	if !r.set {
		credible = c.alone(arrived)
	}
	moved, delay := says-r.origin, c.arrivals.origin().Sub(av.Instant(says+c.ntp.offset))
	switch {
	case r.set && moved.Abs() <= agreement:
		r.origin, r.strikes = r.agreed.add(says, arrived), 0
		r.delay, r.confirmed, c.moved = c.delay(), r.confirmed+1, false
		return false, ""
	case first && delay > credible && delay <= c.credible():
		return false, "" // the next one decides
	case delay > plausible || delay > credible && !again:
		if r.strikes++; r.set && r.strikes > min(r.confirmed, maxConfirmed) {
			c.forget()
		}
		return false, "it puts packets long before they came"
	case r.set && moved > 0, !r.set && delay < -agreement:
		if !r.trying || (says-r.candidate).Abs() > agreement {
			r.trying, r.candidate, r.since, r.frames = true, says, arrived, 0
		}
		return false, ""
	case delay < -agreement:
		return false, "it puts packets after they came"
	}
	anchored = !r.set
	c.believe(says, arrived)
	return anchored, ""
}

// forget makes the track go by arrival until reports agree.
func (c *rtpClock) forget() {
	c.guess, c.reported = c.arrivals.origin(), reported{before: c.reported.before, beforeAt: c.reported.beforeAt, any: true}
}

// believe makes the track use the value of a report.
func (c *rtpClock) believe(says time.Duration, arrived av.Instant) {
	c.pacing = c.pacing && c.reported.set // a guess is revised at once
	c.reported = reported{set: true, origin: says, before: says, beforeAt: arrived, any: true}
	c.reported.agreed.add(says, arrived)
	c.moved = false
	if c.arrivals.turn != 0 {
		c.reported.delay = c.delay()
	}
}

// try adds a frame to the trial of a report, and ends the trial when there is enough to decide. The report is believed if the least delay of the
// frames is about the same as before it, or credible if no report was used before.
func (r *reported) try(c *rtpClock, sent, arrived av.Instant) {
	if !r.trying || arrived < r.since {
		return
	}
	if r.frames++; r.frames == 1 {
		r.least = sent
	}
	r.least = min(r.least, sent)
	if r.frames < 2 || arrived.Sub(r.since) < trial {
		return
	}
	r.trying = false
	most := r.delay + slack
	if !r.set {
		most = c.credible()
	}
	if delay := r.least.Sub(av.Instant(r.candidate + c.ntp.offset)); delay >= r.delay-agreement && delay <= most {
		c.arrivals, c.doubt = arrivals{}, nil
		c.arrivals.add(r.least, arrived)
		c.believe(r.candidate, arrived)
	}
}

// contradicts returns the difference between the NTP time of a report and the NTP time that earlier reports give for its timestamp.
func (c *rtpClock) contradicts(stamp uint32, ntp time.Duration) time.Duration {
	return ntp - av.Duration(c.extend(stamp), c.rate) - c.reported.origin
}

// sure reports whether a report has been believed since the timestamps were last moved because the clock stood still.
func (c *rtpClock) sure() bool { return c.reported.set && !c.moved }

// proven reports whether the newest of these reports is believed. early is subtracted from the offset of the NTP clock first.
func (c *rtpClock) proven(reports []senderReport, early time.Duration) bool {
	if len(reports) == 0 || c.arrivals.turn == 0 {
		return false
	}
	says := func(one senderReport) time.Duration { return one.ntp - av.Duration(c.extend(one.stamp), c.rate) }
	last := reports[len(reports)-1]
	for _, one := range reports {
		if last.arrived.Sub(one.arrived) >= witness {
			return (says(last) - says(one)).Abs() <= 2*agreement
		}
	}
	return c.arrivals.origin().Sub(av.Instant(says(last)+c.ntp.offset-early)) <= c.alone(last.arrived)
}

// early returns how long the earliest packet arrived before its capture according to these reports. It returns the maximum duration if there are
// no packets or no reports.
func (c *rtpClock) early(reports []senderReport) time.Duration {
	const ever = time.Duration(1<<63 - 1)
	if len(reports) == 0 || c.arrivals.turn == 0 {
		return ever
	}
	least := ever
	for _, one := range reports {
		least = min(least, one.ntp-av.Duration(c.extend(one.stamp), c.rate))
	}
	return av.Instant(least + c.ntp.offset).Sub(c.arrivals.origin())
}
