package plan

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/timeline"
)

func crowd(n int) (*Plan, func(timeline.Event)) {
	p := &Plan{Archive: "a", Width: 640, Height: 480, Added: func(timeline.Event) {}}
	at := av.Instant(0)
	apply := func(e timeline.Event) {
		at++
		e.At = at
		p.apply(e)
	}
	apply(timeline.Event{Kind: timeline.Recording, Archive: "a"})
	for i := range n {
		apply(timeline.Event{Kind: timeline.StreamAdded, Stream: fmt.Sprint("s", i+1), HasAudio: true, HasVideo: true})
	}
	return p, apply
}

func (p *Plan) now() Scene { return p.At(forever - 1) }

// TestFiftyAreHeard checks that the 51st stream is not heard, and replaces one that leaves, however small the picture of
// either is.
func TestFiftyAreHeard(t *testing.T) {
	p, apply := crowd(52)
	if s := p.now(); len(s.Audio) != 50 || s.Audio[49] != "s50" || s.Streams != 52 {
		t.Errorf("%d streams, %d heard, the last is %s", s.Streams, len(s.Audio), s.Audio[len(s.Audio)-1])
	}
	apply(timeline.Event{Kind: timeline.StreamRemoved, Stream: "s7"})
	if s := p.now(); len(s.Audio) != 50 || slices.Contains(s.Audio, "s7") || s.Audio[49] != "s51" {
		t.Errorf("after one left %d are heard, the last is %s", len(s.Audio), s.Audio[len(s.Audio)-1])
	}
	apply(timeline.Event{Kind: timeline.VideoStopped, Stream: "s8"})
	if s := p.now(); !slices.Contains(s.Audio, "s8") {
		t.Error("a stream without a picture is not heard")
	}
	// A stream without sound takes no place.
	p, apply = crowd(49)
	apply(timeline.Event{Kind: timeline.StreamAdded, Stream: "mute", HasVideo: true})
	apply(timeline.Event{Kind: timeline.StreamAdded, Stream: "voice", HasAudio: true})
	if s := p.now(); len(s.Audio) != 50 || s.Audio[49] != "voice" {
		t.Errorf("%d are heard", len(s.Audio))
	}
}

// TestSixteenAreSeen checks that the 17th stream is not seen, and gets a place when another leaves or stops sending
// video. A stream that comes back must be last but one.
func TestSixteenAreSeen(t *testing.T) {
	p, apply := crowd(18)
	seen := func(want int, last string) {
		t.Helper()
		s := p.now()
		if len(s.Tiles) != want || s.Tiles[want-1].Stream != last {
			t.Errorf("%d are seen, the last is %s; want %d, %s", len(s.Tiles), s.Tiles[len(s.Tiles)-1].Stream, want, last)
		}
	}
	seen(16, "s16")
	apply(timeline.Event{Kind: timeline.StreamRemoved, Stream: "s3"})
	seen(16, "s17")
	apply(timeline.Event{Kind: timeline.VideoStopped, Stream: "s4"})
	seen(16, "s18")
	apply(timeline.Event{Kind: timeline.VideoStopped, Stream: "s5"})
	seen(15, "s18")
	apply(timeline.Event{Kind: timeline.VideoResumed, Stream: "s4"})
	seen(16, "s18")
	if tile := p.now().Tiles[2]; tile.Stream != "s4" {
		t.Errorf("%s has the place of the stream that came back", tile.Stream)
	}
	apply(timeline.Event{Kind: timeline.VideoResumed, Stream: "s5"})
	seen(16, "s17")
}

func TestSince(t *testing.T) {
	p, apply := crowd(3) // streams 2, 3 and 4
	apply(timeline.Event{Kind: timeline.VideoStopped, Stream: "s2"})
	apply(timeline.Event{Kind: timeline.VideoResumed, Stream: "s2"})
	apply(timeline.Event{Kind: timeline.StreamAdded, Stream: "s4", HasVideo: true})
	for stream, want := range map[string]av.Instant{"s1": 2, "s2": 6, "s3": 4, "s4": 7} {
		if got := p.Since(stream, 100); got != want {
			t.Errorf("%s has its place since %d, want %d", stream, got, want)
		}
	}
	if got := p.Since("s2", 3); got != 3 {
		t.Errorf("s2 had its place since %d, want 3", got)
	}
}

// TestSpans checks that pauses do not exist in the output, and that rounding does not add up over spans.
func TestSpans(t *testing.T) {
	p := &Plan{Archive: "a", Added: func(timeline.Event) {}}
	at := av.Instant(0)
	for _, d := range []time.Duration{50, 1000, 50, 1000, 50, 1000, 50, 1000} {
		for _, k := range []timeline.Kind{timeline.Recording, timeline.Paused} {
			p.apply(timeline.Event{Kind: k, Archive: "a", At: at})
			if k == timeline.Recording {
				at = at.Add(d * time.Millisecond)
			} else {
				at = at.Add(time.Second)
			}
		}
	}
	frames := int64(0)
	for i, s := range p.spans {
		if s.FirstFrame != frames {
			t.Errorf("span %d begins with frame %d, want %d", i, s.FirstFrame, frames)
		}
		frames += s.frames
	}
	if frames != 105 { // 4.2 s
		t.Errorf("%d frames", frames)
	}
}

// TestSamples compares Samples with a search through all frames for one that shows what is new at one instant and
// replaced at another.
func TestSamples(t *testing.T) {
	p := &Plan{Archive: "a", Added: func(timeline.Event) {}}
	p.apply(timeline.Event{Kind: timeline.Recording, Archive: "a", At: 1e9})
	p.apply(timeline.Event{Kind: timeline.Stopped, Archive: "a", At: 1e9 + 210e6})
	s := p.spans[0]
	for from := av.Instant(1e9); from < s.End; from += 3e6 {
		for to := from; to <= s.End; to += 3e6 {
			shown := false
			for n := s.FirstFrame; s.Has(n); n++ {
				shown = shown || s.Shown(n) >= from && s.Shown(n) < to
			}
			if got := p.Samples(from, to); shown && !got || got && !shown && to < s.End {
				t.Errorf("from %d to %d: %v, want %v", from-1e9, to-1e9, got, shown)
			}
		}
	}
}
