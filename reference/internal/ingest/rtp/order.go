package rtp

import (
	"time"

	"reelcheck/reference/internal/av"
)

// deepest is the deepest reordering that is followed. Encoders keep a few frames back, far less than a second.
const deepest = time.Second

// order measures how far pictures are sent out of the order of their capture: with B slices, a picture follows a later one to which it refers.
// Samples come in decoding order, and their Time must not decrease. So each sample's Time is its capture time minus the depth of the
// reordering, and it is presented at its capture time.
type order struct {
	depth  time.Duration // the longest time that a picture has come after a later one
	newest int64         // timestamp
	seen   bool
}

// see takes the next timestamp, extended.
func (o *order) see(ext, rate int64) {
	if o.seen && ext < o.newest {
		if back := av.Duration(o.newest-ext, rate); back <= deepest {
			o.depth = max(o.depth, back)
		}
	}
	o.newest, o.seen = max(o.newest, ext), true
	if o.newest-ext > rate { // the timestamps began anew
		o.newest = ext
	}
}

// look learns the depth from frames that were not delivered yet.
func (o *order) look(frames []timedFrame, rate int64) {
	var ahead order
	for _, f := range frames {
		ahead.see(f.ext, rate)
	}
	o.depth = max(o.depth, ahead.depth)
}
