package recorder

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
)

// every returns n times, beginning at from, step apart.
func every(from, step time.Duration, n int) (at []time.Duration) {
	for i := range n {
		at = append(at, from+time.Duration(i)*step)
	}
	return at
}

// TestSilence checks for several arrival times of frames when the video stops and when it resumes.
func TestSilence(t *testing.T) {
	const frame = time.Second / 30
	for name, tt := range map[string]struct {
		screen       bool
		frames       []time.Duration
		lost         time.Duration // the frame at this time follows a loss
		keys         []time.Duration
		until        time.Duration
		looks        time.Duration // between two looks; 50 ms if 0
		stops, again []time.Duration
	}{
		"a camera that ends":       {frames: every(0, frame, 31), until: 4 * time.Second, stops: []time.Duration{2499 * time.Millisecond}},
		"a server that looks late": {frames: every(0, frame, 31), until: 4 * time.Second, looks: 700 * time.Millisecond, stops: []time.Duration{2499 * time.Millisecond}},
		"a camera that is off": {frames: slices.Concat(every(0, frame, 31), every(4*time.Second, frame, 31)), until: 7 * time.Second,
			stops: []time.Duration{2499 * time.Millisecond, 6499 * time.Millisecond}, again: []time.Duration{4 * time.Second}},
		"a screen on which nothing moves": {screen: true, frames: every(0, time.Minute, 2), until: 2 * time.Minute},
		"one frame per second, one late":  {frames: slices.Concat(every(0, time.Second, 4), every(4700*time.Millisecond, time.Second, 4)), until: 9 * time.Second},
		"a picture drawn every two seconds": {frames: every(0, 2*time.Second, 20), until: 40 * time.Second,
			stops: []time.Duration{1500 * time.Millisecond, 3500 * time.Millisecond}, again: []time.Duration{2 * time.Second, 4 * time.Second}},
		"the longest silence": {frames: every(0, 9*time.Second, 4), until: 50 * time.Second,
			stops: []time.Duration{1500 * time.Millisecond, 10500 * time.Millisecond, 37 * time.Second}, again: []time.Duration{9 * time.Second, 18 * time.Second}},
		"after a loss": {frames: slices.Concat(every(0, frame, 31), every(4*time.Second, 500*time.Millisecond, 4)), lost: 4 * time.Second,
			keys: []time.Duration{0, 5 * time.Second}, until: 6 * time.Second,
			stops: []time.Duration{2499 * time.Millisecond}, again: []time.Duration{5 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			const start = av.Instant(time.Hour)
			s := silence{screen: tt.screen, seen: start}
			var stops, again []time.Duration
			for at := time.Duration(0); at < tt.until; at += time.Millisecond {
				for _, f := range tt.frames {
					if f.Truncate(time.Millisecond) != at {
						continue
					}
					if s.frame(av.Sample{Key: slices.Contains(tt.keys, f), Gap: tt.lost != 0 && f == tt.lost}, start.Add(at)) {
						again = append(again, at)
					}
				}
				if at%cmp.Or(tt.looks, 50*time.Millisecond) == 0 && s.look(start.Add(at)) {
					stops = append(stops, s.stopped.Sub(start))
				}
			}
			if !slices.Equal(stops, tt.stops) || !slices.Equal(again, tt.again) {
				t.Errorf("stops at %v, goes on at %v; want %v and %v", stops, again, tt.stops, tt.again)
			}
		})
	}
}
