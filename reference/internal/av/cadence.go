package av

import "time"

const (
	// quietAfter is how long a camera must send no video before it counts as stopped.
	quietAfter = 1500 * time.Millisecond
	// For a camera that sends few frames, it is sparse times the time between frames, at most longestQuiet.
	sparse       = 3
	longestQuiet = 10 * time.Second
)

// Cadence holds the last two times between frames of a video.
type Cadence [2]time.Duration

// Next adds the time between a frame and the one before it.
func (c *Cadence) Next(d time.Duration) { *c = Cadence{c[1], d} }

// Patience returns how long no frame must come before the video counts as stopped (decision 17). It uses the shorter of the two times, because
// the other may be the last stop.
func (c Cadence) Patience() time.Duration {
	return max(quietAfter, min(longestQuiet, sparse*min(c[0], c[1])))
}
