package compose

import (
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/layout/layouttest"
	"reelcheck/reference/internal/timeline"
)

const blue = "color=c=blue:s=320x240:r=30"

// at is the colour expected at a point of a frame.
type at struct {
	frame, x, y int
	want        string
}

// watch composes what was published and checks pictures of the file.
func (s *session) watch(t *testing.T, spec layout.Spec, want []at) (file []byte) {
	t.Helper()
	s.write()
	o := small
	o.HasAudio = slices.ContainsFunc(s.publishers, func(p publisher) bool { return len(p.sound) > 0 })
	var err error
	if o.Layout, err = layout.New(spec); err != nil {
		t.Fatal(err)
	}
	b, _ := s.compose(o)
	frames := pixels(t, b)
	for _, w := range want {
		if w.frame >= len(frames) {
			t.Fatalf("%d frames", len(frames))
		}
		if got := colourAt(frames[w.frame], w.x, w.y); got != w.want {
			t.Errorf("frame %d at %d,%d: %s, want %s", w.frame, w.x, w.y, got, w.want)
		}
	}
	return b
}

func classified(stream string, after time.Duration, classes ...string) timeline.Event {
	return timeline.Event{Kind: timeline.Classified, Stream: stream, Classes: classes, At: start.Add(after)}
}

func arranged(after time.Duration, spec layout.Spec) timeline.Event {
	return timeline.Event{Kind: timeline.Arranged, Archive: "a", Layout: new(layouttest.New(spec)), At: start.Add(after)}
}

// TestPictureInPicture begins without a stream of class full, then has one, then another. Decoders switch at the key
// frames, one each second; until then the rectangles show scaled pictures.
func TestPictureInPicture(t *testing.T) {
	t.Parallel()
	s := newSession(t, 3*time.Second,
		publisher{id: "one", video: vp8(t, red, 3)}, publisher{id: "two", video: vp8(t, lime, 3)})
	s.archive = []timeline.Event{classified("two", time.Second, "full"), classified("two", 2*time.Second), classified("one", 2*time.Second, "full")}
	s.watch(t, layout.Spec{Type: layout.PIP}, []at{
		{20, 500, 90, "red"}, {20, 100, 100, "black"}, {20, 440, 90, "black"},
		{30, 100, 100, "lime"}, {30, 500, 90, "red"}, {30, 450, 50, "red"}, {30, 574, 142, "red"}, {30, 444, 44, "lime"}, {30, 580, 148, "lime"},
		{48, 500, 90, "red"}, {55, 100, 100, "red"}, {55, 500, 90, "lime"}, {74, 500, 90, "lime"},
	})
}

// TestPresentations changes the layout from a grid to each of the presentations.
func TestPresentations(t *testing.T) {
	t.Parallel()
	s := newSession(t, 3*time.Second,
		publisher{id: "one", video: vp8(t, red, 3)}, publisher{id: "two", video: vp8(t, lime, 3)}, publisher{id: "three", video: vp8(t, blue, 3)})
	s.archive = []timeline.Event{
		classified("two", 500*time.Millisecond, "focus"),
		arranged(time.Second, layout.Spec{Type: layout.VerticalPresentation}),
		{Kind: timeline.Arranged, Archive: "other", Layout: new(layouttest.New(layout.Spec{Type: layout.PIP})), At: start.Add(1500 * time.Millisecond)},
		arranged(2*time.Second, layout.Spec{Type: layout.HorizontalPresentation}),
	}
	s.watch(t, layout.Spec{Type: layout.BestFit}, []at{
		{10, 160, 120, "red"}, {10, 480, 120, "lime"}, {10, 160, 360, "blue"}, {10, 480, 360, "black"},
		{20, 160, 120, "lime"}, {20, 480, 120, "red"}, // the stream with a class comes first
		{26, 384, 240, "lime"}, {45, 60, 48, "red"}, {45, 60, 144, "blue"}, {45, 60, 300, "black"}, {45, 384, 30, "black"},
		{52, 320, 192, "lime"}, {60, 60, 430, "red"}, {60, 190, 430, "blue"}, {60, 400, 430, "black"},
	})
}

// TestScreenshare has a screen during the middle second.
func TestScreenshare(t *testing.T) {
	t.Parallel()
	s := newSession(t, 3*time.Second, publisher{id: "one", video: vp8(t, red, 3)},
		publisher{id: "screen", screen: true, from: time.Second, until: 2 * time.Second, video: vp8(t, lime, 1)})
	s.watch(t, layout.Spec{Type: layout.BestFit, Screenshare: layout.HorizontalPresentation}, []at{
		{20, 320, 240, "red"}, {20, 620, 470, "red"},
		{30, 320, 192, "lime"}, {30, 64, 432, "red"}, {30, 400, 432, "black"},
		{54, 320, 240, "red"}, {54, 620, 470, "red"},
	})
}

// TestStyleSheet has a tile in mode cover, one above it, and one that is half outside.
func TestStyleSheet(t *testing.T) {
	t.Parallel()
	s := newSession(t, time.Second,
		publisher{id: "one", video: vp8(t, red, 1)}, publisher{id: "two", video: vp8(t, lime, 1)}, publisher{id: "three", video: vp8(t, blue, 1)})
	s.watch(t, layout.Spec{Type: layout.Custom, Stylesheet: `
		stream { position: absolute; width: 200px; height: 400px; top: 40px; left: 20px; z-index: 1 }
		stream:nth-child(2) { left: 120px; z-index: 2; object-fit: cover }
		stream:last-child { left: 540px; object-fit: cover }`}, []at{
		{10, 40, 240, "red"}, {10, 40, 60, "black"}, {10, 118, 240, "red"}, // 200x150 in the middle of its place
		{10, 122, 240, "lime"}, {10, 318, 42, "lime"}, {10, 122, 438, "lime"}, {10, 322, 240, "black"}, {10, 200, 36, "black"},
		{10, 538, 240, "black"}, {10, 542, 42, "blue"}, {10, 638, 438, "blue"},
	})
}
