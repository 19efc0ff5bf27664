package live

import (
	"context"
	"fmt"
	"io"
	"os/exec"

	"reelcheck/fixtures/mark"
	"reelcheck/reference/cmd/bench/internal/media"
	"reelcheck/reference/internal/layout"
)

// missing reads the marks in a composed picture of all streams of a session: how many frames were shown, and how many were not though
// 30 frames/s in 25 have room for them: two frames of the output are one or two frames of a stream apart.
func missing(ctx context.Context, name string, publishers int) (shown, lost int, err error) {
	const width, height = 640, 480
	cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-nostdin", "-i", name, "-an", "-fps_mode", "passthrough",
		"-f", "rawvideo", "-pix_fmt", "gray", "pipe:1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	var streams []layout.Stream
	for i := range publishers {
		streams = append(streams, layout.Stream{ID: fmt.Sprint(i)})
	}
	tiles := (layout.Layout{}).Arrange(streams, width, height)
	last := map[int]int{}
	picture := make([]byte, width*height)
	for {
		if _, err := io.ReadFull(out, picture); err != nil {
			break // the end, or what Wait tells
		}
		for _, t := range tiles {
			n, stream, ok := readMark(picture, width, t.Whole(width, height))
			before, seen := last[stream]
			switch {
			case ok && !seen: // the first one
			case ok:
				lost += max(0, (n-before+media.LoopFrames)%media.LoopFrames-2)
			case len(last) == publishers: // every stream is there and has to be readable
				lost++
			}
			if ok {
				last[stream] = n
				shown++
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		return 0, 0, fmt.Errorf("decoding %s: %w", name, err)
	}
	if len(last) != publishers {
		return 0, 0, fmt.Errorf("%d of %d streams are seen in %s", len(last), publishers, name)
	}
	return shown, lost, nil
}

func readMark(picture []byte, width int, tile layout.Rect) (frame, stream int, ok bool) {
	plane := mark.Plane{Pix: picture, Stride: width, W: width, H: len(picture) / width}
	scale := float64(tile.W) / 640
	r, ok := mark.Decode(plane, mark.Box{
		X: float64(tile.X) + media.MarkAt.X*scale, Y: float64(tile.Y) + media.MarkAt.Y*scale, W: media.MarkAt.W * scale, H: media.MarkAt.H * scale,
	})
	return r.Frame, r.Stream, ok
}
