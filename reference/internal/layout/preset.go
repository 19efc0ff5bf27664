package layout

import "slices"

// prominent is the class of the stream that a layout makes large.
var prominent = map[Type]string{PIP: "full", VerticalPresentation: "focus", HorizontalPresentation: "focus"}

// firstOf returns the id of the first stream with a class, "" if there is none. The place of the large stream then stays black (ARC-LAY-18).
func firstOf(ordered []Stream, class string) string {
	for _, s := range ordered {
		if class != "" && slices.Contains(s.Classes, class) {
			return s.ID
		}
	}
	return ""
}

// picture is the size of the composed picture in pixels.
type picture struct{ width, height int }

// share returns a rectangle given in parts: x and w are multiples of the width divided by ofWidth, y and h of the height divided by ofHeight.
func (p picture) share(x, y, w, h, ofWidth, ofHeight int) Rect {
	return Rect{even(x * p.width / ofWidth), even(y * p.height / ofHeight), even(w * p.width / ofWidth), even(h * p.height / ofHeight)}
}

// grid fills tiles of equal size, row by row. The published style sheet floats them to the left, but the published picture of five streams
// centres the second row. This follows the style sheet (ARC-LAY-01).
func (p picture) grid(ordered []Stream) []Tile {
	cols, rows := gridOf(len(ordered))
	tiles := make([]Tile, 0, len(ordered))
	for i, s := range ordered {
		tiles = append(tiles, Tile{Stream: s.ID, Rect: p.share(i%cols, i/cols, 1, 1, cols, rows)})
	}
	return tiles
}

// gridOf returns the published number of columns and rows: 1; 2 side by side; up to 4 and 9 in a square. The grid of more streams is
// not published; it has four columns and four rows here (ARC-LAY-19).
func gridOf(n int) (cols, rows int) {
	switch {
	case n <= 1:
		return 1, 1
	case n == 2:
		return 2, 1
	case n <= 4:
		return 2, 2
	case n <= 9:
		return 3, 3
	default:
		return 4, 4
	}
}

// pip shows two streams: the large one everywhere, and on top of it the first one without the class, 10 % from the upper right corner
// (ARC-LAY-07).
func (p picture) pip(ordered []Stream, large string) []Tile {
	var tiles []Tile
	if large != "" {
		tiles = append(tiles, Tile{Stream: large, Rect: p.share(0, 0, 1, 1, 1, 1)})
	}
	for _, s := range ordered {
		if s.ID != large && !slices.Contains(s.Classes, prominent[PIP]) {
			return append(tiles, Tile{Stream: s.ID, Rect: p.share(7, 1, 2, 2, 10, 10)})
		}
	}
	return tiles
}

// vertical shows the large stream at the right and the others at the left edge, from top to bottom (ARC-LAY-08). They have equal shares of it in
// every size (ARC-LAY-17).
func (p picture) vertical(ordered []Stream, large string) []Tile {
	slots := 5
	switch {
	case p.width < p.height && p.height >= fullHD:
		slots = 10 // ARC-LAY-08
	case p.width < p.height:
		slots = 8
	case p.width >= fullHD:
		slots = 7
	}
	return present(ordered, large, p.share(1, 0, 4, 1, 5, 1), slots, func(i int) Rect { return p.share(0, i, 1, 1, 5, slots) })
}

// horizontal shows the large stream at the top and the others at the lower edge, from left to right (ARC-LAY-08). They have equal
// shares of it in every size (ARC-LAY-17).
func (p picture) horizontal(ordered []Stream, large string) []Tile {
	slots := 5
	switch {
	case p.width < p.height:
		slots = 3
	case p.width >= fullHD:
		slots = 7
	}
	strip := p.share(0, 4, 1, 1, 1, 5)
	return present(ordered, large, p.share(0, 0, 1, 4, 1, 5), slots, func(i int) Rect {
		r := p.share(i, 0, 1, 1, slots, 5)
		r.Y = strip.Y
		return r
	})
}

// fullHD is the length in pixels of the longer side from which presentations have more slots.
const fullHD = 1920

// present places the large stream, and the others in slots as far as they suffice. A second stream with the class gets a slot like any other.
func present(ordered []Stream, large string, place Rect, slots int, slot func(int) Rect) []Tile {
	var tiles []Tile
	if large != "" {
		tiles = append(tiles, Tile{Stream: large, Rect: place})
	}
	used := 0
	for _, s := range ordered {
		if s.ID != large && used < slots {
			tiles = append(tiles, Tile{Stream: s.ID, Rect: slot(used)})
			used++
		}
	}
	return tiles
}
