package layout

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var resolutions = [][2]int{{640, 480}, {480, 640}, {1280, 720}, {720, 1280}, {1920, 1080}, {1080, 1920}}

func named(n int) []Stream {
	var list []Stream
	for i := range n {
		list = append(list, Stream{ID: fmt.Sprint(i)})
	}
	return list
}

// naive reads the published percentages literally, in real numbers.
func naive(i, n int, width, height float64) (x, y, w, h float64) {
	share := []float64{0, 1, 0.5, 0.5, 0.5, 1. / 3, 1. / 3, 1. / 3, 1. / 3, 1. / 3, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25}[n]
	w, h = share*width, share*height
	if n == 2 {
		h = height
	}
	for range i { // float: left
		if x += w; x+w > width+0.001 {
			x, y = 0, y+h
		}
	}
	return x, y, w, h
}

func TestBestFit(t *testing.T) {
	for _, r := range resolutions {
		for n := 0; n <= 20; n++ {
			tiles := BestFit(named(n), r[0], r[1])
			if len(tiles) != min(n, MaxVideo) {
				t.Fatalf("%d streams: %d tiles", n, len(tiles))
			}
			for i, tile := range tiles {
				x, y, w, h := naive(i, len(tiles), float64(r[0]), float64(r[1]))
				for _, v := range [][2]float64{{float64(tile.Rect.X), x}, {float64(tile.Rect.Y), y}, {float64(tile.Rect.W), w}, {float64(tile.Rect.H), h}} {
					if v[0] > v[1]+0.01 || math.Abs(v[0]-v[1]) >= 2 {
						t.Errorf("%v, stream %d of %d: %+v, want about %.1f,%.1f %.1fx%.1f", r, i, len(tiles), tile.Rect, x, y, w, h)
					}
				}
				check(t, tile.Rect, tiles[0].Rect, r)
				if tile.Stream != fmt.Sprint(i) {
					t.Errorf("place %d shows stream %s", i, tile.Stream)
				}
			}
		}
	}
}

func check(t *testing.T, r, first Rect, canvas [2]int) {
	t.Helper()
	if (r.X|r.Y|r.W|r.H)&1 != 0 {
		t.Errorf("%+v has odd numbers", r)
	}
	if r.W != first.W || r.H != first.H {
		t.Errorf("%+v and %+v differ in size", r, first)
	}
	if r.X < 0 || r.Y < 0 || r.X+r.W > canvas[0] || r.Y+r.H > canvas[1] {
		t.Errorf("%+v leaves the picture", r)
	}
}

func TestGoldenGrid(t *testing.T) {
	want := []Tile{
		{"0", Rect{0, 0, 212, 160}}, {"1", Rect{212, 0, 212, 160}}, {"2", Rect{426, 0, 212, 160}},
		{"3", Rect{0, 160, 212, 160}}, {"4", Rect{212, 160, 212, 160}},
	}
	if got := BestFit(named(5), 640, 480); !slices.Equal(got, want) {
		t.Errorf("five streams: %v, want %v", got, want)
	}
}

func TestPrioritise(t *testing.T) {
	list := []Stream{{ID: "a"}, {ID: "b", Screen: true}, {ID: "c", Classes: []string{"x"}}, {ID: "d", Screen: true, Classes: []string{"x"}}, {ID: "e"}}
	var got []string
	for _, s := range Prioritise(list) {
		got = append(got, s.ID)
	}
	if want := []string{"d", "c", "b", "a", "e"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	full := named(MaxVideo + 1)
	if tiles := BestFit(full, 640, 480); tiles[15].Stream != "15" {
		t.Errorf("last tile shows %s", tiles[15].Stream)
	}
	if tiles := BestFit(full[1:], 640, 480); tiles[15].Stream != "16" {
		t.Errorf("after one left, last tile shows %s: not promoted", tiles[15].Stream)
	}
}

func TestContain(t *testing.T) {
	for _, tt := range []struct {
		w, h int
		tile Rect
		want Rect
	}{
		{640, 480, Rect{0, 0, 640, 480}, Rect{0, 0, 640, 480}},
		{640, 480, Rect{320, 0, 320, 480}, Rect{320, 120, 320, 240}},
		{1280, 720, Rect{0, 0, 640, 480}, Rect{0, 60, 640, 360}},
		{480, 640, Rect{0, 0, 640, 480}, Rect{140, 0, 360, 480}},
		{0, 0, Rect{0, 0, 640, 480}, Rect{0, 0, 640, 480}},
	} {
		if got := Contain(tt.w, tt.h, tt.tile); got != tt.want {
			t.Errorf("%dx%d in %+v: %+v, want %+v", tt.w, tt.h, tt.tile, got, tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 16383).Draw(t, "w"), rapid.IntRange(1, 16383).Draw(t, "h")
		tile := Rect{W: 2 * rapid.IntRange(20, 960).Draw(t, "tw"), H: 2 * rapid.IntRange(20, 960).Draw(t, "th")}
		r := Contain(w, h, tile)
		if r.X < 0 || r.Y < 0 || r.W < 2 || r.H < 2 || r.X+r.W > tile.W || r.Y+r.H > tile.H || (r.X|r.Y|r.W|r.H)&1 != 0 {
			t.Fatalf("%dx%d in %+v: %+v", w, h, tile, r)
		}
		if r.W < tile.W-1 && r.H < tile.H-1 {
			t.Fatalf("%dx%d in %+v: %+v touches no side", w, h, tile, r)
		}
	})
}
