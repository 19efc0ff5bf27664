package rtp

import (
	"time"

	"reelcheck/reference/internal/av"
)

// deepest is the deepest reordering that is followed. Encoders hold back a few frames, much less than a second.
const deepest = time.Second

// order measures how far pictures are sent out of the order of their capture. With B slices, a picture comes after a later one that it refers
// to. Samples come in decoding order, and their Time must not decrease. So a sample's Time is its capture time minus the depth of the
// reordering, and its presentation time is its capture time.
type order struct {
	depth  time.Duration // the longest time by which a picture came after a later one
	newest int64         // newest timestamp, extended
	seen   bool
}

// see adds the next extended timestamp.
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

// look measures the depth in frames that are not delivered yet.
func (o *order) look(frames []timedFrame, rate int64) {
	var ahead order
	for _, f := range frames {
		ahead.see(f.ext, rate)
	}
	o.depth = max(o.depth, ahead.depth)
}
