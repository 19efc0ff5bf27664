package capture

import (
	"bytes"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/timeline"
)

const (
	id    = "0a6c0e3c-9d75-4d2a-8b9d-5a4c5b3b9d10"
	begin = av.Instant(time.Hour)
)

var quiet = slog.New(slog.DiscardHandler)

// TestStreams records two streams that come and go at different times.
func TestStreams(t *testing.T) {
	s := newRecording(t)
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	s.play("a", 0, 1000)
	s.add("b", 1000)
	for ms := 1000; ms < 2000; ms += 500 {
		s.play("a", ms, ms+500)
		s.play("b", ms, ms+500)
	}
	s.remove("a", 2100)
	s.play("b", 2000, 3000)
	s.note(timeline.Stopped, 2500)
	s.remove("b", 3000)
	s.expect("a.webm 0..2100 video 0..1980 (51) audio 0..1980 (100)", "b.webm 1000..2500 video 0..1480 (39) audio 0..1480 (75)")
}

// TestOrder checks that the files are in the order of publication, even if their first media came in another order.
func TestOrder(t *testing.T) {
	s := newRecording(t)
	s.must(s.journal.Note(timeline.Event{Kind: timeline.Recording, Archive: "other", At: at(0)}))
	for ms, id := range []string{"c", "a", "b"} {
		s.add(id, ms)
	}
	s.note(timeline.Recording, 10)
	for i, id := range []string{"b", "c", "a"} {
		s.play(id, 20*(i+1), 1000)
	}
	s.note(timeline.Stopped, 1000)
	for _, id := range []string{"a", "b", "c"} {
		s.remove(id, 1000)
	}
	m, _ := s.unpack(s.zip(s.survey()))
	var got []string
	for _, f := range m.Files {
		got = append(got, f.Filename)
	}
	if want := []string{"c.webm", "a.webm", "b.webm"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestVideoType records a stream with video and one without. The API reports both as cameras.
func TestVideoType(t *testing.T) {
	for _, video := range []bool{true, false} {
		take := &Take{Stream: timeline.Event{Stream: "a", VideoType: "camera", HasAudio: true, HasVideo: video}}
		p := &Plan{Segments: []*Segment{{Take: take}}}
		if f := p.manifest(archive.Archive{}).Files[0]; (f.VideoType == "camera") != video {
			t.Errorf("video %v: videoType %q", video, f.VideoType)
		}
	}
}

// TestEmpty checks that without a publisher there is a manifest and no media file.
func TestEmpty(t *testing.T) {
	s := newRecording(t)
	s.note(timeline.Stopped, 60_000)
	s.archive.EffectiveAt, s.archive.CreatedAt = time.Time{}, time.UnixMilli(5)
	m, content := s.unpack(s.zip(s.survey()))
	if len(content) != 1 || m.Files == nil || len(m.Files) != 0 || m.CreatedAt != 5 {
		t.Errorf("%+v, %d entries", m, len(content))
	}
}

// TestMidway starts the archive while the stream is published. The file begins with the audio of that moment and with the next key frame.
func TestMidway(t *testing.T) {
	s := newRecording(t)
	s.must(s.journal.Note(timeline.Event{Kind: timeline.Recording, Archive: "other", At: at(0)}))
	s.add("a", 0)
	s.play("a", 0, 1000)
	s.note(timeline.Recording, 500)
	s.play("a", 1000, 2000)
	s.note(timeline.Stopped, 2000)
	s.remove("a", 2000)
	s.expect("a.webm 0..1500 video 300..1460 (30) audio 0..1480 (75)")
}

// TestReconnection checks that a reconnection begins a file with its own zero. The other kind of media comes a little later.
func TestReconnection(t *testing.T) {
	s := newRecording(t)
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	s.play("a", 0, 1000)
	for ms := 8000; ms < 9000; ms += 20 {
		sound, picture := sample(av.Opus, ms, 1), sample(av.VP8, ms, 2)
		picture.Key = true
		sound.Reconnects, picture.Reconnects = 1, 1
		s.send("a", sound)
		if ms >= 8100 {
			s.send("a", picture)
		}
	}
	s.note(timeline.Stopped, 9500)
	s.remove("a", 9500)
	s.expect("a-1.webm 0..1000 video 0..960 (25) audio 0..980 (50)", "a-2.webm 8000..9500 video 100..980 (45) audio 0..980 (50)")
	if f := s.files(); !f[0].cut || f[1].cut {
		t.Errorf("cut: %v, %v; want the first file alone to say so", f[0].cut, f[1].cut)
	}
}

// TestCodecChange checks that another codec begins a file.
func TestCodecChange(t *testing.T) {
	s := newRecording(t)
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	s.play("a", 0, 400)
	for ms := 400; ms < 800; ms += 40 {
		v := sample(av.VP9, ms, 3)
		v.Key = ms == 400
		s.send("a", v)
	}
	s.note(timeline.Stopped, 800)
	s.remove("a", 800)
	s.expect("a-1.webm 0..400 video 0..360 (10) audio 0..380 (20)", "a-2.webm 400..800 video 0..360 (10) audio none")
}

// TestSelection selects a stream by calls: its audio alone, then both kinds, then nothing, then its video.
func TestSelection(t *testing.T) {
	s := newRecording(t)
	s.choose(0)
	s.add("a", 0)
	s.add("b", 0)
	s.choose(1000, timeline.Selection{Stream: "a", HasAudio: true})
	s.note(timeline.Recording, 1000)
	s.play("a", 1000, 2000)
	s.play("b", 1000, 2000)
	s.choose(2000, timeline.Selection{Stream: "a", HasAudio: true, HasVideo: true})
	s.play("a", 2000, 3000)
	s.choose(3000)
	s.note(timeline.Paused, 3000)
	s.choose(4000, timeline.Selection{Stream: "a", HasVideo: true})
	s.note(timeline.Recording, 4000)
	s.play("a", 4000, 5000)
	s.note(timeline.Stopped, 5000)
	s.remove("a", 5000)
	s.remove("b", 5000)
	s.expect("a-1.webm 0..2000 video 1000..1960 (25) audio 0..1980 (100)", "a-2.webm 3000..4000 video 0..960 (25) audio none")
}

// TestGuesses checks that frames before the first sender report get their times from that report. The audio came 300 ms late until then.
func TestGuesses(t *testing.T) {
	for name, reported := range map[string]int{"early": 2000, "as late as browsers send it": 7000, "too late": 13_000} {
		t.Run(name, func(t *testing.T) {
			s := newRecording(t)
			s.add("a", 0)
			s.note(timeline.Recording, 0)
			for ms := 0; ms < 15_000; ms += 40 {
				v := sample(av.VP8, ms, 1)
				v.Key = true
				s.send("a", v)
				sound := sample(av.Opus, ms, 1)
				sound.Stamp = int64(ms) * 48
				if ms < reported {
					sound.Guessed, sound.Captured, sound.Time = true, at(ms+300), at(ms+300)
				} else if ms == reported {
					s.must(s.writers["a"].Report(false, 0, at(0)))
				}
				sound.Time = max(sound.Time, at(min(ms+300, reported+300)))
				s.send("a", sound)
			}
			s.note(timeline.Stopped, 15_000)
			s.remove("a", 15_000)
			f := s.files()[0]
			first := 0
			if reported > 10_000 {
				first = 300
			}
			if f.audio[0] != first || f.video[0] != 0 || f.audio[len(f.audio)-1] != 14_960 {
				t.Errorf("%v", f)
			}
		})
	}
}

// TestEarlierCapture begins with a picture that was captured before the recording began, because its encoding took long. The start of the
// archive must move, so that no offset is negative and the streams stay in sync.
func TestEarlierCapture(t *testing.T) {
	s := newRecording(t)
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	v := sample(av.VP8, 0, 1)
	v.Key, v.Captured = true, at(-150)
	s.send("a", v)
	s.play("a", 20, 400)
	s.note(timeline.Stopped, 400)
	s.remove("a", 400)
	m, _ := s.unpack(s.zip(s.survey()))
	if f := m.Files[0]; m.CreatedAt != s.archive.EffectiveAt.UnixMilli()-150 || f.StartTimeOffset != 0 || f.StopTimeOffset != 550 {
		t.Errorf("%+v", m)
	}
}

// TestOutOfOrder checks that the times of B-frames are kept as they were received.
func TestOutOfOrder(t *testing.T) {
	s := newRecording(t)
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	latest := 0
	for i, ms := range []int{0, 120, 40, 80, 240, 160, 200} {
		v := sample(av.VP8, max(latest, ms), byte(i))
		latest = max(latest, ms)
		v.Key, v.Captured = true, at(ms)
		s.send("a", v)
	}
	s.note(timeline.Stopped, 400)
	s.remove("a", 400)
	if f := s.files()[0]; !reflect.DeepEqual(f.video, []int{0, 120, 40, 80, 240, 160, 200}) {
		t.Errorf("%v", f.video)
	}
}

// TestLive checks that the plan and the bytes are the same whether the journal is read while it is written or afterwards.
func TestLive(t *testing.T) {
	s := newRecording(t)
	done := make(chan *Plan, 1)
	go func() { done <- s.survey() }()
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	for ms := 0; ms < 20_000; ms += 1000 {
		s.play("a", ms, ms+1000)
		s.must(s.journal.Advance(at(ms + 800)))
	}
	s.pass("a", 20_000)
	s.note(timeline.Stopped, 20_000)
	live, after := <-done, s.survey()
	if !reflect.DeepEqual(live, after) {
		t.Errorf("live %+v, afterwards %+v", live, after)
	}
	if !bytes.Equal(s.zip(live), s.zip(after)) {
		t.Error("the bytes differ")
	}
}

// TestChanged checks that no file is made if the journal does not agree with the plan any more.
func TestChanged(t *testing.T) {
	s := newRecording(t)
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	s.play("a", 0, 1000)
	s.note(timeline.Stopped, 1000)
	s.remove("a", 1000)
	p := s.survey()
	p.Segments[0].CRC++
	r, err := p.Open(t.Context(), s.archive, s.journal, quiet)
	s.must(err)
	if _, err := io.Copy(io.Discard, r); err == nil {
		t.Error("a file that is not the one announced was made")
	}
	s.must(r.Close())
}

// TestCutAtTheEnd lets the publisher reconnect just before the archive stops, when the audio in the log has passed the stop. No more audio
// comes, and the archive must not wait for it.
func TestCutAtTheEnd(t *testing.T) {
	s := newRecording(t)
	s.add("a", 0)
	s.note(timeline.Recording, 0)
	s.play("a", 0, 1000)
	s.note(timeline.Stopped, 2000)
	s.must(s.writers["a"].Advance(false, at(2100)))
	v := sample(av.VP8, 1900, 1)
	v.Key, v.Reconnects = true, 1
	s.send("a", v)
	s.must(s.writers["a"].Advance(true, at(2100)))
	s.expect("a-1.webm 0..1000 video 0..960 (25) audio 0..980 (50)", "a-2.webm 1900..2000 video 0..0 (1) audio none")
}
