package exhibit

import (
	"math"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// Limits keep a report small when much is wrong. What is left out stays in the evidence, where conform evidence finds it.
const (
	perFinding = 4
	most       = 300     // exhibits
	mostText   = 900_000 // characters of all exhibits
	mostPart   = 3_000   // characters of a request, an answer, ...
	maxMoments = 24      // of a film
)

// Choose returns exhibits of the records that findings name: of each finding the first one before any second one, and failures before what could
// not be judged.
func Choose(ledger spec.Ledger, verdicts []verdict.Verdict, v evidence.View) []Exhibit {
	records, zero := map[string]evidence.Record{}, map[string]time.Time{}
	c := choice{films: films{ledger: ledger, view: v, moments: moments(verdicts)}, fetched: downloads(v)}
	for _, r := range v.Records {
		records[r.Ref()] = r
		if _, known := zero[r.Scenario]; !known {
			zero[r.Scenario] = r.Time
		}
	}
	for turn := range perFinding {
		for _, outcome := range []verdict.Outcome{verdict.Fail, verdict.Inconclusive} {
			for _, where := range named(verdicts, outcome) {
				if r, ok := records[at(where, turn)]; ok {
					c.add(r, zero[r.Scenario])
				}
			}
		}
	}
	return c.chosen
}

// moments returns the seconds that findings are about, by the records that they name.
func moments(verdicts []verdict.Verdict) map[string][]float64 {
	out := map[string][]float64{}
	for _, v := range verdicts {
		for _, f := range v.Findings {
			for _, ref := range f.Where {
				if f.At > 0 && len(out[ref]) < maxMoments && !slices.Contains(out[ref], f.At) {
					out[ref] = append(out[ref], f.At)
				}
			}
		}
	}
	return out
}

// named returns what the findings of all clauses with an outcome name.
func named(verdicts []verdict.Verdict, outcome verdict.Outcome) (out [][]string) {
	for _, v := range verdicts {
		for _, f := range v.Findings {
			if v.Outcome == outcome {
				out = append(out, f.Where)
			}
		}
	}
	return out
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// choice collects exhibits until a limit is reached.
type choice struct {
	films
	fetched fetched
	chosen  []Exhibit
	text    int
}

// fetched are the downloads of files, by [file].
type fetched map[string]evidence.Exchange

func downloads(v evidence.View) fetched {
	out := fetched{}
	for _, r := range v.Records {
		if r.Exchange != nil && r.Exchange.Identity == evidence.AsNobody {
			out[file(r)] = *r.Exchange
		}
	}
	return out
}

// add adds to the exhibit of a file the exchange by which it came.
func (f fetched) add(x *Exhibit, r evidence.Record, most int) {
	if got, ok := f[file(r)]; ok && x.Film == nil && (r.Media != nil || r.Individual != nil || r.Object != nil) {
		_, parts, curl := exchange(got, most)
		x.Parts, x.Curl = append(parts, x.Parts...), curl
	}
}

// Whole returns all that v holds about a record: nothing is cut, and what a report draws of a film is told as JSON.
func Whole(r evidence.Record, v evidence.View) Exhibit {
	const most = math.MaxInt
	x := Of(r, r.Sent(), most)
	if r.Media != nil {
		x.Parts = append(x.Parts, whole(r, x.Kind, most))
	}
	downloads(v).add(&x, r, most)
	return x
}

// file returns the same for the records of a file: those of its download, the object and its content.
func file(r evidence.Record) string {
	label := strings.TrimSuffix(strings.TrimSuffix(r.Label, ".media"), ".individual")
	return strings.Join([]string{r.Scenario, label, r.IDs[evidence.Archive]}, " ")
}

func (c *choice) add(r evidence.Record, zero time.Time) {
	known := slices.ContainsFunc(c.chosen, func(x Exhibit) bool { return x.Ref == r.Ref() })
	if known || len(c.chosen) >= most || c.text >= mostText {
		return
	}
	x := Of(r, zero, mostPart)
	if r.Media != nil {
		x.Film = c.of(r)
	}
	c.fetched.add(&x, r, mostPart)
	for _, p := range x.Parts {
		c.text += len(p.Text)
	}
	c.text += len(x.Curl)
	c.chosen = append(c.chosen, x)
}

// films finds the recording of a file. It sorts the evidence only when a finding is about one.
type films struct {
	ledger  spec.Ledger
	view    evidence.View
	moments map[string][]float64
	facts   *facts.Facts
}

func (s *films) of(r evidence.Record) *Film {
	if s.facts == nil {
		s.facts = facts.Sort(s.ledger, s.view)
	}
	for _, h := range s.facts.Archives {
		if n := len(h.Media); n == 0 || h.Media[n-1].Seq != r.Seq || h.IsIndividual() {
			continue
		}
		file, err := content.FileOf(s.facts, r)
		if err != nil || !file.Readable() {
			return nil
		}
		expected := content.ExpectedOf(s.facts, h)
		if h.IsManual() {
			expected = content.ExpectedOfChosen(s.facts, h)
		}
		stills := Stills(*r.Media)
		for _, at := range s.moments[r.Ref()] {
			stills = append(stills, Still{At: at})
		}
		return FilmOf(content.Recording{History: h, File: file, R: r, Expected: expected}, stills)
	}
	return nil
}
