package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"

	"reelcheck/fixtures/mark"
	"reelcheck/reference/internal/layout"
)

// missing reads the marks in a file that composes all streams of a session. It returns the number of frames shown, and
// the number of frames lost: 25 frames/s have room for most of 30, so from one frame of the output to the next a stream
// advances by one or two frames, and more means a loss.
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
			break // the end, or an error that Wait returns
		}
		for _, t := range tiles {
			n, stream, ok := readMark(picture, width, t.Whole(width, height))
			before, seen := last[stream]
			switch {
			case ok && !seen: // the first one
			case ok:
				lost += max(0, (n-before+loopFrames)%loopFrames-2)
			case len(last) == publishers: // every stream has been seen, so each must be readable
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
		X: float64(tile.X) + markAt.X*scale, Y: float64(tile.Y) + markAt.Y*scale, W: markAt.W * scale, H: markAt.H * scale,
	})
	return r.Frame, r.Stream, ok
}
