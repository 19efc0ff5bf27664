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
	// maxDecoded limits the width and height of the pictures that a child returns. Style sheets can ask for more, of
	// which little is then visible.
	maxDecoded = 4096
	// lives is the number of lives that children may use up for one picture. A child that crashes or hangs uses crash
	// lives; one that was killed from outside uses one.
	lives, crash = 18, 6
)

// decoder decodes the samples of one stream, from a key frame on, in a process of its own. [ffmpeg.Decoder] implements
// it. One goroutine calls Write and CloseInput, another calls Read.
type decoder interface {
	// Write decodes a sample. Numbers increase. A sample with show false yields no picture.
	Write(number int64, show bool, data []byte) error
	// CloseInput notes that no more samples come. Read still returns the remaining pictures.
	CloseInput() error
	// Read returns the next picture. It returns io.EOF at the end and when the process has died, which Wait tells.
	Read(ctx context.Context) (ffmpeg.Frame, error)
	// Kill ends the process. Its remaining pictures are lost.
	Kill()
	// Wait reaps the process after Read has failed and returns what it died of.
	Wait() error
}

// shape is the codec that a child decodes and the size of its pictures.
type shape struct {
	codec         av.Codec
	width, height int
}

// shape returns the shape of a child that decodes the frames from k on for a tile.
func (k keyFrame) shape(t layout.Tile) shape {
	r := t.Whole(k.size[0], k.size[1])
	return shape{k.codec, min(r.W, maxDecoded), min(r.H, maxDecoded)}
}

// child is a running decoder with the goroutine that reads from it.
type child struct {
	decoder
	shape
	done chan struct{}
	err  error // set before done is closed
}

// bear starts the goroutine that reads from a decoder.
func bear(ctx context.Context, d decoder, s shape, put func(*Picture)) *child {
	c := &child{decoder: d, shape: s, done: make(chan struct{})}
	go c.read(ctx, put)
	return c
}

// read puts the pictures of a child until it ends, and reaps it.
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

// finish waits for the remaining pictures of the child and returns what it died of.
func (c *child) finish() error {
	closing := c.CloseInput()
	<-c.done
	return errors.Join(closing, c.err)
}

// deaths counts the lives that were used up for the same picture.
type deaths struct {
	next int64 // number of the sample whose picture is wanted
	used int
}

// hopeless counts a death while the picture of sample next is wanted. It reports whether too many children died without
// a picture in between.
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
