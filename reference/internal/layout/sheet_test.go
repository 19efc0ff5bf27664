package layout

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// place calls Arrange with a style sheet in 640x480 and returns the result as text, in painting order.
func place(t *testing.T, sheet string, streams []Stream) string {
	t.Helper()
	var list []string
	for _, tile := range mustNew(t, Spec{Type: Custom, Stylesheet: sheet}).Arrange(streams, 640, 480) {
		list = append(list, fmt.Sprintf("%s:%d,%d,%d,%d", tile.Stream, tile.Rect.X, tile.Rect.Y, tile.Rect.W, tile.Rect.H))
	}
	return strings.Join(list, " ")
}

// TestPublishedStyleSheets uses the style sheets that describe the presets. In a picture of 4:3 they give the same tiles as the presets.
func TestPublishedStyleSheets(t *testing.T) {
	for _, tt := range []struct {
		preset Type
		most   int // with more streams, the two differ
		sheet  func(n int) string
	}{
		{BestFit, 9, func(n int) string {
			size := [...]string{"", "100%; height: 100%", "50%; height: 100%", "50%; height: 50%", "50%; height: 50%"}
			if n < len(size) {
				return "stream { float: left; width: " + size[n] + " }"
			}
			return "stream { float: left; width: 33.33%; height: 33.33% }"
		}},
		{PIP, 2, func(int) string {
			return `stream { position: absolute; right: 10%; top: 10%; width: 20%; height: 20%; z-index: 200 }
				stream.full { display: block; top: 0; left: 0; width: 100%; height: 100%; z-index: 100 }`
		}},
		{HorizontalPresentation, 6, func(int) string {
			return `stream { float: left; margin-top: 60%; width: 20%; height: 20% }
				stream.focus { position: absolute; top: 0; left: 0; margin: 0px; width: 100%; height: 80% }`
		}},
		{VerticalPresentation, 6, func(int) string {
			return `stream { float: left; clear: left; width: 20%; height: 20% }
				stream.focus { position: absolute; top: 0; left: 20%; width: 80%; height: 100% }`
		}},
	} {
		for n := 1; n <= tt.most; n++ {
			streams := named(n)
			streams[0].Classes = []string{"full", "focus"}
			preset := mustNew(t, Spec{Type: tt.preset}).Arrange(streams, 640, 480)
			byID := func(a, b Tile) int { return strings.Compare(a.Stream, b.Stream) }
			sheet := mustNew(t, Spec{Type: Custom, Stylesheet: tt.sheet(n)}).Arrange(streams, 640, 480)
			slices.SortFunc(sheet, byID)
			slices.SortFunc(preset, byID)
			// 33.33 % of 480 is less than 160, and is rounded to 158.
			same := func(a, b Tile) bool {
				d := max(b.Rect.X-a.Rect.X, b.Rect.Y-a.Rect.Y, b.Rect.W-a.Rect.W, b.Rect.H-a.Rect.H)
				return a.Stream == b.Stream && (d == 0 || d == 2 && n >= 5 && tt.preset == BestFit)
			}
			if !slices.EqualFunc(sheet, preset, same) {
				t.Errorf("%s with %d streams: %v, want %v", tt.preset, n, sheet, preset)
			}
		}
	}
}

func TestBoxes(t *testing.T) {
	const size = "stream{width:100px;height:50px}"
	for name, tt := range map[string]struct {
		sheet   string
		streams int
		want    string
	}{
		"no rule":                   {"stream.x{width:100px;height:50px}", 2, ""},
		"blocks":                    {size, 2, "0:0,0,100,50 1:0,50,100,50"},
		"block fills":               {"stream{height:10%;margin:0 10px}", 1, "0:10,0,620,48"},
		"margins collapse":          {size + "stream{margin:10px 0 30px}", 3, "0:0,10,100,50 1:0,90,100,50 2:0,170,100,50"},
		"negative margin":           {size + "stream + stream{margin-top:-20px}", 2, "0:0,0,100,50 1:0,30,100,50"},
		"margin percent of width":   {size + "stream{margin-top:10%}", 1, "0:0,64,100,50"},
		"floats wrap":               {size + "stream{float:left;width:40%}", 3, "0:0,0,256,50 1:256,0,256,50 2:0,50,256,50"},
		"float right":               {size + "stream{float:right}", 2, "0:540,0,100,50 1:440,0,100,50"},
		"both sides":                {size + "stream{float:left}stream:nth-child(2){float:right;height:80px}stream:nth-child(n+3){width:560px}", 3, "0:0,0,100,50 1:540,0,100,80 2:0,80,560,50"},
		"a float is no higher":      {size + "stream{float:left;width:400px}stream:last-child{width:100px}", 3, "0:0,0,400,50 1:0,50,400,50 2:400,50,100,50"},
		"clear":                     {size + "stream{float:left}stream:nth-child(2){clear:both}", 2, "0:0,0,100,50 1:0,50,100,50"},
		"block clears":              {size + "stream:first-child{float:left}stream:last-child{clear:left}", 2, "1:0,50,100,50 0:0,0,100,50"},
		"block behind float":        {size + "stream:first-child{float:left}", 2, "1:0,0,100,50 0:0,0,100,50"},
		"overflow beside float":     {size + "stream:first-child{float:left}stream:last-child{overflow:hidden}", 2, "1:100,0,100,50 0:0,0,100,50"},
		"lines":                     {size + "stream{display:inline-block;width:40%}", 3, "0:0,0,256,50 1:256,0,256,50 2:0,50,256,50"},
		"lines stand on their edge": {size + "stream{display:inline}stream:last-child{height:80px}", 2, "0:0,30,100,50 1:100,0,100,80"},
		"block after line":          {size + "stream:first-child{display:inline-block}", 2, "1:0,50,100,50 0:0,0,100,50"},
		"absolute":                  {size + "stream{position:absolute;right:10px;bottom:10%}", 1, "0:530,382,100,50"},
		"absolute fills":            {"stream{position:absolute;left:10%;right:64px;top:10px;bottom:20px}", 1, "0:64,10,512,450"},
		"absolute where it was":     {size + "stream:last-child{position:absolute}", 2, "0:0,0,100,50 1:0,50,100,50"},
		"left wins":                 {size + "stream{position:absolute;left:20px;right:10px;top:2px;bottom:0}", 1, "0:20,2,100,50"},
		"relative":                  {size + "stream:first-child{position:relative;left:5%;top:-10px}", 2, "1:0,50,100,50 0:32,-10,100,50"},
		"relative from right":       {size + "stream{position:relative;right:10px;bottom:10px}", 1, "0:-10,-10,100,50"},
		"z-index":                   {size + "stream{position:absolute}stream:first-child{z-index:2}stream:nth-child(2){z-index:1}", 3, "2:0,0,100,50 1:0,0,100,50 0:0,0,100,50"},
		"z-index needs a position":  {size + "stream{float:left}stream:first-child{z-index:9}", 2, "0:0,0,100,50 1:100,0,100,50"},
		"minimum beats maximum":     {size + "stream{max-width:50px;min-width:80px;max-height:10%}", 1, "0:0,0,80,48"},
		"one pixel hides":           {size + "stream:first-child{width:1px}", 2, "1:0,50,100,50"},
		"outside is not seen":       {size + "stream{position:absolute;left:100%}", 1, ""},
		"partly outside":            {size + "stream{position:absolute;left:600px}", 1, "0:600,0,100,50"},
		"over and beyond":           {"stream{position:absolute;left:-10000%;width:20100%;height:50px}", 1, "0:-64000,0,128640,50"},
		"wider than numbers":        {"stream{height:50px;width:1e300px}", 1, "0:0,0,33554432,50"},
		"rounded down":              {"stream{float:left;width:33.33%;height:33.3%}", 4, "0:0,0,212,158 1:212,0,212,158 2:426,0,212,158 3:0,158,212,158"},
	} {
		if got := place(t, tt.sheet, named(tt.streams)); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

func TestObjectFit(t *testing.T) {
	l := mustNew(t, Spec{Type: Custom, Stylesheet: "stream{height:50px;object-fit:cover}stream:last-child{object-fit:contain}"})
	if tiles := l.Arrange(named(2), 640, 480); !tiles[0].Cover || tiles[1].Cover {
		t.Errorf("%+v", tiles)
	}
}

// TestSelectors lists which streams are selected. The streams and their classes are a: x, b: x y, c: z, d: y.
func TestSelectors(t *testing.T) {
	streams := []Stream{{ID: "a", Classes: []string{"x"}}, {ID: "b", Classes: []string{"x", "y"}}, {ID: "c", Classes: []string{"z"}}, {ID: "d", Classes: []string{"y"}}}
	for selector, want := range map[string]string{
		"stream": "a b c d", "STREAM": "a b c d", ".x": "a b", "stream.y": "b d", ".x.y": "b", ".X": "",
		":first-child": "a", "stream:last-child": "d", ".y:last-child": "d", ":nth-child(2)": "b",
		":nth-child(odd)": "a c", ":nth-child( EVEN )": "b d", ":nth-child(2n+1)": "a c", ":nth-child(-n + 2)": "a b", ":nth-child(n)": "a b c d",
		":nth-child(n+3)": "c d", ":nth-child(3n-1)": "b", ":nth-child(0)": "", ":nth-child(-2n)": "",
		":nth-last-child(1)": "d", ":nth-last-child(n+3)": "a b", ":NTH-LAST-CHILD(2)": "c",
		".x + stream": "b c", ".x+.y": "b", ".x ~ .y": "b d", "stream + stream + stream": "c d", ".x ~ stream + .y": "d",
		":first-child:nth-last-child(4) ~ stream": "b c d", ":first-child:nth-last-child(3) ~ stream": "",
		".x, .y": "a b d", "/* c */ .x /* c */ + /* c */ .y": "b",
	} {
		got := place(t, selector+"{position:absolute;width:10px;height:10px}", streams)
		var names []string
		for _, field := range strings.Fields(got) {
			names = append(names, field[:1])
		}
		if strings.Join(names, " ") != want {
			t.Errorf("%s selects %v, want %s", selector, names, want)
		}
	}
}

func TestCascade(t *testing.T) {
	one := []Stream{{ID: "a", Classes: []string{"x", "y"}}}
	for sheet, want := range map[string]string{
		"stream{width:10px}stream{width:20px}":             "20",
		"stream{width:10px;width:20px}":                    "20",
		".x{width:10px}stream{width:20px}":                 "10",
		"stream.x{width:10px}.x{width:20px}":               "10",
		".x.y{width:10px}stream.x{width:20px}":             "10",
		"stream:first-child{width:10px}stream{width:20px}": "10",
		".x{width:10px}.y{width:20px}":                     "20",
		"stream,.x.y{width:10px}.x{width:20px}":            "10",
		"stream{width:10px}.none,stream{width:20px}":       "20",
		"stream{WIDTH:10PX}":                               "10",
		".x{margin:4px}stream{margin-left:2px;width:10px}": "10",
		"stream{width:10px;;}":                             "10",
		"stream{width:12.5%}":                              "80",
		"stream{width:+1e1px}":                             "10",
	} {
		got := place(t, sheet+"stream{height:10px}", one)
		if parts := strings.Split(got, ","); len(parts) != 4 || parts[2] != want {
			t.Errorf("%s: %s, want width %s", sheet, got, want)
		}
	}
}

func TestRefusedSheets(t *testing.T) {
	for sheet, says := range map[string]string{
		"*{width:1px}":                                       `selector "*"`,
		"archive{width:1px}":                                 `not "archive"`,
		"stream > stream{width:1px}":                         "+ and ~",
		"archive stream{width:1px}":                          "archive",
		".a .b{width:1px}":                                   `".a .b": only the combinators`,
		"#a{width:1px}":                                      `"#a"`,
		"stream[class]{width:1px}":                           `"["`,
		"stream:hover{width:1px}":                            ":first-child",
		"stream::before{width:1px}":                          ":first-child",
		"stream:nth-child(foo){width:1px}":                   "position",
		"stream:nth-child(2{width:1px}":                      ":first-child",
		"stream:nth-child(1234567){width:1px}":               "position",
		"stream:{width:1px}":                                 ":first-child",
		"stream.{width:1px}":                                 `"."`,
		"stream,{width:1px}":                                 "missing",
		"{width:1px}":                                        "missing",
		"+ stream{width:1px}":                                "missing",
		"stream +{width:1px}":                                "missing",
		`.a\:b{width:1px}`:                                   "escapes",
		"@media screen{stream{width:1px}}":                   "@media",
		"stream{color:red}":                                  `"color:red": this property is not supported`,
		"stream{--a:1}":                                      "declaration",
		"stream{width:1em}":                                  "px or %",
		"stream{width:5}":                                    "missing",
		"stream{width:-5px}":                                 "negative",
		"stream{width:calc(1px)}":                            "one value",
		"stream{width:1px 2px}":                              "one value",
		"stream{width:1px !important}":                       "one value",
		"stream{width:auto}":                                 "px or %",
		"stream{width:}":                                     "one value",
		"stream{width}":                                      "colon",
		"stream{width:1px":                                   "braces",
		"stream":                                             "braces",
		"stream{width:1px}}":                                 "}",
		"stream{margin:1px 2px 3px 4px 5px}":                 "1 to 4",
		"stream{margin:auto}":                                "px or %",
		"stream{position:fixed}":                             "relative, absolute",
		"stream{display:none}":                               "inline, block, inline-block",
		"stream{float:inherit}":                              "none, left, right",
		"stream{object-fit:fill}":                            "contain, cover",
		"stream{overflow:visible}":                           "hidden",
		"stream{z-index:-1}":                                 "whole number",
		"stream{z-index:1.5}":                                "whole number",
		"stream{width:1px}/* no end":                         "comment",
		"stream{width:1px\x00}":                              "",
		strings.Repeat(" ", MaxStylesheet+1):                 "65536 bytes",
		strings.Repeat("stream{}", maxRules+1):               "500 rules",
		strings.Repeat(".a+", maxCompounds) + ".a{}":         "at most 16",
		strings.Repeat("stream,", maxSelectors) + "stream{}": "1000 selectors",
		strings.Repeat("é", 200) + "{}":                      "...",
	} {
		_, err := New(Spec{Type: Custom, Stylesheet: sheet})
		if err == nil || !strings.Contains(err.Error(), says) || len(err.Error()) > 500 {
			t.Errorf("%.60q: %v, want %q", sheet, err, says)
		}
	}
}

func FuzzStylesheet(f *testing.F) {
	f.Add("stream { float: left; width: 33.33%; height: 50% } stream.focus ~ stream:nth-last-child(2n+1) { clear: both; margin: -1px 2% }", uint8(5))
	f.Add("stream{position:absolute;left:-99999999px;width:1e300px;height:1e300%}", uint8(1))
	f.Add(".a + .b{display:inline;object-fit:cover;z-index:7;position:relative;top:1e9%}", uint8(16))
	f.Fuzz(func(t *testing.T, sheet string, n uint8) {
		l, err := New(Spec{Type: Custom, Stylesheet: sheet})
		if err != nil {
			return
		}
		streams := named(int(n))
		for i := range streams {
			streams[i].Classes = []string{string(rune('a' + i%3))}
		}
		for _, tile := range l.Arrange(streams, 640, 480) {
			r := tile.Rect
			if (r.X|r.Y|r.W|r.H)&1 != 0 || r.W < 2 || r.H < 2 || r.Intersect(Rect{W: 640, H: 480}).W == 0 || r.W > 1<<25 || r.X < -1<<30 {
				t.Fatalf("%q: %+v", sheet, tile)
			}
		}
	})
}
