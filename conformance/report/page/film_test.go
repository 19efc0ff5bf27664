package page

import (
	"fmt"
	"strings"
	"testing"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/exhibit"
	"reelcheck/conformance/verdict"
)

// crowded returns a report with one film of n streams, with a picture at each second.
func crowded(n int) *report.Report {
	x := exhibit.Exhibit{Ref: "s/media#5", Scenario: "s", Kind: "media", Film: &exhibit.Film{Seconds: 10, Width: 640, Height: 480}}
	for i := range n {
		x.Film.Rows = append(x.Film.Rows, exhibit.Row{Name: fmt.Sprintf("client-%d small-%02d", i, i), Kind: "video"})
	}
	box := []exhibit.Box{{Name: "small-01", W: 320, H: 240}}
	x.Film.Stills = []exhibit.Still{{At: 4.9, Blob: string(repeat('a'))}, {At: 5, Expected: box}, {At: 7, Expected: box}, {At: 7.1, Blob: string(repeat('b')), Expected: box},
		{At: 8, Blob: string(repeat('c')), Expected: box, Found: box}, {At: 9, Expected: box, Found: box}, {At: 9.5, Expected: []exhibit.Box{{Name: "small-02", W: 320, H: 240}}}}
	return &report.Report{Run: report.Run{Evidence: "evidence"}, Exhibits: []exhibit.Exhibit{x}}
}

// TestTheFilmShowsTheStreamOfTheFinding: of many tracks those are drawn that the finding names.
func TestTheFilmShowsTheStreamOfTheFinding(t *testing.T) {
	r := crowded(40)
	found := finder(r).of(report.Clause{Findings: []verdict.Finding{
		{Expected: "small-01 beside small-38", Actual: "small-39 is not in the picture", Where: []string{"s/media#5"}},
		{Expected: "small-01 beside small-38", Actual: "again small-39 is not in the picture", Where: []string{"s/media#5"}},
		{Actual: "client-3 is gone", Where: []string{"s/media#5"}},
	}})
	drawn := found[0].Films[0]
	var names []string
	for _, row := range drawn.Rows {
		names = append(names, row.Name)
	}
	if all := strings.Join(names, ", "); len(names) != maxFilmRows || drawn.Left != 28 || !strings.HasPrefix(all, "client-0 small-00, client-1 ") || !strings.HasSuffix(all, "client-38 small-38, client-39 small-39") {
		t.Errorf("%s, and %d more", all, drawn.Left)
	}
	if again, other := found[1].Films[0], found[2].Films[0]; !again.Elsewhere || again.ID != drawn.ID || other.Elsewhere || other.ID == drawn.ID {
		t.Errorf("the same film is drawn as %s and %s, another as %s", drawn.ID, again.ID, other.ID)
	}
	r.Clauses = []report.Clause{{ID: "ARC-LAY-01", Level: "must", Outcome: verdict.Fail, Findings: []verdict.Finding{found[0].Finding, found[1].Finding}}}
	var page strings.Builder
	if err := Write(&page, r); err != nil || !strings.Contains(page.String(), `id="film-1"`) || !strings.Contains(page.String(), `href="#film-1"`) {
		t.Errorf("%v: the second finding does not lead to the film of the first", err)
	}
}

// TestThePictureOfTheMoment: a picture just before the moment does not show what begins with it, nor does one of another layout show anything of
// it. One of another time does where the same was due and found.
func TestThePictureOfTheMoment(t *testing.T) {
	for at, want := range map[float64]string{5: "5.0 without", 7: "7.1 with", 9: "9.0 without, 8.0 with", 9.5: "9.5 without", 0: "7.1 with", 6: ""} {
		f := finder(crowded(1)).of(report.Clause{Findings: []verdict.Finding{{Where: []string{"s/media#5"}, At: at}}})[0].Films[0]
		var got []string
		for _, s := range f.Stills {
			got = append(got, fmt.Sprintf("%.1f %s", s.At, map[bool]string{true: "without", false: "with"}[s.Path == ""]))
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("at %v s: pictures %q, want %q", at, s, want)
		}
	}
}

// TestAMissingPictureSaysWhere: a page that was sent alone shows a sentence in place of each picture. An image of a drawing would show an icon.
func TestAMissingPictureSaysWhere(t *testing.T) {
	r := crowded(1)
	r.Scenarios = []report.Scenario{{Name: "s", Frames: []report.Frame{{Caption: "archive.mp4", Blob: string(repeat('a'))}}}}
	r.Clauses = []report.Clause{{ID: "ARC-LAY-01", Level: "must", Outcome: verdict.Fail, Findings: []verdict.Finding{{Where: []string{"s/media#5"}, At: 7}}}}
	var page strings.Builder
	if err := Write(&page, r); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(page.String(), away+`" aria-hidden="true" src="evidence/blobs/`); n != 2 || strings.Contains(page.String(), "<image") {
		t.Errorf("%d of 2 pictures say where they are", n)
	}
}

// TestNamesFitTheirPlaces: the names of small places do not run into each other.
func TestNamesFitTheirPlaces(t *testing.T) {
	s := still{Letter: 20}
	if got := s.Size(exhibit.Box{Name: "small-01", W: 96}); got > 20 || got*0.6*8 > 96 {
		t.Errorf("letters of %v", got)
	}
	if got := s.Size(exhibit.Box{Name: "small-01", W: 640}); got != 20 {
		t.Errorf("letters of %v in a large place", got)
	}
}

// TestThePageStaysSmall: a server that composes nothing as it should breaks many clauses at many moments.
func TestThePageStaysSmall(t *testing.T) {
	r := crowded(40)
	for i := range 60 {
		c := report.Clause{ID: fmt.Sprintf("ARC-LAY-%02d", i), Level: "must", Outcome: verdict.Fail}
		for j := range 8 {
			at := 1 + float64(i)/100 + float64(j)
			r.Exhibits[0].Film.Stills = append(r.Exhibits[0].Film.Stills, exhibit.Still{At: at, Expected: make([]exhibit.Box, 16), Found: make([]exhibit.Box, 16)})
			c.Findings = append(c.Findings, verdict.Finding{Expected: "small-01", Actual: "small-02", Where: []string{"s/media#5"}, At: at})
		}
		r.Clauses = append(r.Clauses, c)
	}
	var page strings.Builder
	if err := Write(&page, r); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(page.String(), `<figure class="film"`); n != maxDrawings || page.Len() > 3_000_000 {
		t.Errorf("%d films in a page of %d bytes", n, page.Len())
	}
}
