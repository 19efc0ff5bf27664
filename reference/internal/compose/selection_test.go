package compose

import (
	"testing"
	"time"

	"reelcheck/reference/internal/timeline"
)

// TestSelectedStreams has two publishers all the time. The archive takes nothing at first, then one with sound, then the
// other without sound, then the picture of the first again.
func TestSelectedStreams(t *testing.T) {
	t.Parallel()
	s := newSession(t, 5*time.Second,
		publisher{id: "one", video: vp8(t, red, 5), sound: tone(t, 440, 5)},
		publisher{id: "two", video: vp8(t, lime, 5), sound: tone(t, 880, 5)})
	take := func(at time.Duration, list ...timeline.Selection) timeline.Event {
		return timeline.Event{Kind: timeline.Selected, Archive: "a", At: start.Add(at), Selection: list}
	}
	s.archive = []timeline.Event{
		take(0),
		take(time.Second, timeline.Selection{Stream: "one", HasAudio: true, HasVideo: true}),
		take(2*time.Second, timeline.Selection{Stream: "two", HasVideo: true}),
		{Kind: timeline.Selected, Archive: "other", At: start.Add(2500 * time.Millisecond)},
		take(3*time.Second, timeline.Selection{Stream: "two", HasAudio: true}, timeline.Selection{Stream: "one", HasVideo: true}),
		take(4 * time.Second),
	}
	s.write()
	b, r := s.compose(small)
	if r.Duration != 5*time.Second {
		t.Errorf("duration %v", r.Duration)
	}
	frames := pixels(t, b)
	if len(frames) != 125 {
		t.Fatalf("%d frames", len(frames))
	}
	// A stream that comes back is seen from its next key frame on.
	for n, want := range map[int]string{10: "black", 24: "black", 49: "red", 74: "lime", 99: "red", 101: "black", 124: "black"} {
		for _, x := range []int{5, 634} { // one stream at a time has the whole picture
			if got := colourAt(frames[n], x, 240); got != want {
				t.Errorf("frame %d at %d is %s, want %s", n, x, got, want)
			}
		}
	}
	pcm := heard(t, b)
	for second, want := range [][2]bool{{false, false}, {true, false}, {false, false}, {false, true}, {false, false}} {
		for i, hz := range []float64{440, 880} {
			part := pcm[second*48000+4800 : second*48000+43200]
			if db := level(part, hz); (db > -30) != want[i] || (db < -50) == want[i] {
				t.Errorf("%v Hz in second %d: %.1f dB", hz, second, db)
			}
		}
	}
}
