package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"reelcheck/conformance/report/exhibit"
	"reelcheck/conformance/verdict"
)

// film is what a file had to hold and holds, drawn.
type film struct {
	exhibit.Film
	Ref, ID   string
	Elsewhere bool    // an earlier finding has the same drawing, and this is only a link to it
	At        float64 // the moment that the finding is about, or 0
	Rows      []filmRow
	Left      int // tracks without a row
	Stills    []still
	H         float64
	AtX       float64
	Ticks     []tick
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
	filmLeft, filmWidth, filmRowHeight = 176.0, 596.0, 20.0
	filmMargin, filmRight              = 12.0, 8.0 // beside the tracks
	// quietest is the level in dBFS that is drawn as an empty bar.
	quietest = -60.0
)

// maxFilmRows limits the tracks of a film's drawing; those that its finding names are drawn up to twice as many.
const maxFilmRows = 12

// about returns the tracks to draw for a finding: those that it names, what was seen before what was expected, and then the first ones. They
// keep their order.
func about(f verdict.Finding, rows []exhibit.Row) []exhibit.Row {
	seen, wanted := names(f.Actual), names(f.Expected)
	rank := func(r exhibit.Row) int {
		client, fixture, _ := strings.Cut(r.Name, " ")
		switch {
		case seen[client] || seen[fixture]:
			return 0
		case wanted[client] || wanted[fixture]:
			return 1
		}
		return 2
	}
	order := make([]int, len(rows))
	for i := range rows {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rank(rows[a]) - rank(rows[b]) })
	var out []exhibit.Row
	for n, i := range order {
		if n >= 2*maxFilmRows || n >= maxFilmRows && rank(rows[i]) == 2 {
			order = order[:n]
			break
		}
	}
	slices.Sort(order)
	for _, i := range order {
		out = append(out, rows[i])
	}
	return out
}

// names returns the words of a text that may name a client or a fixture.
func names(s string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		out[w] = true
	}
	return out
}

// film draws the film of x for a finding. The same drawing is on the page once.
func (s *finders) film(x exhibit.Exhibit, of verdict.Finding) film {
	rows, at := about(of, x.Film.Rows), of.At
	f := film{Film: *x.Film, Ref: x.Ref, At: at, Left: len(x.Film.Rows) - len(rows)}
	key := fmt.Sprintf("%s at %.3f", x.Ref, at)
	for _, r := range rows {
		key += " " + r.Kind + " " + r.Name
	}
	n, drawn := s.films[key]
	if !drawn {
		n = len(s.films) + 1
		s.films[key] = n
	}
	if f.ID, f.Elsewhere = fmt.Sprintf("film-%d", n), drawn; drawn {
		return f
	}
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
	for i, r := range rows {
		f.Rows = append(f.Rows, filmRow{r, 4 + float64(i)*filmRowHeight, spans(r.Expected, false), spans(r.Found, r.Kind == "audio")})
	}
	f.H = 4 + float64(len(f.Rows))*filmRowHeight
	f.AtX = place(at)
	step := float64(tickStep(int64(end*1000))) / 1000
	for t := 0.0; t <= end && len(f.Ticks) < 20; t += step {
		x, label := place(t), millis(int64(t*1000))
		f.Ticks = append(f.Ticks, tick{x, label, anchor(x, filmLeft-filmMargin, filmLeft+filmWidth+filmRight, label)})
	}
	f.Stills = s.stills(*x.Film, at)
	return f
}

// near is the distance in seconds within which a picture shows a moment, unless other streams are due at it.
const near = 0.2

// stills returns the rectangles at the moment of a finding, and the picture that is nearest to it of those that show the same. Without a moment it
// is the picture in the middle.
func (s *finders) stills(f exhibit.Film, at float64) (out []still) {
	if f.Width <= 0 || f.Height <= 0 {
		return nil
	}
	shown := func(e exhibit.Still) still {
		side := float64(min(f.Width, f.Height))
		return still{e, picturePath(s.report.Run.Evidence, e.Blob), side / 22, side / 160, side / 100}
	}
	moment := exhibit.Still{At: at}
	for _, e := range f.Stills {
		if e.At == at && e.Blob == "" {
			moment = e
		}
	}
	var pictures []exhibit.Still
	for _, e := range f.Stills {
		if picturePath(s.report.Run.Evidence, e.Blob) != "" && (at <= 0 || shows(e, moment)) {
			pictures = append(pictures, e)
		}
	}
	slices.SortStableFunc(pictures, func(a, b exhibit.Still) int {
		if at <= 0 {
			return 0
		}
		return cmp.Compare(abs(a.At-at), abs(b.At-at))
	})
	switch {
	case len(pictures) == 0:
	case at <= 0:
		return []still{shown(pictures[len(pictures)/2])}
	case abs(pictures[0].At-at) <= near:
		return []still{shown(pictures[0])}
	}
	if at > 0 && len(moment.Expected)+len(moment.Found) > 0 {
		out = append(out, shown(moment))
	}
	if len(pictures) > 0 {
		out = append(out, shown(pictures[0]))
	}
	return out
}

// shows reports whether a picture shows a moment: the same is due, and it is near, or the same was found.
func shows(e, moment exhibit.Still) bool {
	if !slices.Equal(e.Expected, moment.Expected) {
		return false
	}
	return abs(e.At-moment.At) <= near || len(e.Found) > 0 && slices.Equal(e.Found, moment.Found)
}

func abs(v float64) float64 { return max(v, -v) }

// Size is the height of the letters with which the name of a box fits into it.
func (s still) Size(b exhibit.Box) float64 {
	return min(s.Letter, b.W/(0.62*float64(max(len(b.Name), 1))))
}

// Caption says what a picture shows.
func (s still) Caption() string {
	const marks = "Dashed: where streams have to be, named at the top. Solid: where they were found, named at the bottom."
	if s.Path == "" {
		return fmt.Sprintf("The rectangles at %.1f s; no picture of this moment was kept. %s", s.At, marks)
	}
	return fmt.Sprintf("The picture at %.1f s. %s", s.At, marks)
}

// places joins the names and the places of boxes.
func places(boxes []exhibit.Box) string {
	var s []string
	for _, b := range boxes {
		s = append(s, fmt.Sprintf("%s %.0fx%.0f at %.0f,%.0f", b.Name, b.W, b.H, b.X, b.Y))
	}
	return strings.Join(s, "; ")
}

// Alt describes the picture to those who do not see it.
func (s still) Alt() string {
	return fmt.Sprintf("Picture of the file at %.1f s. Expected: %s. Found: %s.", s.At, places(s.Expected), places(s.Found))
}
