// Package layout is the suite's own reading of what a composed picture shows where: the order of streams, the published
// percentages and, for style sheets, the worked examples of the specification. It shares no code with any target.
package layout

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"reelcheck/spec"
)

// Most returns the largest number of streams that a picture shows at a time.
func Most(ledger spec.Ledger) int {
	limit, ok := ledger.Limit("composed.video-streams.max")
	if !ok {
		panic("layout: internal error: the ledger has no limit of streams")
	}
	return int(limit.Value)
}

// Stream holds what a stream's place depends on. Client is empty if the client has no other stream.
type Stream struct {
	ID, Client string
	Screen     bool
	Classes    []string
}

// Size is the size of a picture in pixels.
type Size struct{ Width, Height int }

func (s Size) String() string { return fmt.Sprintf("%dx%d", s.Width, s.Height) }

// Rect is a rectangle in pixels, with fractions.
type Rect struct{ X, Y, Width, Height float64 }

// Overlaps reports whether two rectangles have more than an edge in common.
func (r Rect) Overlaps(s Rect) bool {
	return r.X < s.X+s.Width && s.X < r.X+r.Width && r.Y < s.Y+s.Height && s.Y < r.Y+r.Height
}

// Place is the place at which a stream is seen.
type Place struct {
	Stream string
	Rect   Rect
	Cover  bool // it fills the place and is cut off; otherwise it is shown whole
	// Edge is the area along an edge that the place shares with others, if no source says how. Rect is then an equal share.
	Edge Rect
}

// Shared reports whether no source says where the place lies within its Edge.
func (p Place) Shared() bool { return p.Edge != Rect{} }

// Holds reports whether s lies within r, apart from a tolerance.
func (r Rect) Holds(s Rect, allow float64) bool {
	return s.X >= r.X-allow && s.Y >= r.Y-allow && s.X+s.Width <= r.X+r.Width+allow && s.Y+s.Height <= r.Y+r.Height+allow
}

// Picture says which streams are seen where, sorted by priority. For a grid it only has the size and the order of the
// tiles, and Rect has no position: two sources differ on where the last row begins.
type Picture struct {
	Places []Place
	Grid   bool
	// Unpublished means that no source says how many columns and rows the grid has. Places then shows one of the possible grids.
	Unpublished bool
	// Vacant means that the layout has a large place that nobody takes. No source says that it stays black.
	Vacant bool
}

// Of returns the place of a stream.
func (p Picture) Of(stream string) (Place, bool) {
	i := slices.IndexFunc(p.Places, func(at Place) bool { return at.Stream == stream })
	if i < 0 {
		return Place{}, false
	}
	return p.Places[i], true
}

// Order sorts streams, given in the order in which they were added, by priority (sources.md#priority).
func Order(streams []Stream) []Stream {
	shares := func(s Stream, what func(Stream) bool) bool {
		return s.Client != "" && slices.ContainsFunc(streams, func(o Stream) bool { return o.Client == s.Client && what(o) })
	}
	screen := func(s Stream) bool { return s.Screen }
	upper := func(s Stream) bool { return len(s.Classes) > 0 }
	rank := func(s Stream) int {
		tier := 0
		if !upper(s) {
			tier = 4
		}
		switch {
		case s.Screen:
			return tier
		case shares(s, screen):
			return tier + 1
		case tier > 0 && shares(s, upper):
			return tier + 2
		}
		return tier + 3
	}
	ordered := slices.Clone(streams)
	slices.SortStableFunc(ordered, func(a, b Stream) int { return cmp.Compare(rank(a), rank(b)) })
	return ordered
}

// Arrange returns what a layout makes of streams, given in the order in which they were added. ok is false for a style
// sheet without an example in the specification for these streams and this size.
func Arrange(ledger spec.Ledger, l spec.Layout, streams []Stream, size Size) (p Picture, ok bool) {
	seen := Order(streams)
	seen = seen[:min(len(seen), Most(ledger))]
	kind, large := l.Type, ""
	switch i := slices.IndexFunc(seen, func(s Stream) bool { return s.Screen }); {
	case kind == "custom":
		return custom(ledger, l.Stylesheet, seen, size)
	case l.ScreenshareType != "" && i >= 0:
		kind, large = l.ScreenshareType, seen[i].ID
		if kind == "bestFit" {
			seen = slices.DeleteFunc(seen, func(s Stream) bool { return !s.Screen })
		}
	default:
		class := map[string]string{"pip": "full", "verticalPresentation": "focus", "horizontalPresentation": "focus"}[kind]
		if i := slices.IndexFunc(seen, func(s Stream) bool { return slices.Contains(s.Classes, class) }); i >= 0 {
			large = seen[i].ID
		}
		if kind == "pip" { // the small one is the first without the class
			seen = slices.DeleteFunc(seen, func(s Stream) bool { return s.ID != large && slices.Contains(s.Classes, class) })
		}
	}
	w, h := float64(size.Width), float64(size.Height)
	switch kind {
	case "pip":
		p = one(seen, large, Rect{0, 0, w, h}, []Rect{{0.7 * w, 0.1 * h, 0.2 * w, 0.2 * h}})
	case "verticalPresentation":
		p = shared(one(seen, large, Rect{0.2 * w, 0, 0.8 * w, h}, left(size)), large, size, Rect{0, 0, 0.2 * w, h})
	case "horizontalPresentation":
		p = shared(one(seen, large, Rect{0, 0, w, 0.8 * h}, lower(size)), large, size, Rect{0, 0.8 * h, w, 0.2 * h})
	case "bestFit":
		return grid(seen, w, h), true
	default:
		return Picture{}, false
	}
	p.Vacant = large == "" && len(p.Places) > 0
	return p, true
}

// one puts one stream into the large place, and the others into the small places as far as there are any.
func one(seen []Stream, large string, place Rect, small []Rect) Picture {
	var p Picture
	for _, s := range seen {
		switch {
		case s.ID == large:
			p.Places = append(p.Places, Place{Stream: s.ID, Rect: place})
		case len(small) > 0:
			p.Places = append(p.Places, Place{Stream: s.ID, Rect: small[0]})
			small = small[1:]
		}
	}
	return p
}

// shared adds the edge to the small places of portraits and of full HD. Only their number is published.
func shared(p Picture, large string, size Size, edge Rect) Picture {
	if size.Height <= size.Width && size != (Size{1920, 1080}) {
		return p
	}
	for i := range p.Places {
		if p.Places[i].Stream != large {
			p.Places[i].Edge = edge
		}
	}
	return p
}

// left returns the places at the left edge, which are equally high.
func left(size Size) []Rect {
	n := 5
	switch {
	case size == Size{1920, 1080}:
		n = 7
	case size == Size{1080, 1920}:
		n = 10
	case size.Height > size.Width:
		n = 8
	}
	var out []Rect
	share := float64(size.Height) / float64(n)
	for i := range n {
		out = append(out, Rect{0, float64(i) * share, 0.2 * float64(size.Width), share})
	}
	return out
}

// lower returns the places at the lower edge.
func lower(size Size) []Rect {
	n := 5
	switch {
	case size == Size{1920, 1080}:
		n = 7
	case size.Height > size.Width:
		n = 3
	}
	var out []Rect
	share := float64(size.Width) / float64(n)
	for i := range n {
		out = append(out, Rect{float64(i) * share, 0.8 * float64(size.Height), share, 0.2 * float64(size.Height)})
	}
	return out
}

// grid returns the published grid: 1, 2x1, 2x2, 3x3, and 4x4 beyond, which is concluded.
func grid(seen []Stream, w, h float64) Picture {
	p := Picture{Grid: true}
	columns, rows := 4.0, 4.0
	switch n := len(seen); {
	case n <= 1:
		columns, rows = 1, 1
	case n == 2:
		columns, rows = 2, 1
	case n <= 4:
		columns, rows = 2, 2
	case n <= 9:
		columns, rows = 3, 3
	}
	for _, s := range seen {
		p.Places = append(p.Places, Place{Stream: s.ID, Rect: Rect{Width: w / columns, Height: h / rows}})
	}
	p.Unpublished = len(seen) > 9
	return p
}

// Grids returns the picture with each grid of equal tiles that has room for its streams.
func (p Picture) Grids(size Size) []Picture {
	out := []Picture{p}
	for columns := 1; columns <= len(p.Places); columns++ {
		for rows := 1; rows <= len(p.Places); rows++ {
			if columns*rows < len(p.Places) {
				continue
			}
			other := Picture{Grid: true, Places: slices.Clone(p.Places)}
			for i := range other.Places {
				other.Places[i].Rect = Rect{Width: float64(size.Width) / float64(columns), Height: float64(size.Height) / float64(rows)}
			}
			out = append(out, other)
		}
	}
	return out
}

// custom returns the example with the style sheet whose streams have the same classes, by priority. Classes that the sheet does not name
// make no difference.
func custom(ledger spec.Ledger, sheet string, seen []Stream, size Size) (Picture, bool) {
	for _, e := range ledger.Examples {
		if e.Layout.Stylesheet != sheet || !sizeOf(ledger, e, size) {
			continue
		}
		ordered := Order(streamsOf(e))
		if !slices.EqualFunc(ordered, seen, func(a, b Stream) bool { return slices.Equal(named(sheet, a), named(sheet, b)) }) {
			continue
		}
		p, places := Picture{}, placesOf(e)
		for i, s := range ordered {
			if at, ok := places.Of(s.ID); ok {
				at.Stream = seen[i].ID
				p.Places = append(p.Places, at)
			}
		}
		return p, true
	}
	return Picture{}, false
}

// named returns the classes of a stream by which a style sheet may select it.
func named(sheet string, s Stream) []string {
	return slices.DeleteFunc(slices.Clone(s.Classes), func(class string) bool {
		return !regexp.MustCompile(`(^|\D)\.` + regexp.QuoteMeta(class) + `([^\w-]|$)`).MatchString(sheet)
	})
}

func sizeOf(ledger spec.Ledger, e spec.Example, size Size) bool {
	if e.Size != "" {
		return e.Size == size.String()
	}
	resolution, _ := ledger.List("resolution")
	return resolution.Default == size.String()
}

// streamsOf returns the streams of an example, named by their numbers.
func streamsOf(e spec.Example) []Stream {
	var out []Stream
	for i, s := range e.Streams {
		out = append(out, Stream{ID: fmt.Sprint(i + 1), Client: s.Client, Screen: s.Screen, Classes: s.Classes})
	}
	return out
}

func placesOf(e spec.Example) Picture {
	var p Picture
	for i, at := range e.Places {
		if at != nil {
			p.Places = append(p.Places, Place{Stream: fmt.Sprint(i + 1), Cover: slices.Contains(e.Cover, i+1),
				Rect: Rect{float64(at[0]), float64(at[1]), float64(at[2]), float64(at[3])}})
		}
	}
	return p
}

// Stands returns where a picture with the aspect w to h is: in the middle of its place, as large as fits, or, with
// cover, as small as fills the place.
func (p Place) Stands(w, h int) Rect {
	scale := min(p.Rect.Width/float64(w), p.Rect.Height/float64(h))
	if p.Cover {
		scale = max(p.Rect.Width/float64(w), p.Rect.Height/float64(h))
	}
	sw, sh := scale*float64(w), scale*float64(h)
	return Rect{p.Rect.X + (p.Rect.Width-sw)/2, p.Rect.Y + (p.Rect.Height-sh)/2, sw, sh}
}
