package picture

import (
	"context"
	"log/slog"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/compose/plan"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/journal"
)

// CatchUp is how far back the key frame of a stream may be that gets a place, for its picture to be there at once: decoding what lies
// between must not cost more than it is worth. Readers begin that much before the recording.
const CatchUp = 15 * time.Second

// Stream decodes one stream. Its pictures depend on the journal only. They begin with a key frame or, when the stream gets a place
// while it runs, with what the frames since the last key frame make; after a loss they stand still until the next key frame. A
// child for another size takes over at the first key frame after tile or aspect have changed. One that dies is replaced by one that
// is given everything since the key frame again: nothing is lost with it.
//
// Run, in one goroutine, is the [feeder]: it reads the journal and decides what its [child] is given. A goroutine of the child puts the
// pictures on the [shelf], from which Take and Pass, in a third one, take them.
type Stream struct {
	ID     string
	Plan   *plan.Plan
	FFmpeg ffmpeg.Config
	// CatchUp is how far back a key frame may be, most often [CatchUp].
	CatchUp time.Duration
	Log     *slog.Logger

	shelf shelf
}

// Picture is a decoded frame, scaled to where it is shown, without bars.
type Picture struct {
	ffmpeg.Frame
	time   av.Instant
	source [2]int
}

// Run feeds the stream's video from the journal until the log ends or ctx does. It closes the reader.
func (v *Stream) Run(ctx context.Context, r *journal.Reader) error {
	decode := func(ctx context.Context, s shape) (decoder, error) {
		return v.FFmpeg.Decode(ctx, s.codec, s.width, s.height)
	}
	return newFeeder(v, r, decode).run(ctx)
}

// Take returns the newest picture at t, or nil if none has come since the last call, waiting until that is certain. A picture may be
// used until the next one was taken.
func (v *Stream) Take(ctx context.Context, t av.Instant) (*Picture, error) {
	return v.shelf.take(ctx, t)
}

// Pass drops pictures up to t without waiting for any, and reports whether there will be no more.
func (v *Stream) Pass(t av.Instant) (over bool) { return v.shelf.pass(t) }
