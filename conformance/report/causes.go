package report

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"reelcheck/conformance/verdict"
)

// Kind sorts causes by what they mean for the target.
type Kind int

// Kinds, the gravest first.
const (
	Broken   Kind = iota // a demand
	Advice               // a recommendation that is not kept
	Unshown              // nothing contradicts the clause, and nothing shows it
	Expected             // a failure that the baseline expects
)

// Cause is one thing that went wrong, with all that is told with it. Every clause that went wrong stands in one.
type Cause struct {
	Clause            // the broken one, or the first of those that could not be shown
	Same     []Clause // broken by nothing but what Clause found
	Hindered []Clause // could not be shown or judged, because of Clause or for the same reason
	Why      string   // what kept those from being shown
	Blocked  []Clause // blocked by Clause or by one of Same
}

// Kind returns what the cause means for the target.
func (c Cause) Kind() Kind { return kind(c.Clause) }

// Shared reports whether several clauses could not be shown for one reason, and none of them is broken.
func (c Cause) Shared() bool { return len(c.Hindered) > 0 && len(hindrances(c.Clause)) > 0 }

// Follows returns all other clauses that the cause explains.
func (c Cause) Follows() []Clause { return slices.Concat(c.Same, c.Hindered, c.Blocked) }

// maxNamed is how many clauses a line names.
const maxNamed = 20

// Effects says in words what else the cause explains, in a part for each kind.
func (c Cause) Effects() []string {
	var out []string
	say := func(what string, list []Clause) {
		var ids []string
		for _, c := range list[:min(len(list), maxNamed)] {
			ids = append(ids, c.ID)
		}
		if len(list) > maxNamed {
			ids = append(ids, "…")
		}
		if len(list) > 0 {
			out = append(out, fmt.Sprintf(what, len(list))+": "+strings.Join(ids, " "))
		}
	}
	say("blocks %d", c.Blocked)
	say("breaks %d more by the same finding", c.Same)
	if hindered := c.Hindered; c.Shared() {
		say("keeps %d from being "+c.Verb(), append([]Clause{c.Clause}, hindered...))
	} else {
		say("keeps %d from being "+c.Verb(), hindered)
	}
	return out
}

// Verb says what did not happen to the hindered clauses.
func (c Cause) Verb() string {
	if c.Shared() && c.Kind() == Unshown {
		return "judged"
	}
	return "shown"
}

// Summary says in a line what was found, or what kept several clauses from being shown.
func (c Cause) Summary() string {
	if c.Shared() {
		return "could not be " + c.Verb() + ": " + c.Why
	}
	return Summary(c.Clause)
}

func kind(c Clause) Kind {
	switch {
	case c.Outcome != verdict.Fail:
		return Unshown
	case c.Known:
		return Expected
	case c.Level == "must":
		return Broken
	}
	return Advice
}

// Causes returns what went wrong, those that explain the most clauses first. Clauses that a failed one blocks, that it
// contradicts by the same answer, or that could not be shown for the same reason, stand under one cause.
func (r *Report) Causes() []Cause {
	var out []Cause
	var hindered []Clause
	for _, c := range r.Clauses {
		switch {
		case c.Outcome != verdict.Fail && c.Outcome != verdict.Inconclusive || r.Told(c):
		case len(hindrances(c)) > 0:
			hindered = append(hindered, c)
		default:
			out = append(out, Cause{Clause: c})
		}
	}
	out = r.alike(out)
	for _, g := range together(hindered) {
		if i := slices.IndexFunc(out, func(c Cause) bool { return c.tells(g) }); i >= 0 {
			out[i].Hindered, out[i].Why = append(out[i].Hindered, g.all()...), cmp.Or(out[i].Why, g.Why)
		} else {
			out = append(out, g)
		}
	}
	for i := range out {
		for _, c := range append([]Clause{out[i].Clause}, out[i].Same...) {
			out[i].Blocked = append(out[i].Blocked, r.BlockedOf(c)...)
		}
		slices.SortFunc(out[i].Blocked, func(a, b Clause) int { return strings.Compare(a.ID, b.ID) })
		out[i].Blocked = slices.CompactFunc(out[i].Blocked, func(a, b Clause) bool { return a.ID == b.ID })
	}
	slices.SortStableFunc(out, func(a, b Cause) int { return len(b.Follows()) - len(a.Follows()) })
	return out
}

func (c Cause) all() []Clause { return append([]Clause{c.Clause}, c.Hindered...) }

// alike puts clauses whose findings say nothing else than those of another one under that.
func (r *Report) alike(causes []Cause) []Cause {
	sent := map[string]bool{} // records of single messages; a film shows many things
	for _, x := range r.Exhibits {
		sent[x.Ref] = x.Kind == "exchange" || x.Kind == "webhook" || x.Kind == "client"
	}
	order := slices.Clone(causes)
	slices.SortStableFunc(order, func(a, b Cause) int { return len(told(b.Clause, sent)) - len(told(a.Clause, sent)) })
	under := map[string]string{}
	for i, c := range order {
		for _, first := range order[:i] {
			if under[first.ID] == "" && first.Kind() == c.Kind() && covers(told(first.Clause, sent), told(c.Clause, sent)) {
				under[c.ID] = first.ID
				break
			}
		}
	}
	var out []Cause
	for _, c := range causes {
		if under[c.ID] != "" {
			continue
		}
		for _, o := range causes {
			if under[o.ID] == c.ID {
				c.Same = append(c.Same, o.Clause)
			}
		}
		out = append(out, c)
	}
	return out
}

// told returns what the findings of a clause say of single messages, each part with those that show it and that the report has;
// nil if they also speak of anything else.
func told(c Clause, sent map[string]bool) map[string][]string {
	out := map[string][]string{}
	for _, f := range c.Findings {
		var refs []string
		for _, ref := range f.Where {
			if message, known := sent[ref]; known && !message {
				return nil
			} else if known {
				refs = append(refs, ref)
			}
		}
		for part := range strings.SplitSeq(f.Actual, ", ") {
			out[part] = append(out[part], refs...)
		}
	}
	return out
}

// covers reports whether b says nothing that a does not say of the same record, too.
func covers(a, b map[string][]string) bool {
	for part, refs := range b {
		if !slices.ContainsFunc(refs, func(ref string) bool { return slices.Contains(a[part], ref) }) {
			return false
		}
	}
	return len(b) > 0
}

// hindrances returns what kept a clause from being shown or judged, one for each way to show it. A broken clause has none.
func hindrances(c Clause) []string {
	var out []string
	for _, f := range c.Findings {
		if f.Blocked == "" {
			return nil
		}
		out = append(out, f.Blocked)
	}
	if len(out) == 0 && c.Outcome == verdict.Inconclusive {
		out = strings.Split(strings.TrimPrefix(cmp.Or(c.Reason, "not judged"), "not shown: "), "; ")
	}
	return out
}

// together returns a cause for each hindrance. A clause that has several goes to the most frequent one.
func together(clauses []Clause) []Cause {
	type key struct {
		why  string
		kind Kind
	}
	times := map[key]int{}
	for _, c := range clauses {
		for _, why := range hindrances(c) {
			times[key{essence(why), kind(c)}]++
		}
	}
	var out []Cause
	index := map[key]int{}
	for _, c := range clauses {
		why := slices.MaxFunc(hindrances(c), func(a, b string) int { return times[key{essence(a), kind(c)}] - times[key{essence(b), kind(c)}] })
		k := key{essence(why), kind(c)}
		i, known := index[k]
		switch {
		case !known:
			index[k] = len(out)
			out = append(out, Cause{Clause: c, Why: why})
		default:
			if out[i].Why != why {
				out[i].Why = k.why
			}
			out[i].Hindered = append(out[i].Hindered, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Cause) int { return int(a.Kind() - b.Kind()) }) // the gravest may tell the others
	return out
}

var (
	scenarioName = regexp.MustCompile(`\bscenario [a-z0-9-]+ `)
	number       = regexp.MustCompile(`[0-9]{4,}`)
	token        = regexp.MustCompile(`[\w~.-]*[0-9][\w~.-]*`)
)

// essence returns what the same trouble has in common wherever it shows: without names of scenarios, ids and long numbers.
func essence(why string) string {
	why = scenarioName.ReplaceAllString(why, "")
	why = token.ReplaceAllStringFunc(why, func(s string) string {
		if len(s) >= 20 {
			return "…"
		}
		return s
	})
	return number.ReplaceAllString(why, "…")
}

// tells reports whether a broken clause shows what kept those of g from being shown: it speaks of the record that blocked them,
// and weighs no less.
func (c Cause) tells(g Cause) bool {
	if c.Outcome != verdict.Fail || c.Kind() != Broken && c.Kind() != g.Kind() {
		return false
	}
	records := map[string]bool{}
	for _, h := range g.all() {
		for _, f := range h.Findings {
			for _, ref := range f.Where {
				records[ref] = records[ref] || essence(f.Blocked) == essence(g.Why)
			}
		}
	}
	return slices.ContainsFunc(c.Findings, func(f verdict.Finding) bool {
		return slices.ContainsFunc(f.Where, func(ref string) bool { return records[ref] })
	})
}
