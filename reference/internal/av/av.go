// Package av is the media vocabulary of the server: codecs, instants, samples and conversion between clock rates. It is pure: it does no IO,
// starts no goroutine and reads no clock.
package av

import "time"

// Codec names a coded media format as the server and the journal spell it.
type Codec string

const (
	VP8  Codec = "VP8"
	VP9  Codec = "VP9"
	H264 Codec = "H264"
	Opus Codec = "Opus"
)

// Video reports whether samples of c are video frames.
func (c Codec) Video() bool { return c == VP8 || c == VP9 || c == H264 }

// Valid reports whether c is one of the codecs above.
func (c Codec) Valid() bool { return c.Video() || c == Opus }

// ClockRate returns the RTP clock rate of c in Hz: 90000 for video (RFC 7741, 9628, 6184), 48000 for Opus (RFC 7587).
func (c Codec) ClockRate() int64 {
	if c == Opus {
		return 48000
	}
	return 90000
}

// Instant is a point on the media clock, in nanoseconds since the Unix epoch as read at process start. The media clock is real time, and
// monotonic within a process.
type Instant int64

// Add returns t+d.
func (t Instant) Add(d time.Duration) Instant { return t + Instant(d) }

// Sub returns t-u.
func (t Instant) Sub(u Instant) time.Duration { return time.Duration(t - u) }

// Time returns t as wall time in UTC.
func (t Instant) Time() time.Time { return time.Unix(0, int64(t)).UTC() }

// InstantOf returns t as an instant.
func InstantOf(t time.Time) Instant { return Instant(t.UnixNano()) }

// Ticks converts a duration to ticks of a clock of rate Hz, rounding down (towards the past).
func Ticks(d time.Duration, rate int64) int64 {
	seconds, rest := int64(d/time.Second), int64(d%time.Second)
	if rest < 0 {
		seconds, rest = seconds-1, rest+int64(time.Second)
	}
	return seconds*rate + rest*rate/int64(time.Second)
}

// Duration converts ticks of a clock of rate Hz to a duration, rounding down (towards the past).
func Duration(ticks, rate int64) time.Duration {
	seconds, rest := ticks/rate, ticks%rate
	if rest < 0 {
		seconds, rest = seconds-1, rest+rate
	}
	return time.Duration(seconds)*time.Second + time.Duration(rest*int64(time.Second)/rate)
}

// Sample is one coded video frame or one Opus packet. Nobody changes Data after the sample was passed on, so a receiver may keep it without a
// copy.
type Sample struct {
	Codec Codec
	Time  Instant // Captured minus reordering, raised so that it never decreases; see Presented
	Key   bool    // video: decodable without earlier frames
	Gap   bool    // packets just before this sample were lost for good
	Origin
	// Data is, for VP8 and VP9, one frame; for H264, one access unit in Annex B form with SPS and PPS in-band
	// before each key frame; for Opus, one packet.
	Data []byte
}

// Origin says when a sample was captured, and how that is known. It is zero for samples that no publisher sent.
type Origin struct {
	// Captured is the capture time according to the sender's reports, or to the arrival if there was none. It may decrease from one sample to
	// the next.
	Captured Instant
	Guessed  bool  // no report had come, so Captured depends on the arrival
	Stamp    int64 // RTP timestamp in ticks of the codec's clock, without wraps and jumps
	// Reconnects counts how often the publisher had reconnected.
	Reconnects uint16
}

// Presented returns when a sample must be shown or played. That is Time, except for pictures that are not in the order of capture: those were
// captured after Time.
func (s Sample) Presented() Instant { return max(s.Time, s.Captured) }

// At returns the capture time of a sample, or Time if it has none.
func (s Sample) At() Instant {
	if s.Captured == 0 {
		return s.Time
	}
	return s.Captured
}
