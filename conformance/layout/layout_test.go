package layout

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"reelcheck/spec"
)

func ledger(t *testing.T) spec.Ledger {
	t.Helper()
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestExamplesOfTheSpecification checks that the examples of the specification come out. Those of style sheets are only
// looked up.
func TestExamplesOfTheSpecification(t *testing.T) {
	l := ledger(t)
	for _, e := range l.Examples {
		size := Size{640, 480}
		if e.Size != "" {
			if _, err := fmt.Sscanf(e.Size, "%dx%d", &size.Width, &size.Height); err != nil {
				t.Fatal(err)
			}
		}
		got, ok := Arrange(l, e.Layout, streamsOf(e), size)
		if !ok {
			t.Errorf("%s: cannot be arranged", e.Name)
			continue
		}
		if e.Order != nil {
			var order []int
			for _, p := range got.Places {
				order = append(order, slices.IndexFunc(streamsOf(e), func(s Stream) bool { return s.ID == p.Stream })+1)
			}
			if !got.Grid || !slices.Equal(order, e.Order) {
				t.Errorf("%s: order %v, want %v", e.Name, order, e.Order)
			}
			continue
		}
		want := placesOf(e)
		if len(got.Places) != len(want.Places) || got.Grid {
			t.Errorf("%s: %+v, want %+v", e.Name, got, want)
		}
		for _, w := range want.Places {
			if at, _ := got.Of(w.Stream); apart(at.Rect, w.Rect) > 1 || at.Cover != w.Cover {
				t.Errorf("%s: %+v, want %+v", e.Name, at, w)
			}
		}
	}
}

func apart(a, b Rect) float64 {
	return max(math.Abs(a.X-b.X), math.Abs(a.Y-b.Y), math.Abs(a.Width-b.Width), math.Abs(a.Height-b.Height))
}

func TestUnknownStyleSheetsAreNotGuessed(t *testing.T) {
	l := ledger(t)
	if p, ok := Arrange(l, spec.Layout{Type: "custom", Stylesheet: "stream{float:left}"}, nil, Size{640, 480}); ok {
		t.Errorf("%+v", p)
	}
	known := l.Examples[slices.IndexFunc(l.Examples, func(e spec.Example) bool { return e.Layout.Type == "custom" })].Layout
	if p, ok := Arrange(l, known, []Stream{{ID: "a"}}, Size{640, 480}); ok {
		t.Errorf("other streams than in the example: %+v", p)
	}
	if p, ok := Arrange(l, known, nil, Size{1280, 720}); ok {
		t.Errorf("another size than in the example: %+v", p)
	}
}

// TestClassesThatASheetDoesNotName checks that a style sheet without rules for classes arranges streams of any class.
func TestClassesThatASheetDoesNotName(t *testing.T) {
	l := ledger(t)
	arranged := func(name, class string) bool {
		e := l.Examples[slices.IndexFunc(l.Examples, func(e spec.Example) bool { return e.Name == name })]
		streams := streamsOf(e)
		streams[0].Classes = []string{class}
		_, ok := Arrange(l, e.Layout, streams, Size{640, 480})
		return ok
	}
	if !arranged("one stream in a part of the picture", "focus") {
		t.Error("a class that the sheet does not name")
	}
	if arranged("rows by clear, one above a margin, one moved to the right, one counted from the last, one in a corner", "other") {
		t.Error("another class in place of one that the sheet names")
	}
	if got := named("stream.focus:first-child{width:50.5%}", Stream{Classes: []string{"foc", "focus", "5"}}); !slices.Equal(got, []string{"focus"}) {
		t.Errorf("the sheet names %v, want focus", got)
	}
}

func TestTheSeventeenthIsNotSeen(t *testing.T) {
	var streams []Stream
	most := Most(ledger(t))
	for i := range most + 1 {
		streams = append(streams, Stream{ID: fmt.Sprint(i)})
	}
	p, _ := Arrange(ledger(t), spec.Layout{Type: "bestFit"}, streams, Size{640, 480})
	if _, seen := p.Of("16"); seen || len(p.Places) != most || p.Places[0].Rect.Width != 160 {
		t.Errorf("%+v", p)
	}
	streams[16].Classes = []string{"any"}
	p, _ = Arrange(ledger(t), spec.Layout{Type: "bestFit"}, streams, Size{640, 480})
	if _, seen := p.Of("15"); seen || p.Places[0].Stream != "16" {
		t.Errorf("%+v", p)
	}
}

func TestStands(t *testing.T) {
	wide := Place{Rect: Rect{320, 0, 320, 480}}
	if got := wide.Stands(640, 480); got != (Rect{320, 120, 320, 240}) {
		t.Errorf("contained: %+v", got)
	}
	wide.Cover = true
	if got := wide.Stands(640, 480); got != (Rect{160, 0, 640, 480}) {
		t.Errorf("covering: %+v", got)
	}
}

func TestWhatNoSourceSays(t *testing.T) {
	l, size := ledger(t), Size{640, 480}
	streams := func(n int, classes ...string) (out []Stream) {
		for i := range n {
			out = append(out, Stream{ID: fmt.Sprint(i), Classes: classes})
		}
		return out
	}
	for _, tc := range []struct {
		kind                string
		streams             []Stream
		vacant, unpublished bool
	}{
		{"pip", streams(2), true, false}, {"pip", streams(2, "full"), false, false}, {"verticalPresentation", streams(3, "full"), true, false},
		{"horizontalPresentation", streams(1, "focus"), false, false}, {"pip", nil, false, false}, {"bestFit", streams(9), false, false}, {"bestFit", streams(10), false, true},
	} {
		p, ok := Arrange(l, spec.Layout{Type: tc.kind}, tc.streams, size)
		if !ok || p.Vacant != tc.vacant || p.Unpublished != tc.unpublished {
			t.Errorf("%s of %d: vacant %v, unpublished %v", tc.kind, len(tc.streams), p.Vacant, p.Unpublished)
		}
	}
	p, _ := Arrange(l, spec.Layout{Type: "bestFit"}, streams(16), size)
	tiles := map[Rect]bool{}
	for _, grid := range p.Grids(size) {
		tiles[grid.Places[15].Rect] = true
	}
	if !tiles[Rect{Width: 160, Height: 120}] || !tiles[Rect{Width: 128, Height: 120}] || tiles[Rect{Width: 160, Height: 160}] {
		t.Error("sixteen streams need 4x4 or more, and 5x4 is one of them")
	}
}
