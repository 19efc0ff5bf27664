package rtp

import (
	"time"

	"reelcheck/reference/internal/av"
)

// deepest is the deepest reordering that is followed. What goes back further is no picture of encoders in use, which keep some frames.
const deepest = time.Second

// order follows pictures that are sent in another order than they were captured in: with B slices, a picture is sent after a later one to
// which it refers. Samples are in the order in which they are decoded, and their Time never decreases; so all are timed by the depth of the
// reordering earlier than they were captured, and presented when they were captured.
type order struct {
	depth  time.Duration // by how much a picture has come after a later one
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
