package exhibit

import (
	"encoding/json"
	"math"
	"slices"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/layout"
	"reelcheck/conformance/media"
)

// Film shows what a composed archive had to hold, and what was found in it. Times are seconds in the file.
type Film struct {
	Seconds float64 `json:"seconds"`
	Width   int     `json:"width,omitempty"`
	Height  int     `json:"height,omitempty"`
	Rows    []Row   `json:"rows,omitempty"`
	Stills  []Still `json:"stills,omitempty"`
}

// Row is a published track.
type Row struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"` // video or audio
	Expected []Span `json:"expected,omitempty"`
	Found    []Span `json:"found,omitempty"`
}

// Span is a stretch of time. Level is the level of a sound in dBFS.
type Span struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Level float64 `json:"level,omitempty"`
}

// Still is a picture of the film, the name of its blob, and where streams had to be and were found in it. Without a blob it is the moment of a
// finding of which no picture was kept.
type Still struct {
	At       float64 `json:"at"`
	Blob     string  `json:"blob,omitempty"`
	Expected []Box   `json:"expected,omitempty"`
	Found    []Box   `json:"found,omitempty"`
}

// Box is the rectangle of a stream in pixels of the film.
type Box struct {
	Name string  `json:"name"`
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
	W    float64 `json:"w"`
	H    float64 `json:"h"`
}

// Bottom is the y of the lower edge.
func (b Box) Bottom() float64 { return b.Y + b.H }

// maxTracks limits the rows of a film. A composed archive of 16 streams and 50 sounds stays below it.
const maxTracks = 100

// FilmOf returns the film of a recording. stills are the pictures and moments to show.
func FilmOf(x content.Recording, stills []Still) *Film {
	f := &Film{Seconds: finite(x.Plays())}
	if x.Picture != nil {
		f.Width, f.Height = x.Picture.Width, x.Picture.Height
	}
	index := map[string]int{}
	for _, t := range x.Due {
		key := t.Kind + " " + t.Client + " " + t.Fixture
		i, known := index[key]
		if !known {
			if len(f.Rows) == maxTracks {
				continue
			}
			i = len(f.Rows)
			index[key] = i
			f.Rows = append(f.Rows, Row{Name: t.Client + " " + t.Fixture, Kind: t.Kind, Found: found(x, t)})
		}
		f.Rows[i].Expected = append(f.Rows[i].Expected, Span{From: finite(t.From), To: finite(t.To)})
	}
	for _, s := range stills {
		s.Expected, s.Found = places(x, s.At), appearances(x, s.At)
		f.Stills = append(f.Stills, s)
	}
	slices.SortFunc(f.Stills, func(a, b Still) int {
		if a.At < b.At {
			return -1
		}
		return 1
	})
	return f
}

// found returns where a track was recognised.
func found(x content.Recording, t content.Due) (out []Span) {
	if t.Kind != "video" {
		for _, s := range x.Sound.OfTone(t.Fixture) {
			out = append(out, Span{finite(s.From), finite(s.To), finite(s.Level)})
		}
		return out
	}
	for _, s := range x.Found(t) {
		out = append(out, Span{From: finite(s.From), To: finite(s.To)})
	}
	return out
}

// places returns where streams have to be at a moment. There are none where the specification leaves it open. The tiles of a grid are laid side
// by side from the left, one of the ways in which the last row may lie (ARC-LAY-01).
func places(x content.Recording, at float64) (out []Box) {
	i := slices.IndexFunc(x.Phases, func(a expect.Phase) bool { return a.From <= at && at < a.To })
	if i < 0 || !x.Phases[i].Known || x.Picture == nil {
		return nil
	}
	picture := x.Phases[i].Picture
	for n, p := range picture.Places {
		b := Box{fixture(x, p), p.Rect.X, p.Rect.Y, p.Rect.Width, p.Rect.Height}
		if columns := int(math.Round(float64(x.Picture.Width) / b.W)); picture.Grid && columns > 0 {
			b.X, b.Y = float64(n%columns)*b.W, float64(n/columns)*b.H
		}
		out = append(out, b)
	}
	return out
}

// fixture returns the fixture that the stream of a place shows.
func fixture(x content.Recording, p layout.Place) string {
	i := slices.IndexFunc(x.Due, func(t content.Due) bool { return t.Kind == "video" && t.R.IDs[evidence.Stream] == p.Stream })
	if i < 0 {
		return ""
	}
	return x.Due[i].Fixture
}

func appearances(x content.Recording, at float64) (out []Box) {
	if x.Picture == nil {
		return nil
	}
	for _, a := range x.Picture.Appearances {
		if a.From <= at && at <= a.To {
			out = append(out, box(a.ID, a.Rect))
		}
	}
	return out
}

func box(name string, r media.Rect) Box {
	return Box{name, float64(r.X), float64(r.Y), float64(r.Width), float64(r.Height)}
}

// Stills returns the sample pictures that the forensics kept of a file.
func Stills(m evidence.Media) []Still {
	var kept struct {
		Frames []Still `json:"frames"`
	}
	if json.Unmarshal(m.Report, &kept) != nil {
		return nil
	}
	return slices.DeleteFunc(kept.Frames, func(s Still) bool { return !IsBlob(s.Blob) })
}

// IsBlob reports whether a name is one of a blob: 64 hex digits.
func IsBlob(name string) bool {
	return len(name) == 64 && !slices.ContainsFunc([]byte(name), func(c byte) bool { return (c < '0' || c > '9') && (c < 'a' || c > 'f') })
}

// finite returns v, or 0 for what JSON cannot say.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}
