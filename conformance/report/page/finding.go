package page

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/exhibit"
	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
)

// finding is one contradiction with everything that shows it.
type finding struct {
	verdict.Finding
	Want, Got []piece
	Strip     *strip
	Films     []film
	Exhibits  []shown
	More      []string // references without an exhibit
}

// shown is an exhibit under a finding. Elsewhere means that an earlier finding has it.
type shown struct {
	exhibit.Exhibit
	Elsewhere bool
}

// finders gives each finding its exhibits. An exhibit is drawn once, under the first finding that names it.
type finders struct {
	report    *report.Report
	exhibits  map[string]exhibit.Exhibit
	scenarios map[string]report.Scenario
	drawn     map[string]bool
}

func finder(r *report.Report) *finders {
	f := &finders{r, map[string]exhibit.Exhibit{}, map[string]report.Scenario{}, map[string]bool{}}
	for _, x := range r.Exhibits {
		f.exhibits[x.Ref] = x
	}
	for _, s := range r.Scenarios {
		f.scenarios[s.Name] = s
	}
	return f
}

// maxStrips limits the findings of a clause that have a timeline of their own.
const maxStrips = 3

func (s *finders) of(c report.Clause) []finding {
	var out []finding
	for i, f := range c.Findings {
		v := finding{Finding: f}
		v.Want, v.Got = compare(f.Expected, f.Actual)
		for _, ref := range f.Where {
			x, known := s.exhibits[ref]
			if !known {
				v.More = append(v.More, ref)
				continue
			}
			if x.Film != nil {
				if key := fmt.Sprintf("%s at %.0f", ref, f.At); !s.drawn[key] {
					s.drawn[key] = true
					v.Films = append(v.Films, s.film(x, f.At))
					continue
				}
				v.More = append(v.More, ref)
				continue
			}
			v.Exhibits = append(v.Exhibits, shown{x, s.drawn[ref]})
			s.drawn[ref] = true
		}
		if i < maxStrips {
			v.Strip = s.strip(f)
		}
		out = append(out, v)
	}
	return out
}

// strip draws the timeline of the first scenario that a finding names, with the moments of its records.
func (s *finders) strip(f verdict.Finding) *strip {
	var moments []moment
	name := ""
	for _, ref := range f.Where {
		x, known := s.exhibits[ref]
		if known && (name == "" || name == x.Scenario) {
			name = x.Scenario
			moments = append(moments, moment{x.At, text.Line(x.Title)})
		}
	}
	scenario, known := s.scenarios[name]
	if !known {
		return nil
	}
	return newStrip(scenario, moments)
}

// film is what a file had to hold and holds, drawn.
type film struct {
	exhibit.Film
	Ref    string
	At     float64 // the moment that the finding is about, or 0
	Rows   []filmRow
	Stills []still
	H      float64
	AtX    float64
	Ticks  []tick
}

type filmRow struct {
	exhibit.Row
	Y               float64
	Expected, Found []filmSpan
}

type filmSpan struct {
	X, W, H  float64 // H of 1 is a full sound
	From, To float64
	Level    float64
}

// Bottom is the height of the drawing with its axis.
func (f film) Bottom() float64 { return f.H + 16 }

// Top is where a span begins in the row at y, whose bars are 14 high.
func (s filmSpan) Top(y float64) float64 { return y + 14*(1-s.H) }

// Tall is the height of a span.
func (s filmSpan) Tall() float64 { return 14 * s.H }

// still is a picture, or a moment without one, with rectangles.
type still struct {
	exhibit.Still
	Path   string
	Letter float64 // height of the labels, in pixels of the film
	Line   float64 // width of the rectangles' lines
	Halo   float64 // width of the outline of the letters
}

// Geometry of a film's drawing, in units of its viewBox.
const (
	filmLeft, filmWidth, filmRowHeight = 150.0, 620.0, 20.0
	// quietest is the level in dBFS that is drawn as an empty bar.
	quietest = -60.0
)

func (s *finders) film(x exhibit.Exhibit, at float64) film {
	f := film{Film: *x.Film, Ref: x.Ref, At: at}
	end := max(x.Film.Seconds, 0.1)
	for _, r := range x.Film.Rows {
		for _, e := range slices.Concat(r.Expected, r.Found) {
			end = max(end, e.To)
		}
	}
	place := func(t float64) float64 { return filmLeft + filmWidth*max(0, min(t/end, 1)) }
	spans := func(list []exhibit.Span, sound bool) (out []filmSpan) {
		for _, e := range list {
			v := filmSpan{X: place(e.From), W: max(place(e.To)-place(e.From), 1), H: 1, From: e.From, To: e.To, Level: e.Level}
			if sound && e.Level != 0 {
				v.H = max(0.15, min(1, 1-e.Level/quietest))
			}
			out = append(out, v)
		}
		return out
	}
	for i, r := range x.Film.Rows {
		f.Rows = append(f.Rows, filmRow{r, 4 + float64(i)*filmRowHeight, spans(r.Expected, false), spans(r.Found, r.Kind == "audio")})
	}
	f.H = 4 + float64(len(f.Rows))*filmRowHeight
	f.AtX = place(at)
	step := float64(tickStep(int64(end*1000))) / 1000
	for t := 0.0; t <= end && len(f.Ticks) < 20; t += step {
		f.Ticks = append(f.Ticks, tick{X: place(t), Label: millis(int64(t * 1000))})
	}
	f.Stills = s.stills(*x.Film, at)
	return f
}

// near is the distance in seconds within which a picture shows a moment.
const near = 0.2

// stills returns the rectangles at the moment of a finding, and the picture that is nearest to it. Without a moment it is the picture in the middle.
func (s *finders) stills(f exhibit.Film, at float64) (out []still) {
	if f.Width <= 0 || f.Height <= 0 {
		return nil
	}
	shown := func(e exhibit.Still, path string) still {
		return still{e, path, float64(f.Height) / 24, float64(f.Height) / 160, float64(f.Height) / 100}
	}
	var pictures []exhibit.Still
	for _, e := range f.Stills {
		switch {
		case picturePath(s.report.Run.Evidence, e.Blob) != "":
			pictures = append(pictures, e)
		case e.At == at && at > 0 && len(e.Expected)+len(e.Found) > 0:
			out = append(out, shown(e, ""))
		}
	}
	if len(pictures) == 0 {
		return out
	}
	best := pictures[len(pictures)/2]
	for _, e := range pictures {
		if at > 0 && abs(e.At-at) < abs(best.At-at) {
			best = e
		}
	}
	if abs(best.At-at) <= near {
		out = nil // it shows the moment itself
	}
	return append(out, shown(best, picturePath(s.report.Run.Evidence, best.Blob)))
}

func abs(v float64) float64 { return max(v, -v) }

// Caption says how a picture relates to the moment of the finding.
func (s still) Caption() string {
	what := "The picture"
	if s.Path == "" {
		what = "The rectangles"
	}
	return fmt.Sprintf("%s at %.1f s. Dashed: where streams have to be. Solid: where they were found.", what, s.At)
}

// names joins the names of boxes.
func names(boxes []exhibit.Box) string {
	var s []string
	for _, b := range boxes {
		s = append(s, fmt.Sprintf("%s %.0fx%.0f at %.0f,%.0f", b.Name, b.W, b.H, b.X, b.Y))
	}
	return strings.Join(s, "; ")
}

// Alt describes the picture to those who do not see it.
func (s still) Alt() string {
	return fmt.Sprintf("Picture of the file at %.1f s. Expected: %s. Found: %s.", s.At, names(s.Expected), names(s.Found))
}
