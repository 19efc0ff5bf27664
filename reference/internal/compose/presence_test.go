package compose

import (
	"testing"
	"time"

	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/timeline"
)

// turns returns a source that is red and becomes lime after the given number of seconds, between key frames.
func turns(after string) string {
	return "color=c=red:s=320x240:r=30:d=" + after + "[a];color=c=lime:s=320x240:r=30[b];[a][b]concat=n=2"
}

func selected(after time.Duration, streams ...string) timeline.Event {
	e := timeline.Event{Kind: timeline.Selected, Archive: "a", At: start.Add(after)}
	for _, id := range streams {
		e.Selection = append(e.Selection, timeline.Selection{Stream: id, HasAudio: true, HasVideo: true})
	}
	return e
}

// TestPictureIsThereAtOnce hides a stream while its colour changes, between key frames.
func TestPictureIsThereAtOnce(t *testing.T) {
	t.Parallel()
	s := newSession(t, 2*time.Second, publisher{id: "one", video: vp8(t, blue, 2)}, publisher{id: "two", video: vp8(t, turns("1.3"), 2)})
	s.archive = []timeline.Event{selected(0, "one"), selected(200*time.Millisecond, "one", "two"), selected(1200*time.Millisecond, "one"), selected(1530*time.Millisecond, "one", "two")}
	s.watch(t, layout.Spec{Type: layout.BestFit}, []at{
		{4, 480, 240, "blue"}, {5, 480, 240, "red"}, {29, 480, 240, "red"}, {30, 480, 240, "blue"},
		{37, 480, 240, "blue"}, {38, 480, 240, "lime"}, {40, 480, 240, "lime"}, {48, 480, 240, "lime"},
	})
}

// TestNothingFromBeforeTheStart begins an archive shortly after another one ended. The last picture from before must not
// stand there until the next key frame.
func TestNothingFromBeforeTheStart(t *testing.T) {
	t.Parallel()
	s := newSession(t, 3*time.Second, publisher{id: "one", video: vp8(t, turns("0.8"), 3), gap: [2]int{18, 26}})
	s.later = true
	s.archive = []timeline.Event{
		{Kind: timeline.Recording, Archive: "z", At: start}, {Kind: timeline.Stopped, Archive: "z", At: start.Add(500 * time.Millisecond)},
		{Kind: timeline.Recording, Archive: "a", At: start.Add(700 * time.Millisecond)},
	}
	s.watch(t, layout.Spec{Type: layout.BestFit}, []at{{0, 320, 240, "black"}, {6, 320, 240, "black"}, {40, 320, 240, "lime"}})
}

// TestVideoStops publishes a stream that stops sending video and sends again later. It must leave the picture and come
// back with new pictures.
func TestVideoStops(t *testing.T) {
	t.Parallel()
	s := newSession(t, 3*time.Second,
		publisher{id: "one", video: vp8(t, blue, 3), sound: tone(t, 440, 3)},
		publisher{id: "two", video: vp8(t, turns("1.5"), 3), sound: tone(t, 880, 3), gap: [2]int{12, 60}})
	s.archive = []timeline.Event{
		{Kind: timeline.VideoStopped, Stream: "two", At: start.Add(1900 * time.Millisecond)},
		{Kind: timeline.VideoResumed, Stream: "two", At: start.Add(2010 * time.Millisecond)},
	}
	b := s.watch(t, layout.Spec{Type: layout.BestFit}, []at{
		{10, 480, 240, "red"}, {46, 480, 240, "red"}, {47, 480, 240, "blue"}, {49, 480, 240, "blue"}, {50, 480, 240, "lime"}, {74, 480, 240, "lime"},
	})
	if db := level(heard(t, b)[1950*48:1990*48], 880); db < -30 {
		t.Errorf("without its picture the stream is heard with %.1f dB", db)
	}
}

// TestAloneAndDark checks that the picture is black while the only stream sends no video.
func TestAloneAndDark(t *testing.T) {
	t.Parallel()
	s := newSession(t, 2*time.Second, publisher{id: "one", video: vp8(t, red, 2), gap: [2]int{10, 60}, sound: tone(t, 440, 2)})
	s.archive = []timeline.Event{{Kind: timeline.VideoStopped, Stream: "one", At: start.Add(time.Second)}}
	s.watch(t, layout.Spec{Type: layout.BestFit}, []at{{24, 320, 240, "red"}, {25, 320, 240, "black"}, {49, 320, 240, "black"}})
}

// TestSizeAndAspectChange publishes a stream that becomes wide, then tall.
func TestSizeAndAspectChange(t *testing.T) {
	t.Parallel()
	for name, coded := range map[string]func(testing.TB, string, float64) clip{"VP8": vp8, "VP9": vp9, "H264": h264} {
		t.Run(name, func(t *testing.T) {
			c := coded(t, red, 1)
			c.frames = append(c.frames[:30:30], coded(t, "color=c=lime:s=640x160:r=30", 1).frames[:30]...)
			c.frames = append(c.frames, coded(t, "color=c=blue:s=90x320:r=30", 1).frames[:30]...)
			s := newSession(t, 3*time.Second, publisher{id: "one", video: c})
			s.watch(t, layout.Spec{Type: layout.BestFit}, []at{
				{10, 5, 5, "red"}, {24, 635, 470, "red"},
				{26, 5, 165, "lime"}, {26, 635, 315, "lime"}, {26, 320, 155, "black"}, {26, 320, 325, "black"}, {48, 320, 100, "black"},
				{51, 260, 5, "blue"}, {51, 380, 475, "blue"}, {51, 245, 240, "black"}, {51, 395, 240, "black"}, {74, 320, 240, "blue"},
			})
		})
	}
}

// TestOneKindOnly has one stream with sound only and one with pictures only. The first must have no tile.
func TestOneKindOnly(t *testing.T) {
	t.Parallel()
	s := newSession(t, 2*time.Second,
		publisher{id: "heard", sound: tone(t, 440, 1)}, publisher{id: "seen", video: vp8(t, red, 2), from: 500 * time.Millisecond})
	b := s.watch(t, layout.Spec{Type: layout.BestFit}, []at{{10, 320, 240, "black"}, {14, 10, 10, "red"}, {14, 630, 470, "red"}, {49, 630, 470, "red"}})
	pcm := heard(t, b)
	if on, off := level(pcm[100*48:900*48], 440), level(pcm[1100*48:1900*48], 440); on < -30 || off > -60 {
		t.Errorf("%.1f dB while it sends, %.1f dB after", on, off)
	}
}
