// Package layout decides which streams a composed picture shows, and where. It is pure.
package layout

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// MaxVideo is the maximum number of streams that a composed picture shows.
const MaxVideo = 16 // ARC-COMP-20, ARC-SEL-06

// Type is the type of a layout, spelled as in the API.
type Type string

const (
	BestFit                Type = "bestFit"
	PIP                    Type = "pip"
	VerticalPresentation   Type = "verticalPresentation"
	HorizontalPresentation Type = "horizontalPresentation"
	Custom                 Type = "custom"
)

var (
	presets = []Type{BestFit, PIP, VerticalPresentation, HorizontalPresentation}
	types   = append(slices.Clone(presets), Custom)
)

// Spec is a layout as a request describes it.
type Spec struct {
	Type        Type   `json:"type"`
	Stylesheet  string `json:"stylesheet,omitempty"`      // for Custom only
	Screenshare Type   `json:"screenshareType,omitempty"` // for BestFit only: the layout while a screen is shared
}

// Error says which member of a [Spec] is wrong, by its name in the API, and why.
type Error struct{ Member, Problem string }

func (e *Error) Error() string { return e.Member + " " + e.Problem }

func wrong(member, format string, args ...any) *Error {
	return &Error{Member: member, Problem: fmt.Sprintf(format, args...)}
}

// Layout is a valid [Spec] with its style sheet parsed. The zero value places streams as BestFit. In JSON it is its spec.
type Layout struct {
	spec  Spec
	sheet sheet
}

// Default is the layout of a request that names none.
var Default = Layout{spec: Spec{Type: BestFit}} // ARC-LAY-02

// New returns the layout for a spec. The error is an [*Error].
func New(s Spec) (Layout, error) {
	switch {
	case s.Type == "":
		return Layout{}, wrong("type", "is required: %s", list(types))
	case !slices.Contains(types, s.Type): // ARC-LAY-06
		return Layout{}, wrong("type", "must be one of %s, got %q", list(types), s.Type)
	case s.Screenshare != "" && !slices.Contains(presets, s.Screenshare): // ARC-LAY-06, ARC-LAY-12
		return Layout{}, wrong("screenshareType", "must be one of %s, got %q", list(presets), s.Screenshare)
	case s.Type == Custom && s.Stylesheet == "":
		return Layout{}, wrong("stylesheet", "is required with type custom")
	case s.Type != Custom && s.Stylesheet != "": // ARC-LAY-06
		return Layout{}, wrong("stylesheet", "is only for type custom")
	case s.Type != BestFit && s.Screenshare != "": // ARC-LAY-06
		return Layout{}, wrong("screenshareType", "is only for type bestFit")
	}
	l := Layout{spec: s}
	if s.Type == Custom {
		parsed, err := parseSheet(s.Stylesheet)
		if err != nil {
			return Layout{}, wrong("stylesheet", "%v", err)
		}
		l.sheet = parsed
	}
	return l, nil
}

// Spec returns the layout's spec.
func (l Layout) Spec() Spec { return l.spec }

// MarshalJSON encodes the spec.
func (l Layout) MarshalJSON() ([]byte, error) { return json.Marshal(l.spec) }

// UnmarshalJSON decodes a spec and checks it. An empty spec gives the zero value.
func (l *Layout) UnmarshalJSON(b []byte) error {
	var s Spec
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if s == (Spec{}) {
		*l = Layout{}
		return nil
	}
	parsed, err := New(s)
	if err != nil {
		return fmt.Errorf("layout: %w", err)
	}
	*l = parsed
	return nil
}

func list(types []Type) string {
	var names []string
	for _, t := range types {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}

// Stream holds the properties of a stream that determine its place.
type Stream struct {
	ID         string
	Connection string
	Screen     bool
	Classes    []string
}

// Rect is a rectangle of the picture in pixels. All four numbers are even: chroma is subsampled by two.
type Rect struct{ X, Y, W, H int }

// Intersect returns the common part of r and s. W and H are 0 if there is none.
func (r Rect) Intersect(s Rect) Rect {
	x, y := max(r.X, s.X), max(r.Y, s.Y)
	w, h := min(r.X+r.W, s.X+s.W)-x, min(r.Y+r.H, s.Y+s.H)-y
	if w <= 0 || h <= 0 {
		return Rect{}
	}
	return Rect{x, y, w, h}
}

// Tile is the place of a stream. In a custom layout it may extend beyond the picture, where it is not seen, and may cover other tiles.
type Tile struct {
	Stream string
	Rect   Rect
	Cover  bool // fill the place and cut off the rest, instead of leaving bars
}

// Arrange places streams in a picture of this size. The streams must be in the order in which they were added. Tiles are returned in painting
// order: a later one hides an earlier one.
func (l Layout) Arrange(streams []Stream, width, height int) []Tile {
	ordered := Prioritise(streams)
	ordered = ordered[:min(len(ordered), MaxVideo)] // ARC-COMP-20, ARC-COMP-22, ARC-COMP-34
	p := picture{width, height}
	if l.spec.Type == Custom {
		return p.custom(ordered, l.sheet)
	}
	kind, large := l.spec.Type, ""
	if screen := slices.IndexFunc(ordered, func(s Stream) bool { return s.Screen }); l.spec.Screenshare != "" && screen >= 0 {
		kind, large = l.spec.Screenshare, ordered[screen].ID // ARC-LAY-12
		if kind == BestFit {
			ordered = slices.DeleteFunc(ordered, func(s Stream) bool { return !s.Screen })
		}
		for i := range ordered {
			ordered[i].Classes = nil // the screen is large, whatever the classes of others
		}
	} else {
		large = firstOf(ordered, prominent[kind])
	}
	switch kind {
	case PIP:
		return p.pip(ordered, large)
	case VerticalPresentation:
		return p.vertical(ordered, large)
	case HorizontalPresentation:
		return p.horizontal(ordered, large)
	default:
		return p.grid(ordered) // ARC-LAY-02
	}
}

// Whole returns the rectangle for a whole picture of this size, in the middle of the tile and with its aspect ratio kept. The rectangle is as
// large as fits, or with Cover as small as possible without bars.
func (t Tile) Whole(width, height int) Rect {
	tile := t.Rect
	if width <= 0 || height <= 0 {
		return tile
	}
	w, h := tile.W, tile.H
	wider := width*tile.H > height*tile.W
	switch {
	case wider && t.Cover: // ARC-LAY-10
		w = max(tile.W, even((tile.H*width+height/2)/height))
	case wider:
		h = max(2, even((tile.W*height+width/2)/width)) // ARC-LAY-03
	case t.Cover:
		h = max(tile.H, even((tile.W*height+width/2)/width))
	default:
		w = max(2, even((tile.H*width+height/2)/height)) // ARC-LAY-03
	}
	return Rect{X: tile.X + even((tile.W-w)/2), Y: tile.Y + even((tile.H-h)/2), W: w, H: h}
}

func even(n int) int { return n &^ 1 }
