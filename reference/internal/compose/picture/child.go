package picture

import (
	"context"
	"errors"
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

// decoder decodes the samples of one stream, from a key frame on, in a process of its own. [ffmpeg.Decoder] is one. Write and CloseInput
// belong to one goroutine, Read to another.
type decoder interface {
	// Write gives it a sample. Numbers increase. Of a sample that is not to be shown no picture comes.
	Write(number int64, show bool, data []byte) error
	// CloseInput says that no more samples come. What is in the decoder still comes out.
	CloseInput() error
	// Read returns the next picture; io.EOF at the end, or when the process has died, which Wait tells.
	Read(ctx context.Context) (ffmpeg.Frame, error)
	// Kill ends the process. What is in it is lost.
	Kill()
	// Wait reaps the process, once Read has failed, and returns what it died of.
	Wait() error
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
	decoder
	shape
	done chan struct{}
	err  error // set when done is closed
}

// bear starts to read from a decoder.
func bear(ctx context.Context, d decoder, s shape, put func(*Picture)) *child {
	c := &child{decoder: d, shape: s, done: make(chan struct{})}
	go c.read(ctx, put)
	return c
}

// read hands on the pictures of a child until it ends, and reaps it.
func (c *child) read(ctx context.Context, put func(*Picture)) {
	defer close(c.done)
	var err error
	for err == nil {
		var frame ffmpeg.Frame
		if frame, err = c.Read(ctx); err == nil {
			put(&Picture{Frame: frame})
		}
	}
	if errors.Is(err, io.EOF) && ctx.Err() == nil {
		err = nil
	} else {
		c.Kill()
	}
	c.err = errors.Join(err, c.Wait())
}

// died reports whether the child has ended.
func (c *child) died() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// finish lets the child hand out what it has, and returns what it died of.
func (c *child) finish() error {
	closing := c.CloseInput()
	<-c.done
	return errors.Join(closing, c.err)
}

// deaths counts the lives of children that died before the same picture came.
type deaths struct {
	next int64 // the picture that is wanted
	used int
}

// hopeless accounts for a death, with the number of the picture that is wanted next, and reports whether there were too many without a
// picture in between.
func (d *deaths) hopeless(next int64, why error) bool {
	if d.next != next {
		*d = deaths{next: next}
	}
	if ffmpeg.Killed(why) {
		d.used++
	} else {
		d.used += crash
	}
	return d.used >= lives
}
