package report

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/verdict"
)

// Repeat is a finding, with the others of its clause that say the same.
type Repeat struct {
	verdict.Finding
	Also []verdict.Finding
}

// Repeats returns the findings of a clause, each told once. Ids and instants do not make what was expected another thing.
func (c Clause) Repeats() []Repeat {
	type key struct{ expected, actual, blocked string }
	index := map[key]int{}
	var out []Repeat
	for _, f := range c.Findings {
		k := key{essence(f.Expected), f.Actual, f.Blocked}
		if i, known := index[k]; known {
			out[i].Also = append(out[i].Also, f)
			continue
		}
		index[k] = len(out)
		out = append(out, Repeat{Finding: f})
	}
	return out
}

// maxScenarios is how many scenarios a line names.
const maxScenarios = 4

// In says in which scenarios it was found, and is empty if it was one. For example "in 2 scenarios: pair, pause".
func (r Repeat) In() string {
	var names []string
	for _, f := range r.All() {
		for _, ref := range f.Where {
			if name, _, ok := strings.Cut(ref, "/"); ok && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	n := len(names)
	if n < 2 {
		return ""
	}
	if n > maxScenarios {
		names = append(names[:maxScenarios], "…")
	}
	return fmt.Sprintf("in %d scenarios: %s", n, strings.Join(names, ", "))
}

// All returns every finding that says it.
func (r Repeat) All() []verdict.Finding { return append([]verdict.Finding{r.Finding}, r.Also...) }
