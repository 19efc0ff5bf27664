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

// CatchUp is the greatest age of the key frame from which a stream that gets a place is decoded to show its picture at
// once. A longer way costs more than it is worth. Readers begin that much before the recording.
const CatchUp = 15 * time.Second

// Stream decodes one stream. Its pictures depend only on the journal. They begin with a key frame or, when the stream
// gets a place while it runs, with the picture that the frames since the last key frame make. After a loss the picture
// stands still until the next key frame. When the tile or the aspect changes, a child for the new size takes over at the
// next key frame. A child that dies is replaced by one that is given everything since the key frame again, so nothing is
// lost.
//
// Run is the [feeder] and has its own goroutine: it reads the journal and decides what its [child] is given. A goroutine
// of the child puts the pictures on the [shelf]. A third goroutine takes them from there with Take and Pass.
type Stream struct {
	ID     string
	Plan   *plan.Plan
	FFmpeg ffmpeg.Config
	// CatchUp is the greatest age of a key frame to catch up from, normally the constant [CatchUp].
	CatchUp time.Duration
	Log     *slog.Logger

	shelf shelf
}

// Picture is a decoded frame, scaled to its place, without bars.
type Picture struct {
	ffmpeg.Frame
	time   av.Instant
	source [2]int
}

// Run feeds the stream's video from the journal to the decoder until the log or ctx ends. It closes the reader.
func (v *Stream) Run(ctx context.Context, r *journal.Reader) error {
	decode := func(ctx context.Context, s shape) (decoder, error) {
		return v.FFmpeg.Decode(ctx, s.codec, s.width, s.height)
	}
	return newFeeder(v, r, decode).run(ctx)
}

// Take returns the newest picture at t, or nil if none has come since the last call. It waits until the answer is
// certain. The picture may be used until Take returns the next one.
func (v *Stream) Take(ctx context.Context, t av.Instant) (*Picture, error) {
	return v.shelf.take(ctx, t)
}

// Pass drops pictures up to t without waiting for any. It reports whether no more will come.
func (v *Stream) Pass(t av.Instant) (over bool) { return v.shelf.pass(t) }
