package capture

import (
	"testing"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/timeline"
)

// sumsOf returns manifest offset plus presentation time of the frames of each file, for audio and video (ARC-MAN-16).
func sumsOf(f file) (sound, pictures []int) {
	for _, ms := range f.audio {
		sound = append(sound, int(f.StartTimeOffset)+ms)
	}
	for _, ms := range f.video {
		pictures = append(pictures, int(f.StartTimeOffset)+ms)
	}
	return sound, pictures
}

// TestPictureBeforeZero has a first picture that was captured before the first audio of the file, but appended after the log had passed that
// time. No frame may be moved, and the streams must stay in sync.
func TestPictureBeforeZero(t *testing.T) {
	s := newRecording(t)
	s.add("a", 0)
	s.add("b", 0)
	s.note(timeline.Recording, 0)
	s.play("b", 0, 1000)
	s.send("a", sample(av.Opus, 100, 1))
	s.must(s.writers["a"].Advance(true, at(200)))
	for ms := 120; ms < 1000; ms += 40 {
		v := sample(av.VP8, max(200, ms-100), 1)
		v.Key, v.Captured = ms == 120, at(ms-100) // 80 ms before the sound
		s.send("a", v)
	}
	s.note(timeline.Stopped, 1000)
	s.remove("a", 1000)
	s.remove("b", 1000)
	for _, f := range s.files() {
		if f.StreamID != "a" {
			continue
		}
		sound, pictures := sumsOf(f)
		if f.video[0] != 0 || pictures[0] != 20 || pictures[1] != 60 || sound[0] != 100 {
			t.Errorf("%v: sound from %v, pictures from %v", f, sound[0], pictures[:2])
		}
	}
}

// TestLateGuesses has video that begins long after the audio and before its sender report. The report must give its times too. The pictures come
// 300 ms late until then (ARC-IND-23).
func TestLateGuesses(t *testing.T) {
	for name, corrected := range map[string]int{"after the sound": 20_000, "before the sound that came with them": -100} {
		t.Run(name, func(t *testing.T) {
			s := newRecording(t)
			s.add("a", 0)
			s.note(timeline.Recording, 0)
			from := max(0, corrected)
			for ms := 0; ms < from+1000; ms += 20 {
				s.send("a", sample(av.Opus, ms, 1))
				s.must(s.writers["a"].Advance(true, at(min(ms+20, from+300))))
			}
			for n := range 50 {
				ms := corrected + 40*n
				v := sample(av.VP8, max(from+300, ms), byte(n))
				v.Key, v.Stamp, v.Captured = n == 0, int64(ms)*90, at(ms)
				if n < 20 {
					v.Guessed, v.Captured, v.Time = true, at(ms+300), at(max(from+300, ms+300))
				} else {
					v.Time = at(max(corrected+40*19+300, ms))
				}
				if n == 20 {
					s.must(s.writers["a"].Report(true, int64(ms)*90, at(ms)))
				}
				s.send("a", v)
			}
			s.note(timeline.Stopped, from+3000)
			s.remove("a", from+3000)
			m, f := s.survey(), file{}
			if f = s.files()[0]; len(f.video) != 50 {
				t.Fatalf("%v", f)
			}
			for n, ms := range f.video {
				if want := int(at(corrected + 40*n).Sub(m.Segments[0].Zero).Milliseconds()); ms != want {
					t.Fatalf("picture %d at %d ms, captured at %d", n, ms, want)
				}
			}
			if zero := m.Segments[0].Zero; zero != at(min(0, corrected)) {
				t.Errorf("zero is at %v", zero.Sub(begin))
			}
		})
	}
}
