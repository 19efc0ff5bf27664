package render

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/ffmpeg"
)

const (
	// longestSide is the longest side of the largest output in pixels. A still needs no more.
	longestSide = 1920
	// largestStill is about the largest sample that the journal takes, in bytes.
	largestStill = 7 << 20
)

// codeStill codes a picture as an H.264 key frame, so that the compositor can show it like video.
func codeStill(ctx context.Context, config ffmpeg.Config, p *image.RGBA) ([]byte, error) {
	w, h := p.Rect.Dx(), p.Rect.Dy()
	width, height := within(w, h, longestSide)
	child, err := config.Convert(ctx, "-f", "rawvideo", "-pix_fmt", "rgb0", "-video_size", fmt.Sprintf("%dx%d", w, h), "-i", "pipe:0",
		"-vf", fmt.Sprintf("scale=%d:%d:flags=area:out_color_matrix=bt601:out_range=tv,format=yuv420p", width, height),
		"-frames:v", "1", "-c:v", "libx264", "-preset", "fast", "-qp", "16", "-f", "h264", "pipe:1")
	if err != nil {
		return nil, err
	}
	var g errgroup.Group
	g.Go(func() error {
		_, err := child.Write(p.Pix)
		return errors.Join(err, child.CloseInput())
	})
	b, err := io.ReadAll(io.LimitReader(child, largestStill+1))
	if err == nil && len(b) > largestStill {
		err = fmt.Errorf("the coded picture has more than %d bytes", largestStill)
	}
	if err != nil {
		child.Kill()
	}
	if err := errors.Join(err, g.Wait(), child.Wait(), ctx.Err()); err != nil {
		return nil, fmt.Errorf("coding the picture: %w", err)
	}
	if len(b) == 0 {
		return nil, errors.New("coding the picture returned no data")
	}
	return b, nil
}

// within returns the size of a picture scaled so that no side is longer than side. Both are even, since chroma is
// subsampled by two.
func within(w, h, side int) (width, height int) {
	scale := min(1, float64(side)/float64(max(w, h)))
	even := func(n int) int { return 2 * max(1, int(math.Round(float64(n)*scale/2))) }
	return even(w), even(h)
}
