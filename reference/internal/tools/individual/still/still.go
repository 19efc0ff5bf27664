// Package still decodes untrusted pictures: PNG and JPEG. It reads from a reader and does no other IO.
package still

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"time"

	"reelcheck/reference/internal/ffmpeg/decoding"
)

const (
	// largest is the maximum size of a file in bytes: four bytes for each pixel of the largest picture.
	largest = 4 * decoding.MaxPixels
	// patience limits the time of decoding. A JPEG may have any number of scans, each over the whole picture.
	patience = time.Minute
)

// The beginnings of files (RFC 2083 section 3.1, ITU-T T.81 annex B).
const (
	pngHead  = "\x89PNG\r\n\x1a\n"
	jpegHead = "\xff\xd8\xff"
	HeadSize = len(pngHead)
)

// Is reports whether a file is a PNG or JPEG. head is its first HeadSize bytes.
func Is(head []byte) bool {
	return bytes.HasPrefix(head, []byte(pngHead)) || bytes.HasPrefix(head, []byte(jpegHead))
}

// Decode decodes a picture, turns it upright, and puts it on black. It checks the size before it decodes anything.
func Decode(ctx context.Context, r io.Reader) (*image.RGBA, error) {
	b, err := io.ReadAll(io.LimitReader(r, largest+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > largest:
		return nil, fmt.Errorf("picture has more than %d bytes", largest)
	}
	config, decode, turn := png.DecodeConfig, png.Decode, 1
	if bytes.HasPrefix(b, []byte(jpegHead)) {
		config, decode, turn = jpeg.DecodeConfig, jpeg.Decode, orientation(b)
	}
	c, err := config(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if c.Width < 1 || c.Height < 1 || c.Width > decoding.MaxPixels/c.Height {
		return nil, fmt.Errorf("picture of %dx%d has more than %d pixels", c.Width, c.Height, decoding.MaxPixels)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("picture takes more than %v to decode", patience))
	defer cancel()
	decoded, err := decode(&reader{ctx, bytes.NewReader(b)})
	if err != nil {
		return nil, errors.Join(err, context.Cause(ctx))
	}
	out := image.NewRGBA(image.Rect(0, 0, c.Width, c.Height))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.Black), image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), decoded, decoded.Bounds().Min, draw.Over)
	return upright(out, turn), nil
}

// reader is a reader that fails once its context has ended.
type reader struct {
	ctx context.Context //nolint:containedctx // of one call
	r   io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := context.Cause(r.ctx); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
