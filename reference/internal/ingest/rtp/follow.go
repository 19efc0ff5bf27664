package rtp

import (
	"slices"
	"time"

	"github.com/pion/rtcp"

	"reelcheck/reference/internal/av"
)

// Report handles a sender report.
func (r *Receiver) Report(s *Source, report *rtcp.SenderReport, at av.Instant) {
	t := s.track
	if s.number != t.source || report.SSRC != t.ssrc || report.NTPTime == 0 {
		return
	}
	r.hear(at)
	one := senderReport{ntpTime(report.NTPTime), report.RTPTime, at}
	if !r.exact(t, whole(report.NTPTime)) {
		return
	}
	if !r.held {
		r.follow(t, one)
		return
	}
	if r.ntp.observe(one.ntp, at) {
		t.reports = append(t.reports[max(0, len(t.reports)-lastReports+1):], one)
		r.release(at)
	}
}

// exact reports whether a report's NTP time can be used: the publisher's NTP clock has fractions of a second (decision 26). Reports without one tell
// nothing, even if they keep their distance to the media clock: a sender that reports once a second cuts off the same fraction each time.
func (r *Receiver) exact(t *track, whole bool) bool {
	if r.fine = r.fine || !whole; !r.fine {
		r.disbelieve(t, "its NTP time has no fraction")
	}
	return r.fine
}

// follow handles a report after the hold of the first samples. The track uses the report if it is believed.
func (r *Receiver) follow(t *track, one senderReport) {
	used := r.anchored()
	if !used {
		r.ntp.set = false
	}
	ntp := one.ntp - r.ntp.steps
	if t.clock.sure() && r.ntp.step(t.clock.contradicts(one.stamp, ntp), ntp, one.arrived) {
		ntp = one.ntp - r.ntp.steps
	}
	if !r.ntp.observe(ntp, one.arrived) {
		r.disbelieve(t, "its NTP time jumped")
		return
	}
	if !used {
		t.reports = []senderReport{{ntp, one.stamp, one.arrived}}
		r.ntp.bound(r.early())
	}
	guessed := t.clock.started
	if r.anchor(t, one.stamp, ntp, one.arrived) && guessed {
		r.revise(t)
	}
}

// revise tells the sink the true capture time of samples that were timed by a guess.
func (r *Receiver) revise(t *track) {
	if r.sink != nil {
		r.check(r.sink.Report(t.video, 0, t.clock.origin()))
	}
}

// anchor passes a report to the track's clock. It returns true if the clock begins to use reports with this one.
func (r *Receiver) anchor(t *track, stamp uint32, ntp time.Duration, arrived av.Instant) bool {
	anchored, doubted := t.clock.report(stamp, ntp, arrived)
	if doubted != "" {
		r.disbelieve(t, doubted)
	}
	return anchored
}

// anchored reports whether any track uses reports.
func (r *Receiver) anchored() bool {
	return slices.ContainsFunc(r.tracks[:], func(t *track) bool { return t != nil && t.clock.reported.set })
}

// disbelieve logs, once for each track, that a sender report is not believed.
func (r *Receiver) disbelieve(t *track, reason string) {
	if !t.doubted {
		t.doubted = true
		r.Log.Warn("sender report is not believed", "video", t.video, "reason", reason)
	}
}

// release ends the hold of the first samples when every track has its report and leastHold has passed, or startHold.
func (r *Receiver) release(now av.Instant) {
	if !r.held || r.sink == nil || r.seen && now.Sub(r.first) < leastHold {
		return
	}
	reported, early := true, r.early()
	for _, t := range r.tracks {
		reported = reported && (t == nil || t.clock.early(t.reports) < lateReport && t.clock.proven(t.reports, early))
	}
	if !reported && (!r.seen || now.Sub(r.first) < startHold) {
		return
	}
	r.ntp.bound(early) // from now on the offset changes slowly only
	r.ntp.settled = true
	r.held = false
	for _, t := range r.tracks {
		if t == nil {
			continue
		}
		for _, one := range t.reports {
			r.anchor(t, one.stamp, one.ntp, one.arrived)
		}
		t.reports = t.reports[max(0, len(t.reports)-1):]
	}
	r.suspect()
	for _, t := range r.tracks {
		if t != nil {
			r.flush(t, now, false)
		}
	}
}

// suspect ends the belief in single reports of a sender whose reports of the other track were wrong.
func (r *Receiver) suspect() {
	for _, t := range r.tracks {
		if t != nil && t.doubted && !t.clock.reported.set {
			if other := r.other(t); other != nil && other.reported.set && other.reported.confirmed == 0 {
				other.forget()
			}
		}
	}
}

// early returns what packets demand to be subtracted from the offset of the NTP clock.
func (r *Receiver) early() (most time.Duration) {
	for _, t := range r.tracks {
		if t == nil {
			continue
		}
		if e := t.clock.early(t.reports); e < lateReport {
			most = max(most, e)
		}
	}
	return most
}
