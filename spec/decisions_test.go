package spec

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Decisions are numbered without gaps, name clauses that exist, and are named by one of them.
func TestDecisions(t *testing.T) {
	l := load(t)
	mentioned := map[string]string{} // decision to a clause
	for _, c := range l.Clauses {
		for _, m := range regexp.MustCompile(`decision (\d{4})`).FindAllStringSubmatch(c.Reading, -1) {
			mentioned[m[1]] = c.ID
		}
	}
	entries, err := os.ReadDir("decisions")
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "-")
		if want := fmt.Sprintf("%04d", i+1); number != want {
			t.Errorf("decisions/%s: want number %s", e.Name(), want)
		}
		text, err := os.ReadFile("decisions/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"\nClauses: ARC-", "\n## Context\n", "\n## Decision\n", "\n## Rejected\n"} {
			if !strings.Contains(string(text), part) {
				t.Errorf("decisions/%s: %q is missing", e.Name(), strings.TrimSpace(part))
			}
		}
		for _, id := range regexp.MustCompile(`ARC-[A-Z]+-\d+`).FindAllString(string(text), -1) {
			if _, ok := l.Clause(id); !ok {
				t.Errorf("decisions/%s: unknown clause %s", e.Name(), id)
			}
		}
		if mentioned[number] == "" && !strings.Contains(string(text), "\nAbout: the reference server\n") {
			t.Errorf("decisions/%s: no clause mentions it", e.Name())
		}
		delete(mentioned, number)
	}
	for number, id := range mentioned {
		t.Errorf("%s: decision %s does not exist", id, number)
	}
}

// Clauses that refer to each other refer to clauses that exist.
func TestCrossReferences(t *testing.T) {
	l := load(t)
	for _, c := range l.Clauses {
		text := c.Text + c.Reading + c.Reason
		if c.Tolerance != nil {
			text += c.Tolerance.Reason
		}
		for _, id := range regexp.MustCompile(`ARC-[A-Z]+-\d+`).FindAllString(text, -1) {
			if _, ok := l.Clause(id); !ok {
				t.Errorf("%s: unknown clause %s", c.ID, id)
			}
		}
	}
}
