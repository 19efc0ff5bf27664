package render

import (
	"testing"
	"time"

	"reelcheck/reference/internal/individual"
	"reelcheck/reference/internal/layout"
)

func entry(stream, name string, from, to int64) individual.File {
	return individual.File{StreamID: stream, Filename: name, StartTimeOffset: from, StopTimeOffset: to, VideoType: "camera", ConnectionData: "of " + stream}
}

var (
	whole        = layout.Rect{X: 0, Y: 0, W: 640, H: 480}
	left, right  = layout.Rect{X: 0, Y: 120, W: 320, H: 240}, layout.Rect{X: 320, Y: 120, W: 320, H: 240}
	upper, lower = layout.Rect{X: 0, Y: 0, W: 320, H: 240}, layout.Rect{X: 0, Y: 240, W: 320, H: 240}
	upperRight   = layout.Rect{X: 320, Y: 0, W: 320, H: 240}
)

// TestEveryCodecInItsPlace has VP8, H.264 and VP9 begin one after the other.
func TestEveryCodecInItsPlace(t *testing.T) {
	name := pack(t,
		media{File: entry("one", "one.webm", 2000, 6000), video: "vp8-01", audio: "tone-01", seconds: 4},
		media{File: entry("two", "two.mkv", 3000, 6000), video: "h264-02", audio: "tone-02", seconds: 3},
		media{File: entry("three", "three.webm", 4000, 6000), video: "vp9", seconds: 2})
	out, r := render(t, name, plain)
	if r.Duration < 3900*time.Millisecond || r.Duration > 4200*time.Millisecond {
		t.Errorf("it lasts %v, want 4 s", r.Duration)
	}
	list := pictures(t, out)
	vp9 := number(t, "vp9")
	shows(t, list, 600*time.Millisecond, whole, 1, 0)
	shows(t, list, 1600*time.Millisecond, left, 1, 0)
	shows(t, list, 1600*time.Millisecond, right, number(t, "h264-02"), time.Second)
	shows(t, list, 3200*time.Millisecond, upper, 1, 0)
	shows(t, list, 3200*time.Millisecond, upperRight, number(t, "h264-02"), time.Second)
	shows(t, list, 3200*time.Millisecond, lower, vp9, 2*time.Second)
}
