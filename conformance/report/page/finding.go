package page

import (
	"reelcheck/conformance/report"
	"reelcheck/conformance/report/exhibit"
	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
)

// finding is one contradiction with everything that shows it.
type finding struct {
	report.Repeat
	Want, Got []piece
	Strip     *strip
	seen
	Others []seen // what shows it elsewhere
}

// seen is what shows a finding in one place.
type seen struct {
	Films    []film
	Exhibits []shown
	More     []string // references without an exhibit
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
	films     map[string]int // number of each drawing, by what it shows
}

func finder(r *report.Report) *finders {
	f := &finders{r, map[string]exhibit.Exhibit{}, map[string]report.Scenario{}, map[string]bool{}, map[string]int{}}
	for _, x := range r.Exhibits {
		f.exhibits[x.Ref] = x
	}
	for _, s := range r.Scenarios {
		f.scenarios[s.Name] = s
	}
	return f
}

// Limits keep the page small when much is wrong: the findings of a clause that have a timeline of their own, those that have films, and the
// films of the page.
const maxStrips, maxFilms, maxDrawings = 3, 6, 60

func (s *finders) of(c report.Clause) []finding {
	var out []finding
	n := 0 // of the findings that have been told
	for i, r := range c.Repeats() {
		v := finding{Repeat: r}
		v.Want, v.Got = compare(r.Expected, r.Actual)
		for j, f := range r.All() {
			got := s.seen(f, n < maxFilms)
			if n++; j == 0 {
				v.seen = got
			} else {
				v.Others = append(v.Others, got)
			}
		}
		if i < maxStrips {
			v.Strip = s.strip(r.Finding)
		}
		out = append(out, v)
	}
	return out
}

// seen returns what shows a finding. Without films, their references are told.
func (s *finders) seen(f verdict.Finding, films bool) seen {
	var v seen
	for _, ref := range f.Where {
		x, known := s.exhibits[ref]
		switch {
		case !known:
			v.More = append(v.More, ref)
		case x.Film == nil:
			v.Exhibits = append(v.Exhibits, shown{x, s.drawn[ref]})
			s.drawn[ref] = true
		case films && len(s.films) < maxDrawings:
			v.Films = append(v.Films, s.film(x, f))
		default:
			v.More = append(v.More, ref)
		}
	}
	return v
}

// strip draws the timeline of the first scenario that a finding names, with the moments of its records.
func (s *finders) strip(f verdict.Finding) *strip {
	var moments []moment
	name := ""
	for _, ref := range f.Where {
		x, known := s.exhibits[ref]
		if !known || name != "" && name != x.Scenario {
			continue
		}
		name = x.Scenario
		if x.Kind != "media" && x.Kind != "published" { // these are written when all is over
			moments = append(moments, moment{x.At, text.Line(x.Title)})
		}
	}
	scenario, known := s.scenarios[name]
	if !known {
		return nil
	}
	return newStrip(scenario, moments)
}
