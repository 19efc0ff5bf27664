package rtp

import (
	"slices"
	"time"

	"reelcheck/reference/internal/av"
)

// How a sample gets its Time.
//
// A sender report (RFC 3550 section 6.4.1) pairs the sender's NTP clock with a track's RTP clock. NTP is moved to
// the media clock by one offset per publication, so both tracks keep the offset they were captured with. The offset
// is the least (arrival - NTP) of the reports, and of the packets, seen while the first samples are held; afterwards it follows the least
// of the last reports by at most 2 ms per second, which is more than clocks drift and less than anyone sees. RTP is
// moved to NTP by the least (NTP - RTP) of the last reports, because senders that take "now" for the capture of their
// last packet are late, never early. Three reports in a row that are more than 250 ms off tell of an RTP clock that
// stood still; the last one is then followed.
//
// The first samples are held until every track has its report, for at most startHold: browsers report video within half a second and sound
// after 1.2 to 1.8 s, and what is composed of a guess is 25 ms off. A track without a report goes
// by arrival: RTP time anchored at the packet that came with the least delay. When its report comes, later samples
// follow that; what was delivered is never revised. A report is ignored when it moves the offset by more than 5 s
// or puts the newest frame more than 2 s from its arrival.
//
// A frame that its mapping puts that far off (an RTP clock that stood still, jumped, or began anew), and the first one of another RTP
// stream, goes on where the timestamps were: as long before its arrival as the frame before it was. Timestamps are counted on from
// there, so that the reports to come are good for what is still held of before, too.
//
// Per kind, Time never decreases and never falls behind a mark already given to the sink: it is raised to the later
// of the two.
const (
	startHold    = 2 * time.Second
	reportJump   = 5 * time.Second
	plausible    = 2 * time.Second
	slewPerMille = 2
	stoodStill   = 250 * time.Millisecond
	stoodReports = 3
	lastReports  = 8
	driftWindow  = 10 * time.Second
	// lateReport is the longest delay of a report that packets may correct. A larger difference means that the report is wrong.
	lateReport = 250 * time.Millisecond
)

// ntpClock moves a publisher's NTP clock to the media clock.
type ntpClock struct {
	offset  time.Duration
	set     bool
	settled bool // samples were timed with it: from now on it slews only
	last    av.Instant
	recent  [lastReports]time.Duration
	count   int
}

// observe takes an NTP time and when the report that carried it arrived; false when the report is to be ignored.
func (c *ntpClock) observe(ntp time.Duration, arrived av.Instant) bool {
	seen := time.Duration(arrived) - ntp
	if !c.set {
		c.offset, c.set, c.last = seen, true, arrived
	}
	if (seen - c.offset).Abs() > reportJump {
		return false
	}
	c.recent[c.count%len(c.recent)] = seen
	c.count++
	if !c.settled {
		c.offset, c.last = min(c.offset, seen), arrived
		return true
	}
	least := seen
	for _, r := range c.recent[:min(c.count, len(c.recent))] {
		least = min(least, r)
	}
	reach := arrived.Sub(c.last) * slewPerMille / 1000
	c.offset += max(-reach, min(reach, least-c.offset))
	c.last = arrived
	return true
}

// bound lowers the offset until no held packet arrives before it was captured (ARC-MAN-16).
func (c *ntpClock) bound(t *track) {
	if len(t.reports) == 0 {
		return
	}
	report := t.reports[len(t.reports)-1]
	at, least := t.clock.extend(report.stamp), c.offset
	for _, f := range t.pending {
		least = min(least, time.Duration(f.arrived)-report.ntp-av.Duration(f.ext-at, t.clock.rate))
	}
	if c.offset-least < lateReport {
		c.offset = least
	}
}

// rtpClock moves a track's RTP timestamps to the media clock.
type rtpClock struct {
	rate    int64
	started bool
	anew    bool  // the next frame is the first of another RTP stream
	stamp   int64 // newest timestamp, extended
	shift   int64 // of extended timestamps from the sender's, by their jumps
	arrived av.Instant
	late    time.Duration // from the capture of the newest frame to its arrival; beyond stoodStill it was held up on the way

	byReport bool // anchored by a sender report, else by arrival
	anchored bool
	at       int64 // the anchor: timestamp at is instant of
	of       av.Instant

	origins [lastReports]av.Instant // where the last reports put timestamp 0
	reports int
	off     int // reports in a row that contradict the anchor

	windowEnd av.Instant // arrival anchoring: least delay since the window began
	least     time.Duration
}

// extend unwraps a timestamp around the newest one.
func (c *rtpClock) extend(stamp uint32) int64 {
	if !c.started {
		return int64(stamp)
	}
	return c.stamp + int64(int32(stamp-uint32(c.stamp-c.shift)))
}

// frame notes a frame's timestamp and arrival, in decoding order, and returns the timestamp extended.
func (c *rtpClock) frame(stamp uint32, arrived av.Instant) int64 {
	ext := c.extend(stamp)
	if !c.anchored {
		c.anchor(ext, arrived, false)
	}
	late := arrived.Sub(c.instant(ext))
	if c.anew || late.Abs() > plausible {
		late = c.late
		on := c.at + av.Ticks(arrived.Add(-late).Sub(c.of), c.rate)
		c.shift += on - ext
		ext = on
		c.byReport, c.reports = false, 0
		c.windowEnd, c.least = arrived.Add(driftWindow), plausible
	}
	c.started, c.anew, c.stamp, c.arrived = true, false, ext, arrived
	c.late = max(0, min(late, stoodStill))
	if !c.byReport {
		c.follow(late, arrived)
	}
	return ext
}

func (c *rtpClock) anchor(at int64, of av.Instant, byReport bool) {
	c.at, c.of, c.anchored, c.byReport = at, of, true, byReport
	if !byReport {
		c.windowEnd, c.least, c.reports = of.Add(driftWindow), plausible, 0
	}
}

// follow keeps an arrival anchor at the least delay: at once when a packet came earlier than thought, by at most
// 2 ms per second when all came later.
func (c *rtpClock) follow(late time.Duration, arrived av.Instant) {
	if late < 0 {
		c.of = c.of.Add(late)
		late = 0
	}
	c.least = min(c.least, late)
	if arrived < c.windowEnd {
		return
	}
	c.of = c.of.Add(min(c.least, driftWindow*slewPerMille/1000))
	c.windowEnd, c.least = arrived.Add(driftWindow), plausible
}

// instant maps an extended timestamp; the clock must be anchored.
func (c *rtpClock) instant(ext int64) av.Instant {
	return c.of.Add(av.Duration(ext-c.at, c.rate))
}

// report anchors the clock: stamp is instant of. Implausible reports change nothing.
func (c *rtpClock) report(stamp uint32, of av.Instant) bool {
	if c.anew { // nothing to compare it with
		return false
	}
	ext := c.extend(stamp)
	if c.started {
		newest := of.Add(av.Duration(c.stamp-ext, c.rate))
		if c.arrived.Sub(newest).Abs() > plausible {
			return false
		}
	} else {
		c.stamp, c.started, c.arrived = ext, true, of
	}
	origin := of.Add(-av.Duration(ext, c.rate))
	if c.byReport && origin.Sub(c.instant(0)).Abs() > stoodStill {
		if c.off++; c.off < stoodReports {
			return true
		}
		c.reports = 0
	}
	c.off = 0
	c.origins[c.reports%lastReports] = origin
	c.reports++
	c.anchor(0, slices.Min(c.origins[:min(c.reports, lastReports)]), true)
	return true
}

// ntpTime is the 64-bit NTP timestamp of a sender report as a duration since its epoch.
func ntpTime(ntp uint64) time.Duration {
	return time.Duration(ntp>>32)*time.Second + time.Duration((ntp&0xffffffff)*uint64(time.Second)>>32)
}
