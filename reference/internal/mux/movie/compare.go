package movie

import (
	"fmt"
	"math"
)

// DifferError reports a difference that keeps two files from being joined.
type DifferError struct {
	Property string
	A, B     string // file names
	Has, Got string
	Remedy   string // what the user can do, if anything
}

func (e *DifferError) Error() string {
	text := fmt.Sprintf("%s and %s cannot be joined: %s differs: %s and %s", e.A, e.B, e.Property, e.Has, e.Got)
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}

// Compare returns a [*DifferError] unless b can follow a in one file (ARC-POST-01).
func Compare(a, b *Movie) error {
	for _, c := range properties(a, b) {
		if has, got := fmt.Sprint(c.a), fmt.Sprint(c.b); has != got {
			return &DifferError{c.name, a.Name, b.Name, has, got, remedies[c.name]}
		}
	}
	return nil
}

type property struct {
	name string
	a, b any
}

const rotation = "rotation"

// remedies are commands that make files alike, by property. FFmpeg rotates pictures when it codes them again.
var remedies = map[string]string{rotation: "ffmpeg -i IN.mp4 -c:a copy OUT.mp4 makes a file that needs none"}

func properties(a, b *Movie) []property {
	list := []property{
		{"video", presence(a.Video), presence(b.Video)},
		{"audio", presence(a.Audio), presence(b.Audio)},
	}
	if a.Video != nil && b.Video != nil {
		v, w := a.Video, b.Video
		p, q := v.Picture, w.Picture
		list = append(list,
			property{rotation, p.turn(), q.turn()},
			property{"profile", profileName(p.Profile), profileName(q.Profile)},
			property{"size", fmt.Sprintf("%dx%d", p.Width, p.Height), fmt.Sprintf("%dx%d", q.Width, q.Height)},
			property{"pixel format", p.pixels(), q.pixels()},
			property{"pixel aspect ratio", fmt.Sprintf("%d:%d", p.Aspect[0], p.Aspect[1]), fmt.Sprintf("%d:%d", q.Aspect[0], q.Aspect[1])},
			property{"frame rate", v.rate(), w.rate()},
			property{"time base", fmt.Sprintf("1/%d", v.Timescale), fmt.Sprintf("1/%d", w.Timescale)},
			property{"use of B-frames", v.Reordered(), w.Reordered()},
		)
	}
	if a.Audio != nil && b.Audio != nil {
		s, r := a.Audio.Sound, b.Audio.Sound
		list = append(list, property{"sample rate", s.Rate, r.Rate}, property{"number of channels", s.Channels, r.Channels})
	}
	return list
}

func presence(t *Track) string {
	if t == nil {
		return "none"
	}
	return "present"
}

var profiles = map[uint32]string{66: "Baseline", 77: "Main", 88: "Extended", 100: "High", 110: "High 10", 122: "High 4:2:2", 244: "High 4:4:4"}

func profileName(idc uint32) string {
	if n := profiles[idc]; n != "" {
		return n
	}
	return fmt.Sprintf("profile_idc %d", idc)
}

func (p *Picture) pixels() string {
	chroma := map[byte]string{0: "gray", 1: "4:2:0", 2: "4:2:2", 3: "4:4:4"}[p.Chroma]
	levels := "video range"
	if p.FullRange {
		levels = "full range"
	}
	return fmt.Sprintf("%s %d bit %s", chroma, p.Depth, levels)
}

// turn returns the text that says how players rotate the picture.
func (p *Picture) turn() string {
	const one = 1 << 16
	m := p.Matrix
	a, b, c, d := m[0], m[1], m[3], m[4]
	for quarter, of := range [][2]int32{{one, 0}, {0, one}, {-one, 0}, {0, -one}} {
		switch {
		case a != of[0] || b != of[1]:
		case c == -b && d == a:
			return fmt.Sprintf("%d degrees", 90*quarter)
		case c == b && d == -a:
			return fmt.Sprintf("%d degrees and mirrored", 90*quarter)
		}
	}
	return fmt.Sprintf("matrix %d %d %d %d", a, b, c, d)
}

// rate returns the frame rate, rounded to a thousandth.
func (t *Track) rate() float64 {
	return math.Round(1000*float64(t.Timescale)/float64(t.Interval())) / 1000
}
