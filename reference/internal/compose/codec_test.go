package compose

import (
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/layout"
)

// TestSpatialLayers publishes VP9 pictures that hold two sizes each. The larger one must be shown.
func TestSpatialLayers(t *testing.T) {
	t.Parallel()
	whole := func(source string) clip {
		return coded(t, av.VP9, source, 1, "-c:v", "libvpx-vp9", "-g", "1", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0")
	}
	lower, upper := whole("color=c=red:s=160x120:r=30"), whole("color=c=lime:s=320x240:r=30")
	c := clip{codec: av.VP9}
	for i := range lower.frames {
		c.frames = append(c.frames, av.VP9Superframe([][]byte{lower.frames[i], upper.frames[i]}))
	}
	s := newSession(t, time.Second, publisher{id: "one", video: c})
	s.watch(t, layout.Spec{Type: layout.BestFit}, []at{{0, 320, 240, "lime"}, {1, 5, 5, "lime"}, {12, 635, 475, "lime"}, {24, 320, 240, "lime"}})
}

// TestCodecChanges publishes a stream that changes from VP8 to H.264 to VP9, always in the same size.
func TestCodecChanges(t *testing.T) {
	t.Parallel()
	c := clip{}
	for _, part := range []clip{vp8(t, red, 1), h264(t, lime, 1), vp9(t, "color=c=blue:s=320x240:r=30", 1)} {
		for _, f := range part.frames[:30] {
			c.frames, c.codecs = append(c.frames, f), append(c.codecs, part.codec)
		}
	}
	s := newSession(t, 3*time.Second, publisher{id: "one", video: c})
	s.watch(t, layout.Spec{Type: layout.BestFit}, []at{
		{0, 320, 240, "red"}, {24, 320, 240, "red"}, {25, 320, 240, "lime"}, {49, 320, 240, "lime"}, {50, 320, 240, "blue"}, {74, 320, 240, "blue"},
	})
}
