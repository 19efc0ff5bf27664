package check

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
)

// note is a finding with the records that show it.
type note struct {
	verdict.Finding
	subject
	suspect string // the clause whose breach would explain it, if the check knows
	by      string // the clause whose breach explains it
	film    string // the scenario whose file shows it, if one does
}

// breach reports whether the note itself may explain others: it says what is wrong, and not what could not be shown.
func (n note) breach() bool { return n.Blocked == "" && n.suspect == "" }

// Causes has what may explain the findings of a clause.
type Causes struct {
	Earlier []string         // clauses whose breach explains it, the first ones first
	Checks  map[string]Check // of all clauses that apply to the target
	// Selected reports whether a run judges a clause; nil means all. One that it does not judge explains a finding only if the
	// check itself names it, because no verdict tells of its breach.
	Selected func(clause string) bool
}

// explains says how a breach of a clause explains a finding of another one.
func (c Causes) explains(id string, breach verdict.Finding) string {
	if c.tells(id) {
		return id + ": " + breach.Actual
	}
	return fmt.Sprintf("%s, which was not selected: expected %s, actual %s", id, breach.Expected, breach.Actual)
}

func (c Causes) tells(id string) bool { return c.Selected == nil || c.Selected(id) }

// caseOf returns the case that the check has judged. It runs the check once for the evidence of f.
func caseOf(f *facts.Facts, ch Check) *Case {
	return facts.Once(f, judged{ch.Clause}, func() *Case {
		c := &Case{Facts: f, clause: ch.Clause}
		c.run(ch)
		c.excuseStalled()
		return c
	})
}

// judged is the key of the judged case of a clause.
type judged struct{ clause string }

// blame divides notes into those that break their clause and those that follow from the breach of another clause about the
// same archive and stream (decision 0031).
func blame(f *facts.Facts, notes []note, causes Causes) (own, blocked []note) {
	for _, n := range notes {
		for _, id := range append([]string{n.suspect}, causes.Earlier...) {
			ch, known := causes.Checks[id]
			if !known || id != n.suspect && !causes.tells(id) {
				continue
			}
			found := caseOf(f, ch).notes
			if i := slices.IndexFunc(found, func(m note) bool { return m.breach() && n.touches(m.subject) }); i >= 0 {
				n.by, n.Blocked = id, causes.explains(id, found[i].Finding)
				if !causes.tells(id) {
					n.Where = append(slices.Clip(n.Where), found[i].Where...)
				}
				break
			}
		}
		if n.by == "" {
			own = append(own, n)
		} else {
			blocked = append(blocked, n)
		}
	}
	return own, blocked
}

// subject is what a note is about.
type subject struct {
	archives, streams, scenarios []string
}

func about(f *facts.Facts, at []evidence.Record) subject {
	var s subject
	for _, r := range at {
		for _, id := range archivesOf(f, r) {
			if !slices.Contains(s.archives, id) {
				s.archives = append(s.archives, id)
			}
		}
		if r.Published != nil {
			s.streams = append(s.streams, r.IDs[evidence.Stream])
		}
		if !slices.Contains(s.scenarios, r.Scenario) {
			s.scenarios = append(s.scenarios, r.Scenario)
		}
	}
	return s
}

// touches reports whether both are about the same archive and, if both name streams, about the same stream. What names no
// archive is about all archives of its scenario.
func (s subject) touches(o subject) bool {
	switch {
	case len(s.streams) > 0 && len(o.streams) > 0 && !share(s.streams, o.streams):
		return false
	case len(s.archives) > 0 && len(o.archives) > 0:
		return share(s.archives, o.archives)
	}
	return share(s.scenarios, o.scenarios)
}

func share(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}

// archivesOf returns the ids of the archives that a record is about. A list is about none.
func archivesOf(f *facts.Facts, r evidence.Record) []string {
	if id := r.IDs[evidence.Archive]; id != "" {
		return []string{id}
	}
	shown := facts.Once(f, shownBy{}, func() map[int64][]string {
		by := map[int64][]string{}
		for _, h := range f.Archives {
			for _, s := range slices.Concat(h.Seen, h.Hooks) {
				if s.Via != evidence.ListArchives {
					by[s.At.Seq] = append(by[s.At.Seq], h.ID)
				}
			}
		}
		return by
	})
	return shown[r.Seq]
}

// shownBy is the key of the archives that each record shows.
type shownBy struct{}

// maxFindings limits the findings of a verdict, to keep the report readable when one fault shows in every record.
const maxFindings = 8

// listed returns the findings to report, and how many more there are. Findings of the same words about the same archive
// are one, told once with all records. Each scenario has its turn before another one has a second.
func listed(notes []note) (findings []verdict.Finding, more string) {
	turns := turn(merged(notes))
	if n := len(turns) - maxFindings; n > 0 {
		turns, more = turns[:maxFindings], fmt.Sprintf("%d more findings of the same clause", n)
	}
	for _, n := range turns {
		findings = append(findings, n.Finding)
	}
	return findings, more
}

// maxTold limits the records that a finding names.
const maxTold = 24

// merged makes one of the notes that say the same about the same archive.
func merged(notes []note) []note {
	type key struct{ expected, actual, by, archives, scenario string }
	index := map[key]int{}
	var out []note
	for _, n := range notes {
		k := key{n.Expected, n.Actual, n.by, strings.Join(n.archives, " "), n.scenario()}
		same, known := index[k]
		if !known {
			index[k] = len(out)
			out = append(out, n)
			continue
		}
		m := &out[same]
		m.Times = max(m.Times, 1) + 1
		for _, ref := range n.Where {
			if len(m.Where) < maxTold && !slices.Contains(m.Where, ref) {
				m.Where = append(slices.Clip(m.Where), ref)
			}
		}
	}
	return out
}

func (n note) scenario() string {
	if len(n.scenarios) == 0 {
		return ""
	}
	return n.scenarios[0]
}

// turn sorts notes so that the first ones of all scenarios stand first, then the second ones.
func turn(notes []note) []note {
	seen := map[string]int{}
	rank := map[int][]note{}
	for _, n := range notes {
		rank[seen[n.scenario()]] = append(rank[seen[n.scenario()]], n)
		seen[n.scenario()]++
	}
	var out []note
	for i := range len(rank) {
		out = append(out, rank[i]...)
	}
	return out
}
