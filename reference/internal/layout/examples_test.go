package layout

import (
	"fmt"
	"slices"
	"testing"

	"reelcheck/spec"
)

// TestExamplesOfTheSpecification checks the examples that the specification works out.
func TestExamplesOfTheSpecification(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range ledger.Examples {
		l, err := New(Spec{Type: Type(e.Layout.Type), Stylesheet: e.Layout.Stylesheet, Screenshare: Type(e.Layout.ScreenshareType)})
		if err != nil {
			t.Errorf("%s: %v", e.Name, err)
			continue
		}
		var streams []Stream
		for i, s := range e.Streams {
			streams = append(streams, Stream{ID: fmt.Sprint(i + 1), Connection: s.Client, Screen: s.Screen, Classes: s.Classes})
		}
		width, height := 640, 480
		if e.Size != "" {
			if _, err := fmt.Sscanf(e.Size, "%dx%d", &width, &height); err != nil {
				t.Fatal(err)
			}
		}
		tiles := l.Arrange(streams, width, height)
		if e.Order != nil {
			var order []int
			for _, tile := range tiles {
				order = append(order, slices.IndexFunc(streams, func(s Stream) bool { return s.ID == tile.Stream })+1)
			}
			if !slices.Equal(order, e.Order) {
				t.Errorf("%s: order %v, want %v", e.Name, order, e.Order)
			}
			continue
		}
		for i, want := range e.Places {
			at := slices.IndexFunc(tiles, func(tile Tile) bool { return tile.Stream == streams[i].ID })
			if (at >= 0) != (want != nil) {
				t.Errorf("%s: stream %d: seen %v, want %v", e.Name, i+1, at >= 0, want)
				continue
			}
			if want == nil {
				continue
			}
			tile := tiles[at]
			for k, v := range [4]int{tile.Rect.X, tile.Rect.Y, tile.Rect.W, tile.Rect.H} {
				if d := want[k] - v; d < 0 || d > 2 { // rounded down to an even number
					t.Errorf("%s: stream %d: %+v, want %v", e.Name, i+1, tile.Rect, *want)
					break
				}
			}
			if tile.Cover != slices.Contains(e.Cover, i+1) {
				t.Errorf("%s: stream %d: cover %v", e.Name, i+1, tile.Cover)
			}
		}
	}
}
