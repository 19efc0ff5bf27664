package align

import (
	"math"
	"math/rand/v2"
	"testing"
)

// scene returns a sequence of changes that never repeats.
func scene(seed uint64, n, width int) []float32 {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]float32, n*width)
	for i := range out {
		if r.Float64() < 0.2 {
			out[i] = float32(r.NormFloat64() * 10)
		}
	}
	return out
}

func cut(values []float32, width, from, to int, start, step, evidence float64) Changes {
	return Changes{Start: start, Step: step, Width: width, Values: values[from*width : to*width], Evidence: evidence}
}

// pair returns the changes in two recordings of a film of 40 s: the first has 0 to 30 s, the second begins at begin
// seconds.
func pair(values []float32, width int, step, begin float64) [2]Changes {
	n := len(values) / width
	return [2]Changes{
		cut(values, width, int(10/step), int(30/step), 10, step, 800),
		cut(values, width, int(begin/step), n, 0, step, 800),
	}
}

func TestFindsTheOverlap(t *testing.T) {
	const pw, ps, sw, ss = 30, 0.04, 12, 0.01
	p, s := scene(1, 1000, pw), scene(2, 4000, sw)
	still, silent := make([]float32, len(p)), make([]float32, len(s))
	other := scene(3, 4000, sw)
	loop := scene(4, 4000, sw)
	for i := range loop {
		loop[i] = loop[i%(300*sw)] // every 3 s
	}
	for _, tt := range []struct {
		name             string
		pictures, sounds []float32
		begin            float64
		want             Overlap
		found            bool
	}{
		{"both", p, s, 25, Overlap{Picture: true, Sound: true}, true},
		{"long", p, s, 12, Overlap{Picture: true, Sound: true}, true},
		{"short", p, s, 29.4, Overlap{Picture: true, Sound: true}, true},
		{"still", still, s, 25, Overlap{Sound: true}, true},
		{"silent", p, silent, 25, Overlap{Picture: true}, true},
		{"neither", still, silent, 25, Overlap{}, false},
		{"sound repeats", p, loop, 21, Overlap{Picture: true, Sound: true}, true},
		{"sound repeats, still", still, loop, 25, Overlap{Ambiguous: true}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, ok := Find(pair(tt.pictures, pw, ps, tt.begin), pair(tt.sounds, sw, ss, tt.begin))
			if ok != tt.found {
				t.Fatalf("found %v: %+v", ok, o)
			}
			at := o.Offset
			if o.Offset = 0; o != tt.want {
				t.Errorf("%+v, want %+v", o, tt.want)
			}
			if off := math.Abs(at - tt.begin); ok && off > 0.025 {
				t.Errorf("begins at %v, want %v", at, tt.begin)
			}
		})
	}
	// The sound disagrees: the pictures are a clip that is shown again.
	pictures, sounds := pair(p, pw, ps, 25), pair(s, sw, ss, 25)
	sounds[1] = pair(other, sw, ss, 25)[1]
	if o, ok := Find(pictures, sounds); ok {
		t.Errorf("sound differs: %+v", o)
	}
	// The pictures disagree: two layouts of one session.
	pictures, sounds = pair(p, pw, ps, 25), pair(s, sw, ss, 25)
	pictures[1] = pair(scene(9, 1000, pw), pw, ps, 25)[1]
	if o, ok := Find(pictures, sounds); !ok || math.Abs(o.Offset-25) > 0.025 || o.Picture {
		t.Errorf("layouts differ: %v %+v", ok, o)
	}
}

// TestSoundThatRepeatsIsNoWitness checks that repeating sound, such as a ring tone, beeps or music on hold, does not
// outweigh different pictures.
func TestSoundThatRepeatsIsNoWitness(t *testing.T) {
	const pw, ps, sw, ss = 30, 0.04, 12, 0.01
	for period := 50; period <= 1200; period += 50 {
		loop := scene(uint64(period), 4000, sw)
		for i := range loop {
			loop[i] = loop[i%(period*sw)]
		}
		pictures, sounds := pair(scene(1, 1000, pw), pw, ps, 25), pair(loop, sw, ss, 25)
		pictures[1] = pair(scene(9, 1000, pw), pw, ps, 25)[1]
		if o, ok := Find(pictures, sounds); ok {
			t.Errorf("period %v s: %+v", float64(period)*ss, o)
		}
	}
}

// TestRepeatedSoundIsCodedAnew has a loop of which every repetition is coded a bit differently, as AAC does unless it begins at the same sample. The
// beginning of both recordings agrees best.
func TestRepeatedSoundIsCodedAnew(t *testing.T) {
	const pw, ps, sw, ss = 30, 0.04, 12, 0.01
	base, loop := scene(4, 400, sw), scene(5, 4000, sw)
	for i := range loop {
		loop[i] = base[i%len(base)] + 0.65*loop[i]
	}
	sounds := [2]Changes{cut(loop, sw, 0, 2000, 0, ss, 800), cut(loop, sw, 0, 2000, 0, ss, 800)}
	pictures := [2]Changes{cut(scene(1, 1000, pw), pw, 0, 500, 0, ps, 800), cut(scene(9, 1000, pw), pw, 0, 500, 0, ps, 800)}
	if o, ok := Find(pictures, sounds); ok {
		t.Errorf("pictures differ: %+v", o)
	}
	still := make([]float32, 1000*pw)
	pictures = [2]Changes{cut(still, pw, 0, 500, 0, ps, 800), cut(still, pw, 0, 500, 0, ps, 800)}
	if o, ok := Find(pictures, sounds); ok {
		t.Errorf("nothing to see: %+v", o)
	}
}

// TestOneWitnessThatRepeats has only a tone or a picture that repeats every 4 s. One place looks better than the others,
// because both recordings begin with it.
func TestOneWitnessThatRepeats(t *testing.T) {
	const step, length, period = 0.01, 1200, 400
	again := func(width int) Changes {
		c := Changes{Step: step, Width: width, Values: make([]float32, length*width), Evidence: 100}
		for i := range length {
			for k := range width {
				switch {
				case i%period == 0 && i > 0:
					c.Values[i*width+k] = 20
				case i%period == period/4:
					c.Values[i*width+k] = -20
				}
			}
		}
		return c
	}
	var none Changes
	pair := [2]Changes{again(12), again(12)}
	if o, ok := Find([2]Changes{none, none}, pair); ok || !o.Ambiguous {
		t.Errorf("sound: %t, %+v", ok, o)
	}
	if o, ok := Find(pair, [2]Changes{none, none}); ok || !o.Ambiguous {
		t.Errorf("pictures: %t, %+v", ok, o)
	}
}

func TestExact(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	film := make([]float32, 20000)
	for i := range film {
		film[i] = float32(r.NormFloat64() * 0.1)
	}
	if got, ok := Exact(film, film[1234:9000], 1200, 100); got != 1234 || !ok {
		t.Errorf("%d %v", got, ok)
	}
	if got, ok := Exact(film, film[1234:9000], 800, 100); ok {
		t.Errorf("out of reach: %d", got)
	}
	if _, ok := Exact(film, make([]float32, 5000), 800, 100); ok {
		t.Error("found in silence")
	}
}

func TestFrameAndSame(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	film := make([][]byte, 60)
	for i := range film {
		film[i] = make([]byte, PictureSize)
		for k := range film[i] {
			film[i][k] = byte(100 + 80*math.Sin(float64(k)/50+float64(i)/9) + r.Float64()*3)
		}
	}
	second := append([][]byte{make([]byte, PictureSize), make([]byte, PictureSize)}, film[32:]...)
	for expected := 28; expected <= 32; expected++ {
		if got := Frame(film, second, expected); got != 30 {
			t.Errorf("expected %d: %d, want 30", expected, got)
		}
	}
	if first, last := Same(film, second, 30); first != 2 || last != 30 {
		t.Errorf("same from %d to %d, want 2 to 30", first, last)
	}
	still := make([][]byte, 50)
	for i := range still {
		still[i] = film[0]
	}
	if got := Frame(still, still, 17); got != 17 {
		t.Errorf("nothing moves: %d, want what was expected", got)
	}
}
