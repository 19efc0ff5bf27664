package splice

import (
	"fmt"
	"math"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/mux/movie"
)

// Frame is the number of samples in an AAC packet.
const Frame = av.AACFrame

const (
	// gentle is the mean fraction by which sound may be stretched without being noticed.
	gentle = 0.01
	// least and most limit the number of packets that are coded again.
	least, most = 8, 250
	// guard is the number of packets that are avoided at both ends of a recording, where coders begin and end.
	guard = 2
	// inStep is the time in seconds by which sound may differ from its picture to make the joint smoother: less than
	// half a frame.
	inStep = 0.015
	// blend is the time in seconds in which one sound fades into the other, fade the time in which sound that breaks off
	// fades out.
	blend, fade = 0.02, 0.005
	// longestRest is the number of packets of a pause that are coded; one of them is repeated for the rest.
	longestRest = 16
)

// Seam joins the sound of two recordings at packet borders. Times are samples of the output.
//
// The packets of both recordings lie on grids that do not fit, and can only be moved by whole packets. So the sound of
// the second lies up to half a packet off. Between A's last packet and B's first, Packets packets are coded again from
// sound that is stretched just enough to avoid a jump.
type Seam struct {
	Keep    int   // number of packets of the first that stay
	Begin   int   // first packet of the second that stays
	At      int64 // where the packets in between begin
	Packets int
	Rest    int // number of copied packets of silence, beside Packets
	LaterA  int64
	LaterB  int64 // added to the times of the second

	overlap bool
	exactB  float64 // LaterB if packets could lie anywhere
	endA    int64
	beginB  int64
}

// Tracks are the two recordings that a seam joins.
type Tracks struct {
	A, B   *movie.Track
	LaterA int64   // added to the times of A
	From   int     // number of packets of A that are taken already
	LaterB float64 // what should be added to the times of B to match its pictures
	ExactB float64 // what would have to be added for its sound to continue exactly, when Overlap
	// Overlap means that both contain the same sound for a while.
	Overlap bool
	Near    int64 // where the seam should lie
}

// Audio returns the seam of two tracks.
func Audio(t Tracks) (Seam, error) {
	if err := t.regular(); err != nil {
		return Seam{}, err
	}
	grid := t.A.Samples[0].DTS + t.LaterA
	s := Seam{LaterA: t.LaterA, exactB: t.ExactB}
	s.LaterB = t.later(grid - t.B.Samples[0].DTS)
	s.endA, s.beginB = t.A.End+t.LaterA, t.B.Start+s.LaterB
	first := grid + int64(t.From)*Frame
	if t.Overlap && s.within(t, grid, first) {
		return s, nil
	}
	s.overlap = false
	s.At = max(first, floorTo(min(s.endA, s.beginB), grid)-3*Frame)
	end := min(ceilTo(max(s.beginB, s.endA), grid)+3*Frame, t.B.Samples[len(t.B.Samples)-1].DTS+s.LaterB)
	s.Keep = int((s.At - grid) / Frame)
	if s.Begin = int((end - s.LaterB - t.B.Samples[0].DTS) / Frame); s.Begin < 0 || s.Keep > len(t.A.Samples) {
		return Seam{}, fmt.Errorf("audio ends %d samples before its continuation", s.beginB-s.endA)
	}
	s.Packets = int((end - s.At) / Frame)
	if silent := int((s.beginB - s.endA) / Frame); silent > longestRest {
		s.Rest = silent - longestRest
		s.Packets -= s.Rest
	}
	return s, nil
}

// regular returns an error if packets do not follow each other, since their times would then not match their sound.
// Times that are only rounded are accepted.
func (t Tracks) regular() error {
	for _, track := range []*movie.Track{t.A, t.B} {
		for i, s := range track.Samples {
			if off := s.DTS - track.Samples[0].DTS - int64(i)*Frame; off > Frame/2 || off < -Frame/2 {
				return fmt.Errorf("audio packet %d is %d samples off: the audio has gaps, or its packets do not hold %d samples", i+1, off, Frame)
			}
		}
	}
	return nil
}

// later returns the ticks to add to the times of B. It prefers the place at which the sound needs the least stretching,
// unless that is too far from B's pictures.
func (t Tracks) later(grid int64) int64 {
	place := func(exact float64) int64 { return onGrid(exact-float64(grid)) + grid }
	if smooth := place(t.ExactB); t.Overlap && math.Abs(float64(smooth)-t.LaterB) <= inStep*float64(t.A.Timescale) {
		return smooth
	}
	return place(t.LaterB)
}

// within places the seam where both recordings have sound. It reports whether there is room.
func (s *Seam) within(t Tracks, grid, first int64) bool {
	off := math.Abs(float64(s.LaterB) - s.exactB)
	low := ceilTo(max(first, t.A.Start+t.LaterA, t.B.Start+int64(max(s.exactB, float64(s.LaterB))))+guard*Frame, grid)
	high := floorTo(min(s.endA, t.B.End+int64(min(s.exactB, float64(s.LaterB))))-guard*Frame, grid)
	room := (high - low) / Frame
	if room < least {
		return false
	}
	n := min(max(least, int64(off/gentle/Frame)+1), most, room)
	s.At = floorTo(min(max(t.Near-n/2*Frame, low), high-n*Frame), grid)
	s.Packets, s.overlap = int(n), true
	s.Keep = int((s.At - grid) / Frame)
	s.Begin = int((s.At + n*Frame - s.LaterB - t.B.Samples[0].DTS) / Frame)
	return s.Keep > 0 && s.Begin > 0 && s.Begin < len(t.B.Samples)
}

func onGrid(x float64) int64            { return int64(math.Round(x/Frame)) * Frame }
func floorTo(x int64, grid int64) int64 { return x - mod(x-grid) }
func ceilTo(x int64, grid int64) int64  { return x + mod(grid-x) }
func mod(x int64) int64                 { return (x%Frame + Frame) % Frame }

// Sound is decoded sound, interleaved, from a time of its recording on. Before and after it is silence.
type Sound struct {
	Start    int64
	Channels int
	Samples  []float32
}

func (s Sound) at(time int64, channel int) float64 {
	i := (time-s.Start)*int64(s.Channels) + int64(channel)
	if time < s.Start || i >= int64(len(s.Samples)) {
		return 0
	}
	return float64(s.Samples[i])
}

// taps is the number of samples that the interpolation between samples uses.
const taps = 16

// between returns the sound at a time between two samples.
func (s Sound) between(time float64, channel int) float64 {
	whole := math.Floor(time)
	part := time - whole
	if part < 1e-6 || part > 1-1e-6 {
		return s.at(int64(math.Round(time)), channel)
	}
	sum := 0.0
	for k := -taps/2 + 1; k <= taps/2; k++ {
		x := part - float64(k)
		window := 0.5 + 0.5*math.Cos(math.Pi*x/(taps/2))
		sum += s.at(int64(whole)+int64(k), channel) * window * math.Sin(math.Pi*x) / (math.Pi * x)
	}
	return sum
}

// Mix returns the sound of the output between two times, interleaved: A's before the seam, B's after it. If Rest packets
// of silence are left out, the times after them are earlier by their length.
func (s Seam) Mix(a, b Sound, rate int, from, to int64) []float32 {
	out := make([]float32, 0, int(to-from)*a.Channels)
	for x := from; x < to; x++ {
		for c := range a.Channels {
			v := 0.0
			if s.overlap {
				v = s.stretched(a, b, rate, x, c)
			} else {
				v = s.apart(a, b, rate, x, c)
			}
			out = append(out, float32(v))
		}
	}
	return out
}

// stretched reads the same sound from both recordings. The place at which it reads moves slowly from where A has the
// sound to where B's packets need it.
func (s Seam) stretched(a, b Sound, rate int, x int64, c int) float64 {
	length := float64(s.Packets * Frame)
	u := min(max(float64(x-s.At)/length, 0), 1)
	place := float64(x) - (float64(s.LaterB)-s.exactB)*u*u*(3-2*u)
	width := min(blend*float64(rate), length/4)
	share := min(max((float64(x-s.At)-length/2)/width+0.5, 0), 1)
	v := 0.0
	if share < 1 {
		v += (1 - share) * a.between(place-float64(s.LaterA), c)
	}
	if share > 0 {
		v += share * b.between(place-s.exactB, c)
	}
	return v
}

// apart fades A out where it ends and B in where it begins.
func (s Seam) apart(a, b Sound, rate int, x int64, c int) float64 {
	width := fade * float64(rate)
	begin := s.beginB - int64(s.Rest)*Frame
	v := 0.0
	if left := float64(s.endA - x); left > 0 {
		v += min(1, left/width) * a.at(x-s.LaterA, c)
	}
	if passed := float64(x - begin); passed >= 0 {
		v += min(1, passed/width) * b.at(x+int64(s.Rest)*Frame-s.LaterB, c)
	}
	return v
}

// Silent returns the number of a packet in the middle of the pause. Rest copies of it are inserted.
func (s Seam) Silent() int { return int((s.endA-s.At)/Frame) + longestRest/2 }
