package page

import (
	"fmt"
	"math"
	"unicode/utf8"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/timeline"
	"reelcheck/conformance/text"
)

// Geometry of a timeline picture, in the units of its viewBox.
const (
	pictureWidth = 1120
	axisLeft     = 128
	axisMargin   = 16 // left of the axis
	axisRight    = pictureWidth - 16
	rowHeight    = 17
	laneGap      = 7
	axisHeight   = 22
	maxRows      = 6   // of dots
	maxSpanRows  = 12  // of spans
	letterWidth  = 6.1 // width of a letter of the 10-unit label face, on the large side
	dotWidth     = 9
)

// longest is the latest instant in milliseconds that is drawn, ten years. A report of unknown origin may name any.
const longest = 10 * 365 * 24 * 3_600_000

// picture is a scenario with the positions of everything to draw.
type picture struct {
	report.Scenario
	Width, Height int
	AxisY         int
	Left, Span    int
	Ticks         []tick
	Rows          []laneRows
	Pictures      []framed
}

// framed is a sample picture with its address.
type framed struct{ Caption, Path string }

type tick struct {
	X      float64
	Label  string
	Anchor string // how the label is anchored: start, middle or end
}

type laneRows struct {
	Name   string
	Y, H   int
	TextY  int
	Shapes []shape
}

type shape struct {
	timeline.Mark
	Tone   string
	X, W   float64
	Y, Mid float64
	TextX  float64
	Text   string // empty if there is no room for it
	Span   bool
}

func draw(s report.Scenario, evidence string) picture {
	p := picture{Scenario: s, Width: pictureWidth, Left: axisLeft, Span: axisRight - axisLeft}
	for _, f := range s.Frames {
		if path := picturePath(evidence, f.Blob); path != "" {
			p.Pictures = append(p.Pictures, framed{f.Caption, path})
		}
	}
	end := max(s.Millis, 1)
	for _, l := range s.Lanes {
		for _, m := range l.Marks {
			end = max(end, m.At, m.Until)
		}
	}
	end = min(end, longest)
	x := func(ms int64) float64 {
		return axisLeft + float64(axisRight-axisLeft)*float64(min(max(ms, 0), end))/float64(end)
	}
	y := 4
	for _, l := range s.Lanes {
		row := layLane(l, y, x)
		p.Rows = append(p.Rows, row)
		y += row.H + laneGap
	}
	p.AxisY = y
	p.Height = y + axisHeight
	for step, at := tickStep(end), int64(0); at <= end; at += step {
		label := millis(at)
		p.Ticks = append(p.Ticks, tick{x(at), label, anchor(x(at), axisLeft-axisMargin, pictureWidth, label)})
	}
	return p
}

// layLane places marks with their labels in as few rows as possible. A dot without room stays on the last row; neither
// it nor the dots that it covers have a label. Spans without room are counted in the lane's name.
func layLane(l timeline.Lane, top int, x func(int64) float64) laneRows {
	row := laneRows{Name: l.Name, Y: top}
	var ends []float64
	more := 0
	for _, m := range l.Marks {
		m.Label = text.Line(m.Label)
		s := shape{Mark: m, X: x(m.At), Span: m.Until > m.At, Text: m.Label, Tone: toneOf(m)}
		wide := letterWidth * float64(utf8.RuneCountInString(m.Label))
		s.W, s.TextX = dotWidth, s.X+dotWidth
		need := s.X + dotWidth + wide + 6
		if s.Span {
			s.W = math.Max(x(m.Until)-s.X, 2)
			s.TextX = s.X + 5
			need = s.X + s.W
			if wide+8 > s.W { // the tooltip still shows it
				s.Text = ""
			}
		} else if need > axisRight+12 {
			s.TextX = s.X - 8 - wide // no room on the right: the label goes to the left
		}
		start := math.Min(s.X-4, s.TextX)
		if s.Span {
			start = s.X
		}
		r := 0
		for r < len(ends) && ends[r] > start+0.5 {
			r++
		}
		switch {
		case r < len(ends):
		case r < maxRows, s.Span && r < maxSpanRows:
			ends = append(ends, 0)
		case s.Span:
			more++
			continue
		default:
			r, s.Text = len(ends)-1, ""
			need = s.X + s.W
			unlabel(row.Shapes, float64(top+r*rowHeight), s.X)
		}
		ends[r] = math.Max(ends[r], need)
		s.Y = float64(top + r*rowHeight)
		s.Mid = s.Y + rowHeight/2.0
		row.Shapes = append(row.Shapes, s)
	}
	if more > 0 {
		row.Name += fmt.Sprintf(" (+%d)", more)
	}
	row.H = max(len(ends), 1) * rowHeight
	row.TextY = top + row.H/2 + 4
	return row
}

// unlabel removes the labels of the dots in the row at y whose label reaches x.
func unlabel(shapes []shape, y, x float64) {
	for i := range shapes {
		s := &shapes[i]
		text := letterWidth * float64(utf8.RuneCountInString(s.Text))
		if s.Y == y && !s.Span && s.TextX-dotWidth < x && x < s.TextX+text+dotWidth {
			s.Text = ""
		}
	}
}

// anchor returns how a label at x is anchored, so that it lies between left and right, beyond which nothing is shown.
func anchor(x, left, right float64, label string) string {
	switch half := letterWidth * float64(utf8.RuneCountInString(label)) / 2; {
	case x-half < left:
		return "start"
	case x+half > right:
		return "end"
	}
	return "middle"
}

// tickStep returns a round number of milliseconds that gives about ten ticks.
func tickStep(end int64) int64 {
	for _, step := range []int64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000} {
		if end/step <= 12 {
			return step
		}
	}
	return max(3_600_000, end/12)
}
