package rtp

import (
	"reelcheck/reference/internal/ingest/unrecorded"
)

// lose reports packets that are not recorded to the owner.
func (r *Receiver) lose(reason unrecorded.Reason, packets int) {
	if r.Unrecorded != nil && packets > 0 {
		r.Unrecorded(reason, packets)
	}
}

// losePending drops the held media of a track.
func (r *Receiver) losePending(t *track, reason unrecorded.Reason) {
	for _, f := range t.pending {
		r.lose(reason, f.Packets)
	}
	t.pending, t.pendingBytes = nil, 0
}
