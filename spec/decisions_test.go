package spec

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// about marks a decision that no clause rests on.
var about = regexp.MustCompile(`\nAbout: the (reference server|suite)\n`)

// TestDecisions checks that decisions are numbered without gaps, and that a clause names each of them that is about what clauses demand.
func TestDecisions(t *testing.T) {
	l := load(t)
	mentioned := map[string]bool{}
	for _, c := range l.Clauses {
		for _, m := range regexp.MustCompile(`decision (\d{4})`).FindAllStringSubmatch(c.Reading, -1) {
			mentioned[m[1]] = true
		}
	}
	for i, name := range decisionFiles(t) {
		number, _, _ := strings.Cut(name, "-")
		if want := fmt.Sprintf("%04d", i+1); number != want {
			t.Errorf("decisions/%s: want number %s", name, want)
		}
		text, err := os.ReadFile("decisions/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"\n## Context\n", "\n## Decision\n", "\n## Rejected\n"} {
			if !strings.Contains(string(text), part) {
				t.Errorf("decisions/%s: %q is missing", name, strings.TrimSpace(part))
			}
		}
		if !mentioned[number] && !about.Match(text) {
			t.Errorf("decisions/%s: no clause mentions it", name)
		}
	}
}
