package layout

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write testdata anew")

// goldens are the layouts whose rectangles are stored in testdata, each with stream 0 large.
var goldens = []struct {
	name  string
	spec  Spec
	class string
}{
	{"bestFit", Spec{Type: BestFit}, ""},
	{"pip", Spec{Type: PIP}, "full"},
	{"verticalPresentation", Spec{Type: VerticalPresentation}, "focus"},
	{"horizontalPresentation", Spec{Type: HorizontalPresentation}, "focus"},
	{"custom", Spec{Type: Custom, Stylesheet: `stream { float: left; width: 20%; height: 12.5%; margin: 2px 1% 0 0 }
		stream:first-child { width: 62.5%; height: 50% } stream:nth-child(5n) { clear: left; object-fit: cover }`}, ""},
}

// TestGoldenRectangles compares every layout with 1 to 16 streams in every resolution with the stored rectangles, and these with the twin.
func TestGoldenRectangles(t *testing.T) {
	const file = "testdata/rectangles.txt"
	var got bytes.Buffer
	for _, g := range goldens {
		l := mustNew(t, g.spec)
		for _, r := range resolutions {
			fmt.Fprintf(&got, "%s %dx%d\n", g.name, r[0], r[1])
			for n := 1; n <= MaxVideo; n++ {
				streams := named(n)
				if g.class != "" {
					streams[0].Classes = []string{g.class}
				}
				tiles := l.Arrange(streams, r[0], r[1])
				fmt.Fprintf(&got, "%2d", n)
				for _, tile := range tiles {
					fmt.Fprintf(&got, " %d,%d,%d,%d", tile.Rect.X, tile.Rect.Y, tile.Rect.W, tile.Rect.H)
				}
				fmt.Fprintln(&got)
				compare(t, fmt.Sprintf("%s %v %d streams", g.name, r, n), tiles, twin(g.name, n, float64(r[0]), float64(r[1])))
			}
		}
	}
	if *rewrite {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		a, b := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("line %d: got %q, want %q", i+1, a[i], b[i])
			}
		}
		t.Fatalf("%d lines, want %d", len(a), len(b))
	}
}

func compare(t *testing.T, what string, tiles []Tile, want [][4]float64) {
	t.Helper()
	if len(tiles) != len(want) {
		t.Fatalf("%s: %d tiles, the twin has %d", what, len(tiles), len(want))
	}
	for i, tile := range tiles {
		for k, v := range [4]int{tile.Rect.X, tile.Rect.Y, tile.Rect.W, tile.Rect.H} {
			// Browsers count in 1/64, then the result is rounded down to an even number.
			if d := want[i][k] - float64(v); d < -0.01 || d >= 2.1 {
				t.Errorf("%s, tile %d: %+v, the twin has %.1f", what, i, tile.Rect, want[i])
				break
			}
		}
	}
}

// twin computes rectangles in real numbers directly from the published percentages; for custom, from the style sheet above.
func twin(name string, n int, w, h float64) (list [][4]float64) {
	add := func(x, y, tw, th float64) { list = append(list, [4]float64{x, y, tw, th}) }
	switch name {
	case "bestFit":
		side := math.Ceil(math.Sqrt(float64(n)))
		rows := side
		if n == 2 {
			rows = 1
		}
		for i := range n {
			add(math.Mod(float64(i), side)/side*w, math.Floor(float64(i)/side)/rows*h, w/side, h/rows)
		}
	case "pip":
		add(0, 0, w, h)
		if n > 1 {
			add(w-0.1*w-0.2*w, 0.1*h, 0.2*w, 0.2*h)
		}
	case "verticalPresentation":
		add(0.2*w, 0, 0.8*w, h)
		slots := map[float64]float64{480: 5, 640: 8, 720: 5, 1280: 8, 1080: 7, 1920: 10}[h]
		for i := 1.0; i < float64(n) && i <= slots; i++ {
			add(0, (i-1)*h/slots, 0.2*w, h/slots)
		}
	case "horizontalPresentation":
		add(0, 0, w, 0.8*h)
		slots := map[float64]float64{640: 5, 1280: 5, 1920: 7, 480: 3, 720: 3, 1080: 3}[w]
		for i := 1.0; i < float64(n) && i <= slots; i++ {
			add((i-1)*w/slots, 0.8*h, w/slots, 0.2*h)
		}
	case "custom":
		return customTwin(n, w, h)
	}
	return list
}

// customTwin places the first stream on 5/8 of the width and half the height. One stream fits beside it, others below that one until its lower
// edge. Every fifth stream begins a new row below everything.
func customTwin(n int, w, h float64) (list [][4]float64) {
	type edge struct{ right, bottom float64 }
	var placed []edge // edges of margin boxes; each is as far left as possible, and no higher than the one before it
	top := 0.0
	for i := range n {
		tw, th := 0.2*w, 0.125*h
		if i == 0 {
			tw, th = 0.625*w, 0.5*h
		}
		y := top
		if (i+1)%5 == 0 {
			for _, p := range placed {
				y = max(y, p.bottom)
			}
		}
		for {
			x, next := 0.0, math.Inf(1)
			for k, p := range placed {
				if p.bottom > y+1e-6 && list[k][1]-2 <= y+1e-6 {
					x, next = max(x, p.right), min(next, p.bottom)
				}
			}
			if x+tw+0.01*w <= w+1e-6 || math.IsInf(next, 1) {
				list = append(list, [4]float64{x, y + 2, tw, th})
				placed = append(placed, edge{x + tw + 0.01*w, y + 2 + th})
				top = y
				break
			}
			y = next
		}
	}
	// Boxes below the picture are not seen.
	for len(list) > 0 && list[len(list)-1][1] >= h {
		list = list[:len(list)-1]
	}
	return list
}
