package capture

import (
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
)

// verdict says what an item of a stream's log means for a segment.
type verdict int

const (
	left     verdict = iota // not in the file
	taken                   // a frame of the file
	boundary                // the first frame of the next segment
	over                    // the take has ended
	early                   // a frame captured before the zero of the segment; the zero was lowered
	unsure                  // a frame whose capture time depends on a report further on
)

// filter decides which items belong to a segment. It depends only on the log and the take, so that reading them again gives the same result.
type filter struct {
	take    *Take
	reach   [2]av.Instant // time that the log has reached, by kind
	keyed   bool          // video may be taken, because its key frame was taken
	started bool
	link    uint16   // number of reconnections of the publisher at the first frame
	codec   av.Codec // of the video; "" until its first frame
}

func newFilter(s *Segment) *filter { return &filter{take: s.Take, reach: s.Reach} }

// see returns the verdict on the next item.
func (f *filter) see(it journal.Item) verdict {
	if it.Report {
		return left
	}
	k := kind(it.Video)
	f.reach[k] = max(f.reach[k], it.Time)
	if f.passed(f.take.To) {
		return over
	}
	if it.Mark || !f.take.wants(it.Video, it.Time) {
		f.keyed = f.keyed && (it.Mark || !it.Video)
		return left
	}
	// A reconnection or another codec begins a file. A mute or another size does not (ARC-IND-06, ARC-IND-14, ARC-IND-30, ARC-IND-31).
	if f.started && (it.Reconnects != f.link || it.Video && f.codec != "" && it.Codec != f.codec) {
		return boundary
	}
	if it.Video && !f.keyed && !it.Key { // it cannot be decoded
		return left
	}
	f.started, f.link = true, it.Reconnects
	if it.Video {
		f.keyed, f.codec = true, it.Codec
	}
	return taken
}

// passed reports whether the log has reached t with all kinds of media of the stream.
func (f *filter) passed(t av.Instant) bool {
	return (!f.take.Stream.HasAudio || f.reach[kind(false)] >= t) && (!f.take.Stream.HasVideo || f.reach[kind(true)] >= t)
}
