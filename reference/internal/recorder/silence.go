package recorder

import "reelcheck/reference/internal/av"

// silence decides when a stream has stopped its video and when the video goes on (decision 17). WebRTC has no message for that; a client just
// stops sending. A shared screen on which nothing moves sends nothing either, so a screen's video never counts as stopped.
type silence struct {
	screen  bool
	dark    bool       // the video has stopped
	stopped av.Instant // when the video stopped
	seen    av.Instant // arrival of the newest frame; before the first one, when the stream was published
	cadence av.Cadence
	broken  bool // frames were lost since the last key frame
}

// frame takes a frame that arrived at now. It reports whether stopped video resumes with it, which needs a frame that can be decoded.
func (s *silence) frame(sample av.Sample, now av.Instant) (resumed bool) {
	s.cadence.Next(now.Sub(s.seen))
	s.seen = now
	s.broken = !sample.Key && (s.broken || sample.Gap)
	resumed = s.dark && !s.broken // ARC-COMP-28
	s.dark = s.dark && s.broken
	return resumed
}

// look reports whether the video has stopped since the last call. A late call does not make the stop later.
func (s *silence) look(now av.Instant) (stopped bool) {
	end := s.seen.Add(s.cadence.Patience())
	if s.screen || s.dark || now < end { // ARC-COMP-28
		return false
	}
	s.dark, s.stopped = true, end
	return true
}
