package page

import (
	"strings"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/timeline"
)

// strip is a small timeline of a scenario with the moments of a finding.
type strip struct {
	Name, Title string
	Rows        []stripRow
	Moments     []stripMoment
	Width, H    int
	Millis      int64
}

type stripRow struct {
	Name   string
	Y      int
	Shapes []stripShape
}

type stripShape struct {
	timeline.Mark
	X, W float64
	Tone string
}

type stripMoment struct {
	moment
	X             float64
	Label, Anchor string // of the first moment
}

// moment is a record of a finding on the timeline.
type moment struct {
	At   int64
	Text string
}

// Geometry of a strip, in units of its viewBox.
const (
	stripWidth, stripLeft, stripRowHeight = 780, 110, 15
	stripMargin                           = 6 // left of the lanes
	maxStripRows                          = 5
	maxStripShapes                        = 80 // in a row
	maxMoments                            = 8
)

// newStrip draws the lanes that explain most: who published, the statuses, the calls and the callbacks.
func newStrip(s report.Scenario, moments []moment) *strip {
	v := &strip{Name: s.Name, Title: s.Title, Width: stripWidth, Millis: s.Millis}
	end := max(s.Millis, 1)
	for _, m := range moments {
		end = max(end, m.At)
	}
	x := func(ms int64) float64 {
		return stripLeft + (stripWidth-stripLeft-8)*float64(min(max(ms, 0), end))/float64(end)
	}
	for _, l := range s.Lanes {
		kind, _, _ := strings.Cut(l.Name, " ")
		if len(v.Rows) == maxStripRows || kind != "publishers" && kind != "status" && kind != "REST" && kind != "webhooks" && kind != "clock" {
			continue
		}
		row := stripRow{Name: l.Name, Y: 14 + len(v.Rows)*stripRowHeight}
		for _, m := range l.Marks[:min(len(l.Marks), maxStripShapes)] {
			shape := stripShape{Mark: m, X: x(m.At), Tone: toneOf(m)}
			if m.Until > m.At {
				shape.W = max(x(m.Until)-shape.X, 2)
			}
			row.Shapes = append(row.Shapes, shape)
		}
		v.Rows = append(v.Rows, row)
	}
	v.H = 14 + len(v.Rows)*stripRowHeight
	for i, m := range moments[:min(len(moments), maxMoments)] {
		shown := stripMoment{moment: m, X: x(m.At)}
		if i == 0 {
			shown.Label = millis(m.At)
			shown.Anchor = anchor(shown.X, stripLeft-stripMargin, stripWidth, shown.Label)
		}
		v.Moments = append(v.Moments, shown)
	}
	return v
}

// statuses are the statuses with a colour of their own. A target may send any other.
var statuses = map[string]bool{"started": true, "paused": true, "stopped": true, "uploaded": true, "available": true, "expired": true, "failed": true}

// toneOf returns the classes of a mark. They never hold text of the target.
func toneOf(m timeline.Mark) string {
	switch m.Kind {
	case "ok", "client-error", "server-error", "media", "note":
		return "k-" + m.Kind
	}
	if statuses[m.Label] {
		return "k-status s-" + m.Label
	}
	return "k-status"
}
