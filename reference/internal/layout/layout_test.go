package layout

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
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

func mustNew(t testing.TB, s Spec) Layout {
	t.Helper()
	l, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func ids(tiles []Tile) string {
	var list []string
	for _, t := range tiles {
		list = append(list, t.Stream)
	}
	return strings.Join(list, " ")
}

func TestPrioritise(t *testing.T) {
	class := []string{"x"}
	for name, tt := range map[string]struct {
		streams []Stream
		want    string
	}{
		"time added":             {[]Stream{{ID: "a"}, {ID: "b"}}, "a b"},
		"screens first":          {[]Stream{{ID: "a"}, {ID: "b", Screen: true}}, "b a"},
		"class before screen":    {[]Stream{{ID: "a", Screen: true}, {ID: "b", Classes: class}}, "b a"},
		"screens in either tier": {[]Stream{{ID: "a"}, {ID: "b", Screen: true}, {ID: "c", Classes: class}, {ID: "d", Screen: true, Classes: class}}, "d c b a"},
		"camera of a screen sharer": {[]Stream{
			{ID: "a", Connection: "1"}, {ID: "b", Connection: "2"}, {ID: "c", Connection: "2", Screen: true},
		}, "c b a"},
		"camera with class of a screen sharer": {[]Stream{
			{ID: "a", Connection: "1", Classes: class}, {ID: "b", Connection: "2", Classes: class}, {ID: "c", Connection: "2", Screen: true},
		}, "b a c"},
		"other stream of a client with a class": {[]Stream{
			{ID: "a", Connection: "1"}, {ID: "b", Connection: "2"}, {ID: "c", Connection: "2", Classes: class},
		}, "c b a"},
		"screen sharer before client with a class": {[]Stream{
			{ID: "a", Connection: "1"}, {ID: "b", Connection: "1", Classes: class}, {ID: "c", Connection: "2"}, {ID: "d", Connection: "2", Screen: true},
		}, "b d c a"},
		"unknown clients are no client": {[]Stream{{ID: "a"}, {ID: "b"}, {ID: "c", Screen: true}}, "c a b"},
	} {
		before := fmt.Sprint(tt.streams)
		var got []string
		for _, s := range Prioritise(tt.streams) {
			got = append(got, s.ID)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %v, want %s", name, got, tt.want)
		}
		if fmt.Sprint(tt.streams) != before {
			t.Errorf("%s: the argument was changed", name)
		}
	}
}

// TestWhoIsSeen checks which streams are shown if there are more streams than places.
func TestWhoIsSeen(t *testing.T) {
	full := named(MaxVideo + 1)
	var l Layout
	if got := ids(l.Arrange(full, 640, 480)); strings.Contains(got, "16") {
		t.Errorf("17 streams: %s", got)
	}
	if got := ids(l.Arrange(full[1:], 640, 480)); !strings.HasSuffix(got, "15 16") {
		t.Errorf("after one left: %s: not promoted", got)
	}
	full[16].Classes = []string{"focus"}
	if got := ids(l.Arrange(full, 640, 480)); !strings.HasPrefix(got, "16 0 ") || strings.Contains(got, "15") {
		t.Errorf("after the last got a class: %s", got)
	}
}

func TestPresets(t *testing.T) {
	a, b, c := Stream{ID: "a"}, Stream{ID: "b"}, Stream{ID: "c"}
	of := func(s Stream, class string) Stream { s.Classes = []string{class}; return s }
	screen := func(s Stream) Stream { s.Screen = true; return s }
	for name, tt := range map[string]struct {
		spec    Spec
		streams []Stream
		want    string // in painting order
	}{
		"pip":                              {Spec{Type: PIP}, []Stream{a, of(b, "full"), c}, "b:0,0,640,480 a:448,48,128,96"},
		"pip without full":                 {Spec{Type: PIP}, []Stream{a, b}, "a:448,48,128,96"},
		"pip, two full":                    {Spec{Type: PIP}, []Stream{of(a, "full"), of(b, "full"), c}, "a:0,0,640,480 c:448,48,128,96"},
		"vertical":                         {Spec{Type: VerticalPresentation}, []Stream{a, of(b, "focus"), c}, "b:128,0,512,480 a:0,0,128,96 c:0,96,128,96"},
		"vertical without focus":           {Spec{Type: VerticalPresentation}, []Stream{a, b}, "a:0,0,128,96 b:0,96,128,96"},
		"vertical, two focus":              {Spec{Type: VerticalPresentation}, []Stream{a, of(b, "focus"), of(c, "focus")}, "b:128,0,512,480 c:0,0,128,96 a:0,96,128,96"},
		"horizontal":                       {Spec{Type: HorizontalPresentation}, []Stream{a, of(b, "focus"), c}, "b:0,0,640,384 a:0,384,128,96 c:128,384,128,96"},
		"classes mean nothing to bestFit":  {Spec{Type: BestFit}, []Stream{of(a, "full"), b}, "a:0,0,320,480 b:320,0,320,480"},
		"no screen, screenshare pip":       {Spec{Type: BestFit, Screenshare: PIP}, []Stream{a, b}, "a:0,0,320,480 b:320,0,320,480"},
		"screen, no screenshareType":       {Spec{Type: BestFit}, []Stream{a, screen(b)}, "b:0,0,320,480 a:320,0,320,480"},
		"screenshare bestFit":              {Spec{Type: BestFit, Screenshare: BestFit}, []Stream{a, screen(b), c}, "b:0,0,640,480"},
		"screenshare pip":                  {Spec{Type: BestFit, Screenshare: PIP}, []Stream{a, screen(b), c}, "b:0,0,640,480 a:448,48,128,96"},
		"screenshare pip, full another":    {Spec{Type: BestFit, Screenshare: PIP}, []Stream{a, screen(b), of(c, "full")}, "b:0,0,640,480 c:448,48,128,96"},
		"screenshare vertical, focus else": {Spec{Type: BestFit, Screenshare: VerticalPresentation}, []Stream{a, screen(b), of(c, "focus")}, "b:128,0,512,480 c:0,0,128,96 a:0,96,128,96"},
		"screenshare horizontal":           {Spec{Type: BestFit, Screenshare: HorizontalPresentation}, []Stream{a, screen(b)}, "b:0,0,640,384 a:0,384,128,96"},
		"nobody":                           {Spec{Type: PIP}, nil, ""},
	} {
		var got []string
		for _, tile := range mustNew(t, tt.spec).Arrange(tt.streams, 640, 480) {
			got = append(got, fmt.Sprintf("%s:%d,%d,%d,%d", tile.Stream, tile.Rect.X, tile.Rect.Y, tile.Rect.W, tile.Rect.H))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %v, want %s", name, got, tt.want)
		}
	}
}

func TestRefusedSpecs(t *testing.T) {
	for _, tt := range []struct {
		spec   Spec
		member string
		says   string
	}{
		{Spec{}, "type", "required"},
		{Spec{Type: "grid"}, "type", "bestFit, pip, verticalPresentation, horizontalPresentation, custom"},
		{Spec{Type: Custom}, "stylesheet", "required"},
		{Spec{Type: PIP, Stylesheet: "stream{}"}, "stylesheet", "only"},
		{Spec{Type: BestFit, Screenshare: Custom}, "screenshareType", "one of bestFit, pip, verticalPresentation, horizontalPresentation, got"},
		{Spec{Type: PIP, Screenshare: PIP}, "screenshareType", "only"},
		{Spec{Type: Custom, Stylesheet: "stream{color:red}"}, "stylesheet", "color:red"},
	} {
		_, err := New(tt.spec)
		var e *Error
		if !errors.As(err, &e) || e.Member != tt.member || !strings.Contains(e.Problem, tt.says) {
			t.Errorf("%+v: %v, want %s ... %s", tt.spec, err, tt.member, tt.says)
		}
	}
}

func TestWhole(t *testing.T) {
	for _, tt := range []struct {
		w, h  int
		tile  Rect
		cover bool
		want  Rect
	}{
		{640, 480, Rect{0, 0, 640, 480}, false, Rect{0, 0, 640, 480}},
		{640, 480, Rect{320, 0, 320, 480}, false, Rect{320, 120, 320, 240}},
		{1280, 720, Rect{0, 0, 640, 480}, false, Rect{0, 60, 640, 360}},
		{480, 640, Rect{0, 0, 640, 480}, false, Rect{140, 0, 360, 480}},
		{0, 0, Rect{0, 0, 640, 480}, false, Rect{0, 0, 640, 480}},
		{640, 480, Rect{0, 0, 640, 480}, true, Rect{0, 0, 640, 480}},
		{640, 480, Rect{320, 0, 320, 480}, true, Rect{160, 0, 640, 480}},
		{480, 640, Rect{0, 0, 640, 480}, true, Rect{0, -186, 640, 852}},
	} {
		if got := (Tile{Rect: tt.tile, Cover: tt.cover}).Whole(tt.w, tt.h); got != tt.want {
			t.Errorf("%dx%d in %+v, cover %v: %+v, want %+v", tt.w, tt.h, tt.tile, tt.cover, got, tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 16383).Draw(t, "w"), rapid.IntRange(1, 16383).Draw(t, "h")
		tile := Rect{W: 2 * rapid.IntRange(20, 960).Draw(t, "tw"), H: 2 * rapid.IntRange(20, 960).Draw(t, "th")}
		r := Tile{Rect: tile}.Whole(w, h)
		if r.Intersect(tile) != r || r.W < 2 || r.H < 2 || (r.X|r.Y|r.W|r.H)&1 != 0 {
			t.Fatalf("%dx%d in %+v: %+v", w, h, tile, r)
		}
		if r.W < tile.W-1 && r.H < tile.H-1 {
			t.Fatalf("%dx%d in %+v: %+v touches no side", w, h, tile, r)
		}
		c := Tile{Rect: tile, Cover: true}.Whole(w, h)
		if c.Intersect(tile) != tile || (c.X|c.Y|c.W|c.H)&1 != 0 || c.W > tile.W && c.H > tile.H {
			t.Fatalf("%dx%d covers %+v with %+v", w, h, tile, c)
		}
	})
}

// TestArrangementsHold draws random streams and layouts and checks what must be true for every arrangement.
func TestArrangementsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var streams []Stream
		for i := range rapid.IntRange(0, 20).Draw(t, "streams") {
			streams = append(streams, Stream{
				ID: fmt.Sprint(i), Connection: rapid.SampledFrom([]string{"", "1", "2", "3"}).Draw(t, "connection"),
				Screen:  rapid.Bool().Draw(t, "screen"),
				Classes: rapid.SliceOfN(rapid.SampledFrom([]string{"full", "focus", "x"}), 0, 2).Draw(t, "classes"),
			})
		}
		spec := Spec{Type: rapid.SampledFrom(presets).Draw(t, "type")}
		if spec.Type == BestFit {
			spec.Screenshare = rapid.SampledFrom(append([]Type{""}, presets...)).Draw(t, "screenshare")
		}
		l, err := New(spec)
		if err != nil {
			t.Fatal(err)
		}
		r := rapid.SampledFrom(resolutions).Draw(t, "resolution")
		tiles := l.Arrange(streams, r[0], r[1])
		pip := spec.Type == PIP || spec.Screenshare == PIP
		for i, a := range tiles {
			if (a.Rect.X|a.Rect.Y|a.Rect.W|a.Rect.H)&1 != 0 || a.Rect.Intersect(Rect{W: r[0], H: r[1]}) != a.Rect || a.Rect.W == 0 || a.Cover {
				t.Fatalf("%+v in %v", a, r)
			}
			for _, b := range tiles[:i] {
				if a.Stream == b.Stream || !pip && a.Rect.Intersect(b.Rect).W > 0 {
					t.Fatalf("%+v and %+v", a, b)
				}
			}
		}
		if len(streams) > 0 && len(tiles) == 0 && !slices.ContainsFunc(streams, func(s Stream) bool { return len(s.Classes) > 0 }) {
			t.Fatal("nobody is seen")
		}
	})
}

// TestJSON checks that a layout is its spec in JSON, and that an invalid spec is refused.
func TestJSON(t *testing.T) {
	for _, text := range []string{`{"type":""}`, `{"type":"bestFit","screenshareType":"pip"}`, `{"type":"custom","stylesheet":"stream{left:0}"}`} {
		var l Layout
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(l); err != nil || string(got) != text {
			t.Errorf("got %s, %v, want %s", got, err, text)
		}
	}
	var l Layout
	if err := json.Unmarshal([]byte(`{"type":"custom","stylesheet":"b{left:0}"}`), &l); err == nil || !strings.Contains(err.Error(), "selector") {
		t.Errorf("a bad style sheet: %v", err)
	}
}
