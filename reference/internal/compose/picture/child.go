package picture

import (
	"context"
	"errors"
	"fmt"
	"io"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/layout"
)

const (
	// maxDecoded bounds the sides of the pictures a child delivers. Style sheets can ask for more, of which little is then seen.
	maxDecoded = 4096
	// lives is what children may use up over the same picture: one that crashes or hangs uses crash of them, one
	// that somebody killed a single one.
	lives, crash = 18, 6
)

// Picture is a decoded frame, scaled to where it is shown, without bars.
type Picture struct {
	ffmpeg.Frame
	time   av.Instant
	source [2]int
}

// shape is what a child decodes, and to which size.
type shape struct {
	codec         av.Codec
	width, height int
}

// shape is how a child for the frames from k on decodes them for a tile.
func (k keyFrame) shape(t layout.Tile) shape {
	r := t.Whole(k.size[0], k.size[1])
	return shape{k.codec, min(r.W, maxDecoded), min(r.H, maxDecoded)}
}

// child is a running decoder with the goroutine that reads from it.
type child struct {
	*ffmpeg.Decoder
	shape
	done chan struct{}
	err  error // set when done is closed
}

func (c *child) died() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// start starts a child.
func (v *Stream) start(ctx context.Context, s shape) error {
	d, err := v.FFmpeg.Decode(ctx, s.codec, s.width, s.height)
	if err != nil {
		return fmt.Errorf("decoding stream %s: %w", v.ID, err)
	}
	v.child = &child{Decoder: d, shape: s, done: make(chan struct{})}
	go v.read(ctx, v.child)
	return nil
}

// begin makes sure that a child of shape s runs.
func (v *Stream) begin(ctx context.Context, s shape) error {
	if v.child != nil && v.child.shape == s {
		return nil
	}
	if err := v.finish(ctx); err != nil {
		return err
	}
	return v.start(ctx, s)
}

// finish lets the child hand out what it has and reaps it.
func (v *Stream) finish(ctx context.Context) error {
	for v.child != nil {
		s, early := v.child.shape, v.child.died()
		if err := v.reap(ctx); ctx.Err() != nil {
			return ctx.Err()
		} else if err == nil && !early || v.settled() || v.hopeless(err) {
			break
		}
		if err := v.replay(ctx, s, v.given); err != nil {
			return err
		}
	}
	v.giveUp()
	return nil
}

// revive replaces a child that died.
func (v *Stream) revive(ctx context.Context) error {
	for v.child != nil && v.child.died() {
		s := v.child.shape
		err := v.reap(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if v.hopeless(err) {
			v.broken = true
			v.giveUp()
			return nil
		}
		if err := v.replay(ctx, s, v.given); err != nil {
			return err
		}
	}
	return nil
}

func (v *Stream) reap(ctx context.Context) error {
	c := v.child
	v.child, v.held = nil, nil
	closing := c.CloseInput()
	<-c.done
	err := errors.Join(closing, c.err)
	if err != nil && ctx.Err() == nil {
		v.Log.Warn("decoder failed", "stream", v.ID, "err", err)
	}
	return err
}

// deaths counts the lives of children that died before the same picture.
type deaths struct{ wanted, lives int64 }

// hopeless accounts for a death and reports whether there were too many without a picture in between.
func (v *Stream) hopeless(why error) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.deaths.wanted != v.wanted {
		v.deaths = deaths{wanted: v.wanted}
	}
	if ffmpeg.Killed(why) {
		v.deaths.lives++
	} else {
		v.deaths.lives += crash
	}
	return v.deaths.lives >= lives
}

// giveUp stops waiting for what has not come out.
func (v *Stream) giveUp() {
	v.mu.Update(func() { v.fed, v.wanted = v.fed[:0], max(v.wanted, v.latest+1) })
}

func (v *Stream) settled() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.fed) == 0
}

// rest deals with a sample that yields no picture while no other follows: nothing but its decoder's end tells that
// none will come. Pictures do not depend on it, because the next sample is preceded by all since the key frame.
func (v *Stream) rest(ctx context.Context, now av.Instant) error {
	if v.child == nil || now.Sub(v.rested) < settleAfter || v.turned { // decoders keep pictures that are in another order
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	err := v.mu.Until(limited, func() bool { return len(v.fed) == 0 })
	if err != nil && ctx.Err() == nil {
		return v.finish(ctx)
	}
	return ctx.Err()
}

// read queues the pictures of a child until it ends.
func (v *Stream) read(ctx context.Context, c *child) {
	defer close(c.done)
	var err error
	for err == nil {
		var frame ffmpeg.Frame
		if frame, err = c.Read(ctx); err == nil {
			v.push(&Picture{Frame: frame})
		}
	}
	if errors.Is(err, io.EOF) && ctx.Err() == nil {
		err = nil
	} else {
		c.Kill()
	}
	c.err = errors.Join(err, c.Wait())
}

// push queues a picture unless it is one of those that nobody wants.
func (v *Stream) push(p *Picture) {
	v.mu.Update(func() {
		queued := false
		for len(v.fed) > 0 && v.fed[0].number <= p.Number {
			f := v.fed[0]
			v.fed = v.fed[1:]
			if f.number == p.Number && p.Number >= v.wanted {
				p.time, p.source = f.time, f.source
				v.queue, queued = append(v.queue, p), true
				v.wanted = p.Number + 1
			}
		}
		if !queued {
			p.Release()
		}
	})
}

// Take returns the newest picture at t, or nil if none has come since the last call, waiting until that is certain. A picture may be
// used until the next one was taken.
func (v *Stream) Take(ctx context.Context, t av.Instant) (*Picture, error) {
	var newest *Picture
	err := v.mu.Until(ctx, func() bool {
		taken := 0
		for taken < len(v.queue) && v.queue[taken].time <= t {
			if newest != nil {
				newest.Release()
			}
			newest = v.queue[taken]
			taken++
		}
		if v.queue = v.queue[taken:]; taken > 0 {
			v.mu.Wake()
		}
		certain := len(v.queue) > 0 || v.ended || v.reached > t && !v.again && (len(v.fed) == 0 || v.fed[0].time > t)
		if certain && newest != nil {
			if v.taken != nil {
				v.taken.Release()
			}
			v.taken = newest
		}
		return certain
	})
	return newest, err
}

// Pass drops pictures up to t without waiting for any, and reports whether there will be no more.
func (v *Stream) Pass(t av.Instant) (over bool) {
	v.mu.Update(func() {
		for len(v.queue) > 0 && v.queue[0].time <= t {
			v.queue[0].Release()
			v.queue = v.queue[1:]
		}
		over = v.ended && len(v.queue) == 0
	})
	return over
}
