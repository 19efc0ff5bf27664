package content

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/media"
)

func TestFilesLeavePausesOut(t *testing.T) {
	recorded := []facts.Span{recordedSpan(10*time.Second, 20*time.Second), recordedSpan(30*time.Second, 40*time.Second)}
	for _, c := range []struct {
		at   time.Duration
		want float64
	}{{5 * time.Second, 0}, {15 * time.Second, 5}, {25 * time.Second, 10}, {35 * time.Second, 15}, {60 * time.Second, 20}} {
		if got := PiecesOf(recorded).Time(start.Add(c.at)); got != c.want {
			t.Errorf("at %v: %v s, want %v", c.at, got, c.want)
		}
	}
}

// TestContentTellsWhenAFileBegins takes two publications of 10 s each, with 10 s between them, which a file holds in part.
func TestContentTellsWhenAFileBegins(t *testing.T) {
	one, two := recordedSpan(10*time.Second, 20*time.Second), recordedSpan(30*time.Second, 40*time.Second)
	video := []Source{source("video", "vp8-01", one, 10*time.Second), source("video", "vp8-02", two, 28*time.Second)}
	audio := []Source{source("audio", "tone-01", one, 4*time.Second)}
	brief, again := recordedSpan(10*time.Second, 11120*time.Millisecond), recordedSpan(12*time.Second, 12260*time.Millisecond)
	for name, c := range map[string]struct {
		recorded []facts.Span
		sources  []Source
		report   media.Report
		want     []float64 // begin, end and what then had passed of the piece
	}{
		"at once": {[]facts.Span{one, two}, video, seen(20, shown("vp8-01", 0, 10, 0), shown("vp8-02", 10, 20, 60)), []float64{0, 10, 0, 10, 20, 0}},
		"late": {[]facts.Span{one, two}, video, seen(19.5, shown("vp8-01", 0, 9.5, 15), shown("vp8-02", 9.5, 19.5, 60)),
			[]float64{0, 9.5, 0.5, 9.5, 19.5, 0}},
		"going on late": {[]facts.Span{one, two}, video, seen(19.5, shown("vp8-01", 0, 10, 0), shown("vp8-02", 10, 19.5, 75)), []float64{0, 10, 0, 10, 19.5, 0.5}},
		"pausing early": {[]facts.Span{one, two}, video, seen(19.5, shown("vp8-01", 0, 9.5, 0), shown("vp8-02", 9.5, 19.5, 60)), []float64{0, 9.5, 0, 9.5, 19.5, 0}},
		"pausing late":  {[]facts.Span{one, two}, video, seen(21, shown("vp8-01", 0, 10, 0), shown("vp8-02", 11, 21, 60)), []float64{0, 10, 0, 11, 21, 0}},
		"ending early":  {[]facts.Span{one}, video[:1], seen(9.7, shown("vp8-01", 0, 9.7, 0)), []float64{0, 9.7, 0}},
		"from a buffer": {[]facts.Span{one}, video[:1], seen(10, shown("vp8-01", 0.5, 10, 0)), []float64{0, 10, 0}},
		"nothing seen":  {[]facts.Span{one}, video[:1], seen(10), []float64{0, 10, 0}},
		"cut later on":  {[]facts.Span{one}, video[:1], seen(7, shown("vp8-01", 0, 5, 0), shown("vp8-01", 5, 7, 240)), []float64{0, 7, 0}},
		"only heard": {[]facts.Span{one}, audio, media.Report{Duration: 9.5, Sound: &media.Sound{Tones: []media.ToneSpan{{ID: "tone-01",
			Span: media.Span{To: 9.5}, Beats: []media.Beat{{At: 2.5}, {At: 3.5, First: true}, {At: 4.5}}}}}}, []float64{0, 9.5, 0.5}},
		"heard again after a pause that is left out": {[]facts.Span{brief, again},
			[]Source{source("audio", "tone-01", brief, 9990*time.Millisecond), source("audio", "tone-01", again, 11990*time.Millisecond)},
			media.Report{Duration: 1.38, Sound: &media.Sound{Tones: []media.ToneSpan{{ID: "tone-01",
				Span: media.Span{From: 0.1, To: 1.38}, Beats: []media.Beat{{At: 0.99}, {At: 1.11, First: true}}}}}}, []float64{0, 1.12, 0, 1.12, 1.38, 0}},
	} {
		var got []float64
		for _, p := range Aligned(c.recorded, c.sources, c.report) {
			got = append(got, p.Begin, p.End, p.Begun().Sub(p.From).Seconds())
		}
		if !near(got, c.want) {
			t.Errorf("%s: %.2f, want %.2f", name, got, c.want)
		}
	}
}

func near(got, want []float64) bool {
	for i := range want {
		if i >= len(got) || math.Abs(got[i]-want[i]) > 0.05 {
			return false
		}
	}
	return len(got) == len(want)
}

// source returns a track with a loop of 10 s of 30 units, whose unit 0 was due at an instant.
func source(kind, fixture string, s facts.Span, epoch time.Duration) Source {
	return Source{evidence.Record{Published: &evidence.Published{Kind: kind, Fixture: fixture, Epoch: start.Add(epoch), Rate: 30, LoopUnits: 300,
		First: s.From, Last: s.To, Ended: true}}, []facts.Span{s}}
}

// shown returns an appearance at a steady pace that begins with a mark.
func shown(fixture string, from, to float64, mark int) media.Appearance {
	return media.Appearance{ID: fixture, From: from, To: to, FirstMark: mark, LastMark: (mark + int(30*(to-from)) + 299) % 300}
}

func seen(length float64, all ...media.Appearance) media.Report {
	return media.Report{Duration: length, Picture: &media.Picture{Appearances: all}}
}

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func recordedSpan(from, to time.Duration) facts.Span {
	return facts.Span{From: start.Add(from), To: start.Add(to)}
}

// TestJointsAreNoBeats takes publications of one sound, of which many are shorter than a second. Where a file leaves out the
// pauses between them, the breaks at its joints are as wide as beats. A second that is taken for its neighbour moves a piece by
// less than half a second.
func TestJointsAreNoBeats(t *testing.T) {
	for seed := range uint64(500) {
		var recorded []facts.Span
		var sources []Source
		tone := media.ToneSpan{ID: "tone-01"}
		r := rand.New(rand.NewPCG(seed, 0))
		at := 10 * time.Second
		for range 12 {
			length := time.Duration(40+r.IntN(300)) * time.Millisecond
			if r.IntN(4) == 0 {
				length += time.Duration(r.IntN(4000)) * time.Millisecond
			}
			s := recordedSpan(at, at+length)
			recorded, sources = append(recorded, s), append(sources, source("audio", "tone-01", s, at))
			if tone.To > 0 {
				tone.Beats = append(tone.Beats, media.Beat{At: tone.To + 0.04, First: r.IntN(2) == 0})
			}
			for n := 1.0; n < length.Seconds(); n++ {
				tone.Beats = append(tone.Beats, media.Beat{At: tone.To + n})
			}
			tone.To += length.Seconds()
			at += length + time.Duration(200+r.IntN(300))*time.Millisecond
		}
		for i, p := range Aligned(recorded, sources, media.Report{Duration: tone.To, Sound: &media.Sound{Tones: []media.ToneSpan{tone}}}) {
			if late := p.Begun().Sub(p.From); late.Abs() > 500*time.Millisecond {
				t.Errorf("seed %d: piece %d of %v begins %v late", seed, i+1, p.To.Sub(p.From), late)
			}
		}
	}
}
