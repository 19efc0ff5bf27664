package rtp

import (
	"time"

	"reelcheck/reference/internal/av"
)

const (
	// agreement is how far apart reports are that say the same.
	agreement = 20 * time.Millisecond
	// trial is how long packets judge a report that puts them later.
	trial = 500 * time.Millisecond
	// slack bounds how much longer packets may take after such a report than before it.
	slack = 100 * time.Millisecond
	// maxConfirmed is how many reports in a row may be wrong, of a track whose reports were true so often, until they are not believed.
	maxConfirmed = 2
)

// reported is what is believed of a track's reports: when its timestamp 0 was captured, in NTP time.
type reported struct {
	set    bool
	origin time.Duration
	agreed minimum       // what the reports say that agree
	delay  time.Duration // the least delay of packets when the last one agreed

	before    time.Duration // what the newest report said, if any
	any       bool
	confirmed int // reports that agreed
	strikes   int // reports in a row that were not believed

	trying    bool
	candidate time.Duration // what the report says that is tried
	since     av.Instant
	least     av.Instant // where the arrivals since put timestamp 0
	frames    int
}

// credible is the longest least delay of packets, with encoding, that one report alone is believed.
func (c *rtpClock) credible() time.Duration {
	if c.rate == av.Opus.ClockRate() {
		return 200 * time.Millisecond
	}
	return 400 * time.Millisecond
}

// report takes a report. Ntp is its NTP time without the steps of the publisher's clock. It returns whether the track goes by reports from now on,
// and why the report is not believed, "" if it is.
func (c *rtpClock) report(stamp uint32, ntp time.Duration, arrived av.Instant) (anchored bool, doubted string) {
	if c.anew { // nothing to compare it with
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
	again := r.any && (says-r.before).Abs() <= 2*agreement
	r.before, r.any = says, true
	moved, delay := says-r.origin, c.arrivals.origin().Sub(av.Instant(says+c.ntp.offset))
	switch {
	case r.set && moved.Abs() <= agreement:
		r.origin, r.strikes = r.agreed.add(says, arrived), 0
		r.delay, r.confirmed, c.moved = c.delay(), r.confirmed+1, false
		return false, ""
	case delay > plausible || delay > c.credible() && !again:
		if r.strikes++; r.set && r.strikes > min(r.confirmed, maxConfirmed) {
			c.guess, c.reported = c.arrivals.origin(), reported{before: says, any: true}
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

// believe has the track go by what a report says.
func (c *rtpClock) believe(says time.Duration, arrived av.Instant) {
	c.pacing = c.pacing && c.reported.set // what was guessed is revised
	c.reported = reported{set: true, origin: says, before: says, any: true}
	c.reported.agreed.add(says, arrived)
	c.moved = false
	if c.arrivals.turn != 0 {
		c.reported.delay = c.delay()
	}
}

// try takes where a frame's arrival puts timestamp 0, and ends the trial of a report when there is enough to decide. Without a report before it,
// what comes after it has a credible delay by it.
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

// contradicts returns the distance between the NTP time of a report and the one that the reports before it give for its timestamp.
func (c *rtpClock) contradicts(stamp uint32, ntp time.Duration) time.Duration {
	return ntp - av.Duration(c.extend(stamp), c.rate) - c.reported.origin
}

// sure reports whether a report has been believed since timestamps were moved for a clock that stood still.
func (c *rtpClock) sure() bool { return c.reported.set && !c.moved }

// early is how long before its capture, by these reports, the earliest packet arrived; for ever if there are no packets or no reports.
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
