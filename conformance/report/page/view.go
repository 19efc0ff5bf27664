package page

import (
	"cmp"
	"slices"
	"strings"

	"reelcheck/conformance/report"
	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
)

// view is what the templates show, from the top of the page to its end.
type view struct {
	*report.Report
	Verdict, Class string // headline
	Lead           string // the sentence below it
	Duration       string
	Bars           []bar
	Unjudged       []report.Unjudged
	Cards          []scorecard
	Causes         []group
	Chapters       []chapter
	Pictures       []picture
	cards          map[string]string // id of the cause that tells of a clause
}

// Card returns the id of the card that tells of a clause, or "".
func (v view) Card(id string) string { return v.cards[id] }

// bar is one outcome among clauses.
type bar struct {
	Outcome verdict.Outcome
	N       int
	Percent float64
}

// scorecard counts verdicts: a row for each chapter or profile.
type scorecard struct {
	Name, Of string
	Outcomes []verdict.Outcome // those that occur
	Rows     []score
}

type score struct {
	Name, Link string  // Link is empty without a place to go to
	Judged     string  // how many clauses of a profile, as in "51 of 190"; empty for a chapter
	Counts     []count // of the card's outcomes
	Bars       []bar
}

type count struct {
	Outcome verdict.Outcome
	N       int
}

// group is a list of causes of one kind.
type group struct {
	Name, Note string
	Causes     []cause
}

// cause is a card: what went wrong, and how it shows.
type cause struct {
	report.Cause
	Found  []finding
	Folded []finding // are told to who asks
}

// maxOpen is how many findings of a card are open, so that the next card is not far.
const maxOpen = 3

type chapter struct {
	Name    string
	Clauses []report.Clause
	Bars    []bar
}

func newView(r *report.Report) view {
	v := view{Report: r, Bars: bars(tally(r.Clauses)), Duration: millis(r.Run.FinishedAt.Sub(r.Run.StartedAt).Milliseconds()), Unjudged: r.Unjudged()}
	v.Verdict, v.Class = r.Headline(), colour(r.Run)
	v.Lead = lead(r)
	for _, c := range r.Clauses {
		i := slices.IndexFunc(v.Chapters, func(ch chapter) bool { return ch.Name == c.Chapter })
		if i < 0 {
			i = len(v.Chapters)
			v.Chapters = append(v.Chapters, chapter{Name: c.Chapter})
		}
		v.Chapters[i].Clauses = append(v.Chapters[i].Clauses, c)
	}
	for i := range v.Chapters {
		v.Chapters[i].Bars = bars(tally(v.Chapters[i].Clauses))
	}
	v.Cards = scorecards(r, v.Chapters)
	v.Causes, v.cards = causes(r), map[string]string{}
	for _, g := range v.Causes {
		for _, c := range g.Causes {
			for _, told := range append([]report.Clause{c.Clause}, c.Follows()...) {
				v.cards[told.ID] = cmp.Or(v.cards[told.ID], c.ID)
			}
		}
	}
	for _, s := range r.Scenarios {
		v.Pictures = append(v.Pictures, draw(s, r.Run.Evidence))
	}
	return v
}

// scorecards returns a card with a row for each chapter, and one with a row for each profile that the report knows.
func scorecards(r *report.Report, chapters []chapter) []scorecard {
	byChapter := scorecard{Name: "By chapter", Of: "Chapter", Outcomes: outcomes(tally(r.Clauses))}
	for _, ch := range chapters {
		byChapter.add(score{Name: ch.Name, Link: "chapter-" + slug(ch.Name), Bars: ch.Bars}, tally(ch.Clauses))
	}
	if len(r.Profiles) == 0 {
		return []scorecard{byChapter}
	}
	byProfile := scorecard{Name: "By profile; each holds the one before it", Of: "Profile", Outcomes: byChapter.Outcomes}
	for _, p := range r.Profiles {
		byProfile.add(score{Name: p.Name + ": " + p.Text, Judged: p.Coverage(), Bars: barsOf(p.Counts, p.Clauses)}, p.Counts)
	}
	return []scorecard{byProfile, byChapter}
}

func (s *scorecard) add(row score, c verdict.Counts) {
	for _, o := range s.Outcomes {
		row.Counts = append(row.Counts, count{o, c.Of(o)})
	}
	s.Rows = append(s.Rows, row)
}

func tally(clauses []report.Clause) verdict.Counts {
	var list []verdict.Verdict
	for _, c := range clauses {
		list = append(list, verdict.Verdict{Clause: c.ID, Outcome: c.Outcome})
	}
	return verdict.Count(list)
}

// outcomes returns those that occur.
func outcomes(c verdict.Counts) []verdict.Outcome {
	return slices.DeleteFunc(slices.Clone(verdict.Outcomes), func(o verdict.Outcome) bool { return c.Of(o) == 0 })
}

// causes groups the clauses that went wrong by themselves: demands first, and what is expected or could not be judged last.
func causes(r *report.Report) []group {
	groups := []group{ // by report.Kind
		{Name: "Causes", Note: "What is broken. Mend these first: what they block is judged again then."},
		{Name: "Recommendations not kept", Note: "They do not make the target non-conformant, unless the run is strict."},
		{Name: "Could not be judged", Note: "Nothing that the target did contradicts these clauses, and nothing shows them."},
		{Name: "Known failures", Note: "The baseline expects them."},
	}
	found := finder(r)
	for _, c := range r.Causes() {
		groups[c.Kind()].Causes = append(groups[c.Kind()].Causes, cause{Cause: c})
	}
	for _, g := range groups {
		for i := range g.Causes {
			all := found.of(g.Causes[i].Clause)
			open := min(len(all), maxOpen)
			g.Causes[i].Found, g.Causes[i].Folded = all[:open], all[open:]
		}
	}
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.Causes) == 0 })
}

func bars(c verdict.Counts) []bar { return barsOf(c, c.Total()) }

// barsOf returns the bars of all clauses, of which c may count a part. The rest stays empty.
func barsOf(c verdict.Counts, all int) []bar {
	var out []bar
	for _, o := range outcomes(c) {
		out = append(out, bar{o, c.Of(o), 100 * float64(c.Of(o)) / float64(max(all, c.Total()))})
	}
	return out
}

// colour returns the class of the headline.
func colour(run report.Run) string {
	switch {
	case run.Adapter != "":
		return "inconclusive"
	case run.Died != "", run.NoArchive != "", run.ExitCode == verdict.ExitNonConformant:
		return "fail"
	case run.ExitCode == verdict.ExitConformant:
		return "pass"
	case run.ExitCode == verdict.ExitPledges:
		return "pledged"
	}
	return "inconclusive"
}

// lead says in one or two sentences what the headline rests on.
func lead(r *report.Report) string {
	hindered := map[string]bool{} // clauses that no card of their own tells
	for _, c := range r.Causes() {
		for _, h := range c.Hindered {
			hindered[h.ID] = true
		}
		hindered[c.ID] = c.Shared()
	}
	broken, advice, known, blocked, unshown := 0, 0, 0, 0, 0
	for _, c := range r.Clauses {
		switch {
		case r.Told(c):
			blocked++
		case c.Outcome != verdict.Fail:
		case c.Known:
			known++
		case hindered[c.ID]:
			unshown++
		case c.Level == "must":
			broken++
		default:
			advice++
		}
	}
	unjudged := 0
	for _, u := range r.Unjudged() {
		unjudged += len(u.Clauses)
	}
	var s []string
	say := func(n int, one, many string) {
		if n > 0 {
			s = append(s, text.Number(n, one, many))
		}
	}
	say(r.Counts.Passed, "clause is kept", "clauses are kept")
	say(broken, "is broken", "are broken")
	say(blocked, "cannot be judged because of those", "cannot be judged because of those")
	say(unshown, "could not be shown, which counts as broken", "could not be shown, which counts as broken")
	say(advice, "recommendation is not kept", "recommendations are not kept")
	say(known, "fails as the baseline expects", "fail as the baseline expects")
	say(unjudged, "is not judged", "are not judged")
	if len(s) == 0 {
		return ""
	}
	return strings.Join(s, ", ") + "."
}
