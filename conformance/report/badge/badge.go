// Package badge draws the result of a run as a badge for a README or a web page.
package badge

import (
	"fmt"
	"html/template"
	"io"

	"reelcheck/conformance/report"
	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
)

// SVG writes the badge. It holds no text of the target, and the same result makes the same bytes.
func SVG(w io.Writer, r *report.Report) error {
	says, colour := words(r)
	left, right := width(label), width(says)
	return picture.Execute(w, struct {
		Label, Text, Colour     string
		Left, Right, Width      int
		LeftMiddle, RightMiddle int
	}{label, says, colour, left, right, left + right, left / 2, left + right/2})
}

const label = "archive conformance"

// words returns the right half of the badge and its colour.
func words(r *report.Report) (says, colour string) {
	c := r.Counts
	switch r.Run.ExitCode {
	case verdict.ExitConformant:
		says, colour = fmt.Sprintf("conformant, %d passed", c.Passed), "#1a7f4b"
		if c.Excused > 0 {
			return fmt.Sprintf("%s, %d excused", says, c.Excused), "#8a6d00"
		}
		if len(r.Run.Selection) > 0 { // a part of the clauses proves nothing about the others
			return text.Number(c.Passed, "selected clause passed", "selected clauses passed"), colour
		}
		return says, colour
	case verdict.ExitNonConformant:
		if r.Outdated() {
			return "baseline out of date", "#c0362c"
		}
		return fmt.Sprintf("%d of %d failed", c.Failed, c.Passed+c.Failed+c.Inconclusive), "#c0362c"
	case verdict.ExitPledges:
		return fmt.Sprintf("%d passed, %d pledged", c.Passed, c.Pledged), "#6b4fc8"
	}
	if r.Run.Stopped != "" {
		return "stopped by a cap", "#6b7480"
	}
	return "not judged", "#6b7480"
}

// width returns the width of one half in pixels. The font of a viewer is unknown; textLength makes the text fit.
func width(s string) int { return 7*len(s) + 10 }

var picture = template.Must(template.New("badge").Parse(`<svg xmlns="http://www.w3.org/2000/svg" width="{{.Width}}" height="20" role="img" aria-label="{{.Label}}: {{.Text}}">
<title>{{.Label}}: {{.Text}}</title>
<clipPath id="round"><rect width="{{.Width}}" height="20" rx="3"/></clipPath>
<g clip-path="url(#round)"><rect width="{{.Left}}" height="20" fill="#444c56"/><rect x="{{.Left}}" width="{{.Right}}" height="20" fill="{{.Colour}}"/></g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">` +
	`<text x="{{.LeftMiddle}}" y="14">{{.Label}}</text><text x="{{.RightMiddle}}" y="14">{{.Text}}</text></g>
</svg>
`))
