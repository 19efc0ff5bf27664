// Package page writes a report as one HTML page for people. It needs no network and no server. Only pictures are loaded, from the evidence beside
// it. All text in it may come from a hostile target: it goes through html/template and [text.Plain], and names no class or address.
package page

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"strings"
	"time"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/exhibit"
	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
)

//go:embed assets
var assets embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"slug":  slug,
	"ms":    millis,
	"clock": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	"word":  wordOf,
	"title": text.Sentence,
	"plain": text.Plain,
	"line":  text.Line,
	"away":  func() string { return away },
	"join":  strings.Join,
	"n":     func(v float64) string { return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.1f", v), "0"), ".") },
}).ParseFS(assets, "assets/*"))

// Write writes the page.
func Write(w io.Writer, r *report.Report) error {
	return templates.ExecuteTemplate(w, "page.tmpl", newView(r))
}

func wordOf(o verdict.Outcome) string {
	switch o {
	case verdict.Pass:
		return "passed"
	case verdict.Fail:
		return "failed"
	case verdict.NotApplicable:
		return "not applicable"
	default:
		return string(o)
	}
}

// slug returns a name for an anchor.
func slug(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, s)
}

// picturePath returns the address of a blob, relative to the page, or "" for a name that is none.
func picturePath(evidence, blob string) string {
	if evidence == "" || !exhibit.IsBlob(blob) {
		return ""
	}
	u := url.URL{Path: evidence + "/blobs/" + blob}
	return u.String()
}

// away is shown in place of a picture that cannot be loaded.
const away = "The picture is in the folder evidence of the report, which is not beside this page."

func millis(ms int64) string {
	switch {
	case ms < 1000:
		return fmt.Sprintf("%d ms", ms)
	case ms < 120_000:
		return fmt.Sprintf("%.1f s", float64(ms)/1000)
	}
	return fmt.Sprintf("%d min %02d s", ms/60_000, ms/1000%60)
}
