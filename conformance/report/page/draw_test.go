package page

import (
	"math"
	"strings"
	"testing"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/exhibit"
	"reelcheck/conformance/report/timeline"
	"reelcheck/conformance/verdict"
)

// TestTimelineWithoutEnd checks that a mark at the end of all time costs no more than another one.
func TestTimelineWithoutEnd(t *testing.T) {
	p := draw(report.Scenario{Millis: math.MaxInt64, Lanes: []timeline.Lane{{Name: "clients",
		Marks: []timeline.Mark{{At: math.MinInt64, Until: math.MaxInt64}, {At: math.MaxInt64}}}}}, "evidence")
	if len(p.Ticks) > 20 {
		t.Errorf("%d ticks", len(p.Ticks))
	}
	for _, s := range p.Rows[0].Shapes {
		if s.X < axisLeft || s.X > axisRight || s.X+s.W > axisRight+dotWidth {
			t.Errorf("drawn from %v, %v wide", s.X, s.W)
		}
	}
}

// TestTimelineWithoutRoom checks that nothing is drawn over a readable label.
func TestTimelineWithoutRoom(t *testing.T) {
	x := func(ms int64) float64 { return axisLeft + float64(ms) }
	spans, dots := timeline.Lane{Name: "publishers"}, timeline.Lane{Name: "REST"}
	for i := range int64(20) {
		spans.Marks = append(spans.Marks, timeline.Mark{At: 20 - i, Until: 900, Label: "alice vp8-01"})
		dots.Marks = append(dots.Marks, timeline.Mark{At: 10 * i, Label: "startArchive 200"})
	}
	row := layLane(spans, 0, x)
	if len(row.Shapes) != maxSpanRows || row.Name != "publishers (+8)" {
		t.Errorf("%d of 20 spans in lane %q, want %d", len(row.Shapes), row.Name, maxSpanRows)
	}
	row = layLane(dots, 0, x)
	if len(row.Shapes) != 20 || row.Name != "REST" {
		t.Errorf("%d of 20 dots in lane %q", len(row.Shapes), row.Name)
	}
	for i, a := range row.Shapes {
		for _, b := range row.Shapes[:i] {
			if a.Y == b.Y && (a.Text != "" && b.X > a.X || b.Text != "" && a.X < b.TextX+letterWidth*float64(len(b.Text))) {
				t.Errorf("the dots at %v and %v cover each other's label", b.X, a.X)
			}
		}
	}
}

// TestFilm checks that the drawing shows the moment of the finding, and sounds by their level.
func TestFilm(t *testing.T) {
	blob := func(c byte) string { return string(append([]byte(nil), repeat(c)...)) }
	x := exhibit.Exhibit{Ref: "s/media#5", Scenario: "s", At: 3000, Film: &exhibit.Film{Seconds: 10, Width: 640, Height: 480,
		Rows:   []exhibit.Row{{Name: "alice tone-1", Kind: "audio", Expected: []exhibit.Span{{To: 10}}, Found: []exhibit.Span{{From: 5, To: 10, Level: -30}}}},
		Stills: []exhibit.Still{{At: 2, Blob: blob('a')}, {At: 5, Blob: blob('b')}, {At: 8, Blob: blob('c')}, {At: 7.2, Found: []exhibit.Box{{Name: "v01", W: 320, H: 240}}}, {At: 4}}}}
	r := &report.Report{Run: report.Run{Evidence: "evidence"}, Exhibits: []exhibit.Exhibit{x},
		Scenarios: []report.Scenario{{Name: "s", Millis: 6000, Lanes: []timeline.Lane{{Name: "REST", Marks: []timeline.Mark{{At: 3000, Label: "x", Kind: "ok"}}}}}}}
	found := finder(r).of(report.Clause{Findings: []verdict.Finding{{Where: []string{"s/media#5", "s/gone#6"}, At: 7.2}}})
	if len(found) != 1 || len(found[0].Films) != 1 || len(found[0].More) != 1 || found[0].Strip == nil {
		t.Fatalf("%+v", found)
	}
	f := found[0].Films[0]
	if len(f.Stills) != 1 || f.Stills[0].At != 7.2 || f.Stills[0].Path != "" {
		t.Errorf("stills %+v", f.Stills)
	}
	if heard := f.Rows[0].Found[0]; heard.H != 0.5 || heard.X != filmLeft+filmWidth/2 || heard.W != filmWidth/2 {
		t.Errorf("sound drawn at %+v", heard)
	}
	if s := found[0].Strip; len(s.Moments) != 1 || s.Moments[0].X != s.Rows[0].Shapes[0].X || s.Moments[0].Label != "3.0 s" {
		t.Errorf("strip %+v", s)
	}
}

func repeat(c byte) []byte {
	out := make([]byte, 64)
	for i := range out {
		out[i] = c
	}
	return out
}

// TestScorecards checks that profiles are counted as the report says, above the chapters.
func TestScorecards(t *testing.T) {
	r := &report.Report{Clauses: []report.Clause{{ID: "ARC-START-01", Chapter: "Starting", Outcome: verdict.Pass}, {ID: "ARC-DUR-01", Chapter: "Duration", Outcome: verdict.Fail}},
		Profiles: []report.Profile{{Name: "core", Text: "what every service does", Clauses: 8, Judged: 4, Counts: verdict.Counts{Passed: 3, Failed: 1}}}}
	cards := newView(r).Cards
	if len(cards) != 2 || cards[0].Rows[0].Name != "core: what every service does" || len(cards[1].Rows) != 2 {
		t.Fatalf("cards %+v", cards)
	}
	if got := cards[0].Rows[0]; got.Judged != "4 of 8" || len(got.Bars) != 2 || got.Bars[0].Percent != 37.5 || got.Counts[0].N != 3 || got.Counts[1].N != 1 {
		t.Errorf("profile %+v", got)
	}
	var page strings.Builder
	if err := Write(&page, r); err != nil || !strings.Contains(page.String(), "(4 of 8 judged)") {
		t.Errorf("%v: the page does not say how many clauses of the profile were judged", err)
	}
	if got := cards[1].Rows[1]; got.Counts[0].N != 0 || got.Counts[1].N != 1 {
		t.Errorf("chapter %+v", got)
	}
}

// TestLabelsOfTimeAreNotCut: what lies beyond the edges of a drawing is not shown, so that 549 ms would be read as 49 ms.
func TestLabelsOfTimeAreNotCut(t *testing.T) {
	within := func(what string, x float64, label, anchor string, left, right float64) {
		t.Helper()
		wide := 5.5 * float64(len(label))
		from := x - map[string]float64{"start": 0, "middle": wide / 2, "end": wide}[anchor]
		if from < left || from+wide > right {
			t.Errorf("%s: %s at %.0f, anchored at its %s, is cut", what, label, x, anchor)
		}
	}
	for _, at := range []int64{0, 15, 549, 30_000, 59_400, 60_000} {
		s := newStrip(report.Scenario{Millis: 60_000}, []moment{{At: at}})
		within("strip", s.Moments[0].X, s.Moments[0].Label, s.Moments[0].Anchor, 104, 780)
	}
	for _, seconds := range []float64{0.6, 60, 119.9, 600} {
		f := finder(&report.Report{}).film(exhibit.Exhibit{Film: &exhibit.Film{Seconds: seconds}}, verdict.Finding{})
		for _, tick := range f.Ticks {
			within("film", tick.X, tick.Label, tick.Anchor, 164, 780)
		}
		for _, tick := range draw(report.Scenario{Millis: int64(seconds * 1000)}, "").Ticks {
			within("timeline", tick.X, tick.Label, tick.Anchor, 112, 1120)
		}
	}
}
