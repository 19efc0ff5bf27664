package av

import "time"

const (
	// quietAfter is how long a camera sends no video until that counts as stopped.
	quietAfter = 1500 * time.Millisecond
	// A camera that sends few frames has stopped after sparse times the distance between them, at most longestQuiet.
	sparse       = 3
	longestQuiet = 10 * time.Second
)

// Cadence is how often the frames of a video come: the last two distances between them.
type Cadence [2]time.Duration

// Next takes the distance of a frame to the one before.
func (c *Cadence) Next(d time.Duration) { *c = Cadence{c[1], d} }

// Patience is how long no frame comes until the video has stopped (decision 17). It goes by the shorter distance: the other may be the
// last stop.
func (c Cadence) Patience() time.Duration {
	return max(quietAfter, min(longestQuiet, sparse*min(c[0], c[1])))
}
