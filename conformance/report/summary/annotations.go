package summary

import (
	"fmt"
	"io"
	"strings"

	"reelcheck/conformance/report"
	"reelcheck/conformance/text"
)

// maxAnnotations is how many annotations of each kind GitHub shows of one step.
const maxAnnotations = 10

// Annotations writes workflow commands of GitHub: an error for each cause that failed, a warning for each that could not
// be judged, and a notice for each excused failure. Of more than GitHub shows, the last one says how many are left out.
func Annotations(w io.Writer, r *report.Report) error {
	if r.Counts.Unjudged() {
		annotateRun(w, r.First())
		return nil
	}
	kinds := map[string][]report.Cause{}
	for _, c := range r.Causes() {
		kind := "error"
		switch c.Kind() {
		case report.Broken:
		case report.Expected:
			kind = "notice"
		case report.Advice, report.Unshown:
			kind = "warning"
		}
		kinds[kind] = append(kinds[kind], c)
	}
	var b strings.Builder
	for _, kind := range []string{"error", "warning", "notice"} {
		for i, c := range kinds[kind] {
			if left := len(kinds[kind]) - i; i == maxAnnotations-1 && left > 1 {
				fmt.Fprintf(&b, "::%s title=conform::%d more, see the report\n", kind, left)
				break
			}
			message := strings.Join(append([]string{c.Summary()}, c.Effects()...), "; ")
			fmt.Fprintf(&b, "::%s title=%s::%s\n", kind, attribute(c.ID+" "+c.Title), data(message))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// UnjudgedAnnotation writes the one error of a run that could judge nothing.
func UnjudgedAnnotation(w io.Writer, why string) {
	annotateRun(w, "Nothing could be judged: "+why)
}

func annotateRun(w io.Writer, message string) {
	fmt.Fprintf(w, "::error title=conform::%s\n", data(message))
}

// data and attribute escape as the toolkit of GitHub does (actions/core, command.ts).

func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text.Clip(text.Line(s), maxQuote))
}

func attribute(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(strings.TrimSpace(s)))
}
