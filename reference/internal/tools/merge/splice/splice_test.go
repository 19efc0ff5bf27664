package splice

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"reelcheck/reference/internal/mux/movie"
)

// video returns a track of at least n frames of 100 ticks with a key frame every gop frames. Reordered groups are
// decoded as I P B B.
func video(n, gop int, reordered bool) *movie.Track {
	if reordered {
		n = (n + gop - 1) / gop * gop
	}
	t := &movie.Track{Timescale: 2500, End: int64(n) * 100}
	for i := range n {
		s := movie.Sample{DTS: int64(i) * 100, Duration: 100, Key: i%gop == 0, IDR: i%gop == 0}
		if p := i % gop; reordered && p > 0 {
			switch (p - 1) % 3 {
			case 0:
				s.Shift = 200
			default:
				s.Shift = -100
			}
		}
		t.Samples = append(t.Samples, s)
	}
	return t
}

// shown counts the pictures that a cut presents, by their times in a.
func shown(a, b *movie.Track, later int64, c Cut) map[int64]int {
	at := map[int64]int{}
	for _, s := range a.Samples[:c.Keep] {
		at[s.PTS()]++
	}
	if c.Bridge.Count > 0 {
		of, add := a, int64(0)
		if c.Bridge.OfSecond {
			of, add = b, later
		}
		for _, s := range of.Samples {
			if p := s.PTS(); p >= c.Bridge.From && p < c.Bridge.To {
				at[p+add]++
			}
		}
	}
	for _, s := range b.Samples[c.Begin:] {
		at[s.PTS()+later]++
	}
	return at
}

// TestEveryPictureOnce cuts tracks of all kinds in all places.
func TestEveryPictureOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reordered := rapid.Bool().Draw(t, "reordered")
		gop := func(name string) int { return 1 + 3*rapid.IntRange(0, 20).Draw(t, name) }
		a := video(rapid.IntRange(4, 90).Draw(t, "a"), gop("gopA"), reordered)
		b := video(rapid.IntRange(4, 90).Draw(t, "b"), gop("gopB"), reordered)
		overlap := rapid.IntRange(0, min(len(a.Samples), len(b.Samples))-1).Draw(t, "overlap")
		later := a.End - int64(overlap)*100
		var same [2]int64
		if overlap > 3 {
			first := rapid.IntRange(0, overlap-1).Draw(t, "first")
			same = [2]int64{int64(first) * 100, int64(overlap) * 100}
		}
		c := Video(a, b, later, same, 0)
		at := shown(a, b, later, c)
		for p := int64(0); p < later+b.End; p += 100 {
			if at[p] != 1 {
				t.Fatalf("the picture at %d is there %d times: %+v", p, at[p], c)
			}
		}
		if len(at) != int(later+b.End)/100 {
			t.Fatalf("%d pictures", len(at))
		}
		if c.Bridge.Count > 0 && c.Bridge.Count != int(c.Bridge.To-c.Bridge.From)/100 {
			t.Fatalf("bridge %+v", c.Bridge)
		}
	})
}

func TestKeyFrameOfTheOverlapNeedsNoBridge(t *testing.T) {
	c := Video(video(100, 25, false), video(100, 25, false), 6000, [2]int64{100, 4000}, 0)
	if c.Bridge.Count != 0 || c.Keep != 85 || c.Begin != 25 {
		t.Errorf("%+v", c)
	}
	// The only key frame lies where the two differ.
	c = Video(video(100, 25, false), video(100, 50, false), 6000, [2]int64{100, 4000}, 0)
	if c.Bridge.Count != 10 || c.Keep != 100 || c.Begin != 50 || !c.Bridge.OfSecond || c.Bridge.Skip != 40 || c.Bridge.Head != 0 {
		t.Errorf("%+v", c)
	}
}

func audio(packets int) *movie.Track {
	t := &movie.Track{Timescale: 48000, Sound: &movie.Sound{Rate: 48000, Channels: 1}, Start: Frame, End: int64(packets) * Frame}
	for i := range packets {
		t.Samples = append(t.Samples, movie.Sample{DTS: int64(i) * Frame, Duration: Frame, Key: true})
	}
	return t
}

// TestSoundGoesOn joins a tone at many offsets. The packets must follow each other without a gap, the sound must agree
// with both recordings at the ends of the seam, and must change no faster than a tone does.
func TestSoundGoesOn(t *testing.T) {
	const angle = 2 * math.Pi * 440 / 48000
	rapid.Check(t, func(t *rapid.T) {
		a, b := audio(400), audio(300)
		overlap := rapid.Float64Range(40, 80).Draw(t, "overlap")
		exact := float64(a.End-b.Start) - overlap*Frame
		off := rapid.Float64Range(-700, 700).Draw(t, "picture")
		s, err := Audio(Tracks{A: a, B: b, LaterB: exact + off, ExactB: exact, Overlap: true, Near: a.End - int64(overlap/2*Frame)})
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Samples[s.Begin].DTS + s.LaterB; got != s.At+int64(s.Packets)*Frame || a.Samples[s.Keep].DTS != s.At {
			t.Fatalf("packets do not follow each other: %+v", s)
		}
		if far := math.Abs(float64(s.LaterB) - exact - off); far > inStep*48000 {
			t.Fatalf("sound is %v samples from its picture", far)
		}
		of := func(later float64) Sound {
			out := Sound{Channels: 1, Start: -100, Samples: make([]float32, 401*Frame)}
			for i := range out.Samples {
				out.Samples[i] = float32(math.Sin(angle * (float64(i-100) + later)))
			}
			return out
		}
		from, to := s.At-10, s.At+int64(s.Packets)*Frame+10
		pcm := s.Mix(of(0), of(exact), 48000, from, to)
		for i := 2; i < len(pcm); i++ {
			if d := float64(pcm[i]) - 2*float64(pcm[i-1]) + float64(pcm[i-2]); math.Abs(d) > angle*angle*1.3 {
				t.Fatalf("click of %v at sample %d of %d: %+v", d, i, len(pcm), s)
			}
		}
		if got, want := float64(pcm[0]), math.Sin(angle*float64(from)); math.Abs(got-want) > 1e-3 {
			t.Fatalf("begins with %v, want %v", got, want)
		}
		last := float64(to - 1 - s.LaterB)
		if got, want := float64(pcm[len(pcm)-1]), math.Sin(angle*(last+exact)); math.Abs(got-want) > 1e-3 {
			t.Fatalf("ends with %v, want %v", got, want)
		}
	})
}

// TestPauseIsSilent joins recordings with pauses of many lengths between them.
func TestPauseIsSilent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := audio(rapid.IntRange(1, 50).Draw(t, "a")), audio(rapid.IntRange(10, 50).Draw(t, "b"))
		pause := rapid.Int64Range(-500, 100*Frame).Draw(t, "pause")
		s, err := Audio(Tracks{A: a, B: b, LaterB: float64(a.End + pause - b.Start)})
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Samples[s.Begin].DTS + s.LaterB; got != s.At+int64(s.Packets+s.Rest)*Frame || s.Keep < len(a.Samples) && a.Samples[s.Keep].DTS != s.At {
			t.Fatalf("packets do not follow each other: %+v", s)
		}
		if s.Rest > 0 && (s.Silent() < 3 || s.Silent() >= s.Packets-3) {
			t.Fatalf("packet %d of %d is not in the pause", s.Silent(), s.Packets)
		}
	})
}
