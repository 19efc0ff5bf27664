package capture

import (
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
)

// verdict says what an item of a stream's log is to a segment.
type verdict int

const (
	left     verdict = iota // not in the file
	taken                   // a frame of the file
	boundary                // the first frame of the next segment
	over                    // nothing of the take follows
	early                   // a frame captured before the zero of the segment, which is lower now
	unsure                  // a frame whose capture time a report further on may tell
)

// filter decides which items make a segment. It depends on the log and the take alone, so that reading them again gives the same.
type filter struct {
	take    *Take
	reach   [2]av.Instant // how far the log has come, by kind
	keyed   bool          // video may be taken: its first frame is a key frame
	started bool
	link    uint16   // reconnections of the publisher at the first frame
	codec   av.Codec // of the video; "" until its first frame
}

func newFilter(s *Segment) *filter { return &filter{take: s.Take, reach: s.Reach} }

// see judges the next item.
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
	// A reconnection and another codec begin a file, a mute does not (ARC-IND-06, ARC-IND-30, ARC-IND-31).
	if f.started && (it.Reconnects != f.link || it.Video && f.codec != "" && it.Codec != f.codec) {
		return boundary
	}
	if it.Video && !f.keyed && !it.Key { // nobody can decode it
		return left
	}
	f.started, f.link = true, it.Reconnects
	if it.Video {
		f.keyed, f.codec = true, it.Codec
	}
	return taken
}

// passed reports whether the log has come to t with all kinds of media that the stream has.
func (f *filter) passed(t av.Instant) bool {
	return (!f.take.Stream.HasAudio || f.reach[kind(false)] >= t) && (!f.take.Stream.HasVideo || f.reach[kind(true)] >= t)
}
