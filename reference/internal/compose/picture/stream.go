package picture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/await"
	"reelcheck/reference/internal/compose/ffmpeg"
	"reelcheck/reference/internal/compose/plan"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/layout"
)

const (
	// decodedAhead bounds the pictures of one stream that wait to be shown.
	decodedAhead = 4
	// settleAfter is how long a stream's video must rest before a frame without a picture is looked into,
	// settleTime how long its decoder then has to answer.
	settleAfter = 500 * time.Millisecond
	settleTime  = 2 * time.Second
)

// Picture is a decoded frame, scaled to where it is shown, without bars. It is not changed once queued.
type Picture struct {
	time          av.Instant
	width, height int // of pix
	source        [2]int
	pix           []byte // planar 4:2:0
}

// fed is a frame the decoder was given and that has not come out yet.
type fed struct {
	number int64
	time   av.Instant
	source [2]int
	again  bool // fed before: its picture is known
}

// Stream decodes one stream. Which child decodes what, and from which frame on, is decided by the journal only:
// samples are skipped until a key frame of a stream that is shown, and after a loss; a child of another size takes over
// at the first key frame after the tile or the aspect has changed, when its predecessor has handed out everything.
type Stream struct {
	ID     string
	Plan   *plan.Plan
	FFmpeg ffmpeg.Config
	Log    *slog.Logger

	// Of the feeding goroutine.
	child   *child
	number  int64
	needKey bool
	source  [2]int
	keyAt   journal.Position // the key frame the child's state begins with
	lastFed av.Instant
	lost    bool // the child was ended to settle a frame: feed from keyAt again

	mu      await.Mutex // guards the rest
	queue   []*Picture
	fed     []fed
	reached av.Instant // every sample before it was fed or skipped
	ended   bool
}

// child is a running decoder with the goroutine that reads from it.
type child struct {
	*ffmpeg.Decoder
	codec         av.Codec
	width, height int
	done          chan struct{}
	err           error // set when done is closed
}

// Run feeds the stream's video from the journal until the log ends or ctx does.
func (v *Stream) Run(ctx context.Context, r *journal.Reader) (err error) {
	defer func() {
		err = errors.Join(err, r.Close())
		if v.child != nil {
			v.child.Kill()
			<-v.child.done
		}
	}()
	v.needKey = true
	waiting, cancel := v.Plan.UntilStopped(ctx)
	defer cancel()
	for {
		it, err := r.Next(waiting)
		var torn *journal.TornError
		switch {
		case errors.Is(err, io.EOF), v.Plan.Over(v.reached) && !errors.As(err, &torn):
			v.finish(ctx)
			v.mu.Update(func() { v.ended = true })
			return nil
		case err != nil && waiting.Err() != nil && ctx.Err() == nil: // stopped, but samples of before are on their way
			waiting = ctx
			continue
		case errors.As(err, &torn):
			v.Log.Warn("journal is damaged", "stream", v.ID, "err", err)
			v.needKey = true
			continue
		case err != nil:
			return err
		}
		v.mu.Update(func() { v.reached = max(v.reached, it.Time) })
		if it.Mark {
			if it.Time.Sub(v.lastFed) >= settleAfter {
				v.settle(ctx)
			}
			continue
		}
		if err := v.sample(ctx, r, it.Sample); err != nil {
			return err
		}
	}
}

// sample feeds or skips one sample.
func (v *Stream) sample(ctx context.Context, r *journal.Reader, s av.Sample) error {
	if err := v.Plan.WaitKnown(ctx, s.Time); err != nil && !errors.Is(err, plan.ErrOver) {
		return err
	}
	tile, shown := v.Plan.At(s.Time).Tile(v.ID)
	if !shown {
		v.finish(ctx)
		v.needKey = true
		return nil
	}
	if v.child != nil && v.child.died() {
		v.finish(ctx)
		v.needKey = true
	}
	if s.Gap {
		v.needKey = true
	}
	w, h, ok := Size(s)
	if s.Key && ok {
		v.keyAt, v.source, v.needKey, v.lost = r.Position(), [2]int{w, h}, false, false
		if err := v.begin(ctx, s.Codec, tile.Whole(w, h)); err != nil {
			return err
		}
	}
	if v.needKey {
		return nil
	}
	if v.lost {
		if err := v.replay(ctx, r); err != nil {
			return err
		}
	}
	if !v.needKey {
		v.feed(ctx, s, false)
	}
	return nil
}

// feed hands one sample to the child.
func (v *Stream) feed(ctx context.Context, s av.Sample, again bool) {
	v.number++
	v.lastFed = s.Time
	number := v.number
	v.mu.Update(func() { v.fed = append(v.fed, fed{number, s.Time, v.source, again}) })
	if err := v.child.Write(number, s.Data); err != nil {
		v.finish(ctx)
		v.needKey = true
	}
}

// maxDecoded bounds the sides of the pictures a child delivers. Style sheets can ask for more, of which little is then seen.
const maxDecoded = 4096

// begin makes sure that a child for pictures of r's size runs.
func (v *Stream) begin(ctx context.Context, codec av.Codec, r layout.Rect) error {
	r.W, r.H = min(r.W, maxDecoded), min(r.H, maxDecoded)
	if c := v.child; c != nil && c.codec == codec && c.width == r.W && c.height == r.H && !c.died() {
		return nil
	}
	v.finish(ctx)
	d, err := v.FFmpeg.Decode(ctx, codec, r.W, r.H)
	if err != nil {
		return fmt.Errorf("decoding stream %s: %w", v.ID, err)
	}
	c := &child{Decoder: d, codec: codec, width: r.W, height: r.H, done: make(chan struct{})}
	v.child = c
	go v.read(ctx, c)
	return nil
}

func (c *child) died() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// finish lets the child hand out what it has and reaps it.
func (v *Stream) finish(ctx context.Context) {
	c := v.child
	if c == nil {
		return
	}
	v.child = nil
	closing := c.CloseInput()
	<-c.done
	v.mu.Update(func() { v.fed = v.fed[:0] })
	if err := errors.Join(closing, c.err); err != nil && ctx.Err() == nil {
		v.Log.Warn("decoder failed", "stream", v.ID, "err", err)
	}
}

// read queues the pictures of a child until it ends. Frames it was given and did not show by then never come.
func (v *Stream) read(ctx context.Context, c *child) {
	defer close(c.done)
	for {
		p := &Picture{width: c.width, height: c.height, pix: make([]byte, c.width*c.height*3/2)}
		number, err := c.Read(p.pix)
		if err != nil || v.push(ctx, p, number) != nil {
			break
		}
	}
	if ctx.Err() != nil {
		c.Kill()
	}
	c.err = c.Wait()
	v.mu.Update(func() { v.fed = v.fed[:0] })
}

// push queues a picture, waiting for room.
func (v *Stream) push(ctx context.Context, p *Picture, number int64) error {
	return v.mu.Until(ctx, func() bool {
		if len(v.queue) >= decodedAhead {
			return false
		}
		v.mu.Wake()
		for len(v.fed) > 0 && v.fed[0].number <= number {
			f := v.fed[0]
			v.fed = v.fed[1:]
			if f.number == number && !f.again {
				p.time, p.source = f.time, f.source
				v.queue = append(v.queue, p)
			}
		}
		return true
	})
}

// settle deals with a frame that yields no picture while no other follows: nothing but its decoder's end tells that
// none will come. Pictures do not depend on it, because the next frame is preceded by all since the key frame.
func (v *Stream) settle(ctx context.Context) {
	if v.child == nil {
		return
	}
	limited, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	if v.mu.Until(limited, func() bool { return len(v.fed) == 0 }) != nil && ctx.Err() == nil {
		v.finish(ctx)
		v.lost = true
	}
}

// replay brings a new child to where the one ended by settle was.
func (v *Stream) replay(ctx context.Context, r *journal.Reader) error {
	next := r.Position()
	if err := r.Seek(v.keyAt); err != nil {
		return err
	}
	for {
		it, err := r.Next(ctx)
		if err != nil {
			return fmt.Errorf("decoding stream %s again: %w", v.ID, err)
		}
		if r.Position() == next {
			break
		}
		if it.Mark {
			continue
		}
		if v.lost {
			tile, _ := v.Plan.At(it.Time).Tile(v.ID)
			if err := v.begin(ctx, it.Codec, tile.Whole(v.source[0], v.source[1])); err != nil {
				return err
			}
			v.lost = false
		}
		if v.feed(ctx, it.Sample, true); v.needKey {
			return r.Seek(next)
		}
	}
	return nil
}

// Take returns the newest picture at t, or nil if none has come since the last call, waiting until that is certain.
func (v *Stream) Take(ctx context.Context, t av.Instant) (*Picture, error) {
	var newest *Picture
	err := v.mu.Until(ctx, func() bool {
		taken := 0
		for taken < len(v.queue) && v.queue[taken].time <= t {
			newest = v.queue[taken]
			taken++
		}
		v.queue = v.queue[taken:]
		if taken > 0 {
			v.mu.Wake()
		}
		return len(v.queue) > 0 || v.ended || v.reached > t && (len(v.fed) == 0 || v.fed[0].time > t)
	})
	return newest, err
}

// Pass drops pictures up to t without waiting for any, and reports whether there will be no more.
func (v *Stream) Pass(t av.Instant) (over bool) {
	v.mu.Update(func() {
		for len(v.queue) > 0 && v.queue[0].time <= t {
			v.queue = v.queue[1:]
		}
		over = v.ended && len(v.queue) == 0
	})
	return over
}
