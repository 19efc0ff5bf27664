// Package layout decides where streams are in a composed picture. It is pure.
package layout

import (
	"cmp"
	"slices"
)

// MaxVideo is how many streams a composed picture shows at once.
const MaxVideo = 16

// Rect is a rectangle of the picture in pixels. All four numbers are even: chroma is subsampled by two.
type Rect struct{ X, Y, W, H int }

// Stream is what the place of a stream depends on.
type Stream struct {
	ID      string
	Screen  bool
	Classes []string
}

// Tile is a stream's place.
type Tile struct {
	Stream string
	Rect   Rect
}

// Prioritise orders streams, given in the order in which they were added, by who is shown first: streams with a layout class, then
// the others; in either tier screens first.
// Streams whose client also shares a screen or has a stream of the upper tier do not come forward yet.
func Prioritise(streams []Stream) []Stream {
	rank := func(s Stream) int {
		r := 0
		if len(s.Classes) == 0 {
			r += 2
		}
		if !s.Screen {
			r++
		}
		return r
	}
	ordered := slices.Clone(streams)
	slices.SortStableFunc(ordered, func(a, b Stream) int { return cmp.Compare(rank(a), rank(b)) })
	return ordered
}

// BestFit places the first MaxVideo of streams, given in the order in which they were added, on a grid that fills row
// by row. The published style sheet floats tiles to the left; the published picture of five streams centres the
// second row. This is the style sheet's reading.
func BestFit(streams []Stream, width, height int) []Tile {
	shown := Prioritise(streams)
	shown = shown[:min(len(shown), MaxVideo)]
	cols, rows := grid(len(shown))
	tiles := make([]Tile, 0, len(shown))
	for i, s := range shown {
		tiles = append(tiles, Tile{s.ID, Rect{
			X: even(i % cols * width / cols), W: even(width / cols),
			Y: even(i / cols * height / rows), H: even(height / rows),
		}})
	}
	return tiles
}

// grid is the published table: 1; 2 side by side; up to 4, 9, 16 in a square.
func grid(n int) (cols, rows int) {
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

// Contain is where a picture of the given size goes in tile, as large as fits, its aspect kept, in the middle.
func Contain(width, height int, tile Rect) Rect {
	if width <= 0 || height <= 0 {
		return tile
	}
	w, h := tile.W, tile.H
	if width*tile.H > height*tile.W { // wider than the tile
		h = max(2, even((tile.W*height+width/2)/width))
	} else {
		w = max(2, even((tile.H*width+height/2)/height))
	}
	return Rect{X: tile.X + even((tile.W-w)/2), Y: tile.Y + even((tile.H-h)/2), W: w, H: h}
}

func even(n int) int { return n &^ 1 }
