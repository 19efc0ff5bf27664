package rtp

import (
	"time"

	"reelcheck/reference/internal/av"
)

const (
	// reportsKept is how long a report counts. Browsers report audio every 5 to 7 s.
	reportsKept = 15 * time.Second
	maxKept     = 64
	// reportJump is the largest difference between a report and the ones before it.
	reportJump = 5 * time.Second
	// stepLeast is the smallest step of a sender's NTP clock that can be distinguished from a late report.
	stepLeast = 40 * time.Millisecond
	// lateReport is the longest delay of a report that packets may correct. If they differ by more, the report is wrong.
	lateReport = 250 * time.Millisecond
	// slewRate limits the change of the offset, in thousandths. Clocks drift by less.
	slewRate = 2
)

// ntpClock converts a publisher's NTP clock to the media clock, by the least delay of its reports.
type ntpClock struct {
	offset  time.Duration
	set     bool
	settled bool          // samples were timed with it, so from now on it only slews
	steps   time.Duration // sum of the steps of the NTP clock
	last    av.Instant
	seen    minimum // arrivals minus NTP
}

// ntpTime returns the 64-bit NTP timestamp of a sender report as a duration since the NTP epoch.
func ntpTime(ntp uint64) time.Duration {
	return time.Duration(ntp>>32)*time.Second + time.Duration((ntp&0xffffffff)*uint64(time.Second)>>32)
}

// whole reports whether a timestamp has no fraction, or one that stands for up to seven decimal digits: werift writes .25 s as 25/2^32 s. Such
// senders would put audio and video up to a second out of sync.
func whole(ntp uint64) bool { return ntp&0xffffffff < 1e7 }

// observe handles the NTP time of a report and its arrival. It returns false if the report must be ignored.
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
	c.offset += max(-passed*slewRate, min(passed*slewRate, least-c.offset))
	c.last = arrived
	return true
}

// step reports whether the NTP clock was stepped. Then a report's NTP time moved against the timestamps of its track, and by the same amount
// against the media clock.
func (c *ntpClock) step(moved time.Duration, ntp time.Duration, arrived av.Instant) bool {
	away := time.Duration(arrived) - ntp - c.offset
	if moved.Abs() < stepLeast || (moved+away).Abs() > moved.Abs()/4 {
		return false
	}
	c.steps += moved
	c.seen.reset()
	return true
}

// bound lowers the offset, so that no packet arrives before it was captured (ARC-MAN-16).
func (c *ntpClock) bound(early time.Duration) {
	if early > 0 {
		c.offset -= early
		c.seen.reset()
	}
}

// minimum is the least of the values added in the last reportsKept.
type minimum struct{ kept []dated }

type dated struct {
	value time.Duration
	at    av.Instant
}

// add adds a value and returns the least one.
func (m *minimum) add(value time.Duration, at av.Instant) time.Duration {
	kept := m.kept[:0]
	for _, d := range m.kept[max(0, len(m.kept)-maxKept+1):] {
		if d.value < value && at.Sub(d.at) <= reportsKept { // an older value that is not smaller no longer counts
			kept = append(kept, d)
		}
	}
	m.kept = append(kept, dated{value, at})
	return m.kept[0].value
}

func (m *minimum) reset() { m.kept = m.kept[:0] }
