package report

import (
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"reelcheck/conformance/verdict"
)

//go:embed page.tmpl
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"slug":  slug,
	"png":   dataURI,
	"ms":    millis,
	"clock": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	"word":  word,
	"title": sentence,
}).Parse(pageText))

// HTML writes the report as one page that needs nothing else.
func (r *Report) HTML(w io.Writer) error {
	return page.Execute(w, newPageView(r.filled()))
}

type pageView struct {
	*Report
	Verdict  string // headline
	Class    string
	Duration string
	Bars     []bar
	Failed   []Clause
	Sections []section
	Pictures []picture
}

type bar struct {
	Outcome verdict.Outcome
	Word    string
	N       int
	Percent float64
}

type section struct {
	Name    string
	Clauses []Clause
	Bars    []bar
	Open    bool
}

func newPageView(r *Report) pageView {
	v := pageView{Report: r, Bars: bars(r.Clauses), Duration: millis(r.Run.FinishedAt.Sub(r.Run.StartedAt).Milliseconds())}
	v.Verdict, v.Class = headline(r.Run.ExitCode)
	index := map[string]int{}
	for _, c := range r.Clauses {
		if (c.Outcome == verdict.Fail || c.Outcome == verdict.Inconclusive) && !r.Told(c) {
			v.Failed = append(v.Failed, c)
		}
		i, ok := index[c.Chapter]
		if !ok {
			i = len(v.Sections)
			index[c.Chapter] = i
			v.Sections = append(v.Sections, section{Name: c.Chapter})
		}
		v.Sections[i].Clauses = append(v.Sections[i].Clauses, c)
	}
	for i := range v.Sections {
		v.Sections[i].Bars = bars(v.Sections[i].Clauses)
		for _, b := range v.Sections[i].Bars {
			v.Sections[i].Open = v.Sections[i].Open || b.Outcome == verdict.Fail || b.Outcome == verdict.Inconclusive
		}
	}
	most := 0
	for i, s := range r.Scenarios {
		v.Pictures = append(v.Pictures, draw(s))
		if richness(s) > richness(r.Scenarios[most]) {
			most = i
		}
	}
	for i := range v.Pictures { // the richest picture is open, and so are those of scenarios that went wrong
		v.Pictures[i].Open = i == most || v.Pictures[i].State != "done"
	}
	return v
}

// richness counts the kinds of things seen in a scenario, its clients, and its pictures up to a few.
func richness(s Scenario) int {
	kinds, clients := map[string]bool{}, 0
	for _, l := range s.Lanes {
		kind, _, _ := strings.Cut(l.Name, " ")
		kinds[kind] = true
		if l.Name == "clients" {
			clients = min(len(l.Marks), 6)
		}
	}
	return len(kinds) + clients + min(len(s.Frames), 3)
}

func bars(clauses []Clause) []bar {
	n := map[verdict.Outcome]int{}
	for _, c := range clauses {
		n[c.Outcome]++
	}
	var out []bar
	for _, o := range verdict.Outcomes {
		if n[o] > 0 {
			out = append(out, bar{o, word(o), n[o], 100 * float64(n[o]) / float64(len(clauses))})
		}
	}
	return out
}

func headline(code int) (text, class string) {
	switch code {
	case verdict.ExitConformant:
		return "Conformant", "pass"
	case verdict.ExitNonConformant:
		return "Not conformant", "fail"
	case verdict.ExitUnreachable:
		return "Target or environment unreachable", "inconclusive"
	case verdict.ExitInconclusive:
		return "Inconclusive", "inconclusive"
	case verdict.ExitPledges:
		return "Conformant so far; pledges are open", "pledged"
	case verdict.ExitInterrupted:
		return "Interrupted", "inconclusive"
	}
	return "Fault of the suite", "inconclusive"
}

func word(o verdict.Outcome) string {
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

// sentence returns s with a capital first letter.
func sentence(s string) string {
	for i, r := range s {
		return string(unicode.ToUpper(r)) + s[i+utf8.RuneLen(r):]
	}
	return s
}

func slug(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, s)
}

// dataURI returns a data URL of the PNG. It is safe, because it is base64 under a fixed type.
func dataURI(png []byte) template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png))
}

func millis(ms int64) string {
	switch {
	case ms < 1000:
		return fmt.Sprintf("%d ms", ms)
	case ms < 120_000:
		return fmt.Sprintf("%.1f s", float64(ms)/1000)
	}
	return fmt.Sprintf("%d min %02d s", ms/60_000, ms/1000%60)
}
