package recorder

import "reelcheck/reference/internal/av"

// silence decides when a stream has stopped its video and when it goes on (decision 17). WebRTC has no message for it: a client
// just ceases to send. Who shares a screen on which nothing moves does so, too: the picture of a screen stands.
type silence struct {
	screen  bool
	dark    bool       // the video has stopped
	stopped av.Instant // when it did
	seen    av.Instant // when the newest frame came; before it, when the stream was published
	cadence av.Cadence
	broken  bool // frames were lost since the last key frame
}

// frame takes a frame that came now, and reports whether the video goes on with it: with the first one that can be decoded.
func (s *silence) frame(sample av.Sample, now av.Instant) (resumed bool) {
	s.cadence.Next(now.Sub(s.seen))
	s.seen = now
	s.broken = !sample.Key && (s.broken || sample.Gap)
	resumed = s.dark && !s.broken // ARC-COMP-28
	s.dark = s.dark && s.broken
	return resumed
}

// look reports whether the video has stopped since the last look.
func (s *silence) look(now av.Instant) (stopped bool) {
	if s.screen || s.dark || now.Sub(s.seen) < s.cadence.Patience() { // ARC-COMP-28
		return false
	}
	s.dark, s.stopped = true, now
	return true
}
