package rtp

import (
	"time"

	"reelcheck/reference/internal/av"
)

const (
	// reportsKept is how long what a report said counts. Browsers report sound every 5 to 7 s.
	reportsKept = 15 * time.Second
	maxKept     = 64
	// reportJump is the longest distance by which one report may differ from the ones before it.
	reportJump = 5 * time.Second
	// stepLeast is the smallest step of a sender's NTP clock that is told from a report that was late.
	stepLeast = 40 * time.Millisecond
	// lateReport is the longest delay of a report that packets may correct. A larger difference means that the report is wrong.
	lateReport = 250 * time.Millisecond
	// Clocks drift by less than riseRate, in thousandths. What was late at first, a report that a busy machine took late, is corrected by
	// fallRate, which nobody notices.
	riseRate = 2
	fallRate = 20
)

// ntpClock moves a publisher's NTP clock to the media clock, by the least delay of its reports.
type ntpClock struct {
	offset  time.Duration
	set     bool
	settled bool          // samples were timed with it: from now on it slews only
	steps   time.Duration // by which the NTP clock was stepped
	last    av.Instant
	seen    minimum // arrivals minus NTP
}

// ntpTime is the 64-bit NTP timestamp of a sender report as a duration since its epoch.
func ntpTime(ntp uint64) time.Duration {
	return time.Duration(ntp>>32)*time.Second + time.Duration((ntp&0xffffffff)*uint64(time.Second)>>32)
}

// whole reports whether a timestamp has no fraction, or one that stands for at most seven decimal digits: werift writes .25 s as 25/2^32 s.
// Senders that cut it off would put sound and picture up to a second apart.
func whole(ntp uint64) bool { return ntp&0xffffffff < 1e7 }

// observe takes an NTP time and when the report that carried it arrived; false when the report is to be ignored.
func (c *ntpClock) observe(ntp time.Duration, arrived av.Instant) bool {
	seen := time.Duration(arrived) - ntp
	if !c.set {
		c.offset, c.set, c.last = seen, true, arrived
		c.seen.reset()
	}
	if (seen - c.offset).Abs() > reportJump {
		return false
	}
	least := c.seen.add(seen, arrived)
	if !c.settled {
		c.offset, c.last = least, arrived
		return true
	}
	passed := arrived.Sub(c.last) / 1000
	c.offset += max(-passed*fallRate, min(passed*riseRate, least-c.offset))
	c.last = arrived
	return true
}

// step reports whether the NTP clock was stepped: a report's NTP moved against the timestamps of its track, and as much
// the other way against the media clock, on which the timestamps went on.
func (c *ntpClock) step(moved time.Duration, ntp time.Duration, arrived av.Instant) bool {
	away := time.Duration(arrived) - ntp - c.offset
	if moved.Abs() < stepLeast || (moved+away).Abs() > moved.Abs()/4 {
		return false
	}
	c.steps += moved
	c.seen.reset()
	return true
}

// bound lowers the offset by what is needed for no packet to arrive before it was captured (ARC-MAN-16).
func (c *ntpClock) bound(early time.Duration) {
	if early > 0 {
		c.offset -= early
		c.seen.reset()
	}
}

// minimum is the least of the values of the last reportsKept.
type minimum struct{ kept []dated }

type dated struct {
	value time.Duration
	at    av.Instant
}

// add takes a value and returns the least.
func (m *minimum) add(value time.Duration, at av.Instant) time.Duration {
	kept := m.kept[:0]
	for _, d := range m.kept[max(0, len(m.kept)-maxKept+1):] {
		if d.value < value && at.Sub(d.at) <= reportsKept { // one that is larger and older counts no more
			kept = append(kept, d)
		}
	}
	m.kept = append(kept, dated{value, at})
	return m.kept[0].value
}

func (m *minimum) reset() { m.kept = m.kept[:0] }
