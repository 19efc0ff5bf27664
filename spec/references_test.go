package spec

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// invented are ids of clauses that do not exist, which tests use.
var invented = []string{"ARC-NONE-01", "ARC-STRAT-01", "ARC-CB-99", "ARC-DUR-99", "ARC-DUR-2", "ARC-DIR-01"}

var (
	namedClauses   = regexp.MustCompile(`\b(ARC-[A-Z]+-)\d+(?:(?:,| and| to) \d\d\b)*`) // ARC-DUR-18 to 21
	namedDecisions = regexp.MustCompile(`[Dd]ecisions? \d+(?:(?:,| and) \d+\b)*`)       // decisions 12 and 13
	namedFiles     = regexp.MustCompile(`\b(\d{4}-[a-z0-9-]+\.md)`)                     // 0012-what-the-suite-breaks-by-itself.md
	namedSources   = regexp.MustCompile(`\bsources\.md#([a-z0-9-]*)`)
	clauseID       = regexp.MustCompile(`\bARC-[A-Z]+-\d\d\b`)
	number         = regexp.MustCompile(`\d+`)
)

// dangling returns the names in a text that the ledger does not have.
func dangling(text string, l Ledger, decisions []string) (out []string) {
	for _, m := range namedClauses.FindAllStringSubmatch(text, -1) {
		for _, n := range number.FindAllString(m[0], -1) {
			if _, ok := l.Clause(m[1] + n); !ok {
				out = append(out, "clause "+m[1]+n)
			}
		}
	}
	for _, m := range namedDecisions.FindAllString(text, -1) {
		for _, n := range number.FindAllString(m, -1) {
			n, _ := strconv.Atoi(n)
			prefix := fmt.Sprintf("%04d-", n)
			if !slices.ContainsFunc(decisions, func(file string) bool { return strings.HasPrefix(file, prefix) }) {
				out = append(out, fmt.Sprintf("decision %d", n))
			}
		}
	}
	for _, m := range namedFiles.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(decisions, m[1]) {
			out = append(out, "decision "+m[1])
		}
	}
	for _, m := range namedSources.FindAllStringSubmatch(text, -1) {
		if _, ok := l.Source(m[1]); !ok {
			out = append(out, "source "+m[1])
		}
	}
	return out
}

func decisionFiles(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir("decisions")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// texts calls f with each Go, Markdown and YAML file of the repository.
func texts(t *testing.T, f func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && slices.Contains([]string{".git", "bin", "data", "report", "node_modules"}, e.Name()) && filepath.Dir(path) == "..":
			return fs.SkipDir
		case !e.Type().IsRegular() || !slices.Contains([]string{".go", ".md", ".yaml", ".yml"}, filepath.Ext(path)):
			return nil
		case path == filepath.Join("..", "spec", "references_test.go"): // it names what does not exist
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil {
			f(path, string(text))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestReferences checks that every named clause, decision and source exists.
func TestReferences(t *testing.T) {
	l, decisions := load(t), decisionFiles(t)
	for _, id := range invented {
		if _, ok := l.Clause(id); ok {
			t.Errorf("%s exists, tests take it for a clause that does not", id)
		}
	}
	cited, files := map[string]bool{}, 0
	for _, c := range l.Clauses {
		cited[c.Source] = true
	}
	texts(t, func(path, text string) {
		files++
		for _, name := range dangling(text, l, decisions) {
			if !strings.HasSuffix(path, "_test.go") || !slices.Contains(invented, strings.TrimPrefix(name, "clause ")) {
				t.Errorf("%s: %s does not exist", path, name)
			}
		}
		for _, m := range namedSources.FindAllStringSubmatch(text, -1) {
			cited[m[1]] = true
		}
	})
	if files < 500 {
		t.Errorf("looked into %d files, want those of the whole repository", files)
	}
	for _, s := range l.Sources {
		if !cited[s.Key] {
			t.Errorf("sources.md: %s is named nowhere", s.Key)
		}
	}
}

// undecided are clauses that no line of the server decides, with the reason.
var undecided = map[string]string{
	"ARC-DUR-16":  "a start after a move is a start like any other",
	"ARC-SIM-08":  "so is one beside another archive, whose rules are ARC-SIM-01 to 06",
	"ARC-STAT-08": "it allows what the server does not do: callbacks go out in order",
	"ARC-COMP-16": "it leaves open what decision 17 settles",
	"ARC-MAN-15":  "it allows what the server does not do: offsets after a pause are exact",
	"ARC-AUTO-12": "it leaves open what decision 8 settles",
	"ARC-STO-09":  "it names services, which the server reaches like any other S3 endpoint",
}

// TestClausesAreDecided checks that the server's code names every clause that is checked, in full, so that git grep finds the line that decides it.
func TestClausesAreDecided(t *testing.T) {
	named := map[string]bool{}
	texts(t, func(path, text string) {
		server := strings.HasPrefix(filepath.ToSlash(path), "../reference/internal/") && strings.HasSuffix(path, ".go")
		if !server || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(filepath.Dir(path), "test") {
			return
		}
		for _, id := range clauseID.FindAllString(text, -1) {
			named[id] = true
		}
	})
	for _, c := range load(t).Clauses {
		reason, excused := undecided[c.ID]
		switch {
		case excused && (named[c.ID] || reason == ""):
			t.Errorf("%s: the server names it, or nobody says why it does not", c.ID)
		case c.Verify == Checks && !excused && !named[c.ID]:
			t.Errorf("%s (%s): no line of the server names it", c.ID, c.Title)
		}
	}
}

func TestDangling(t *testing.T) {
	l, decisions := load(t), []string{"0001-one.md", "0002-two.md"}
	for text, want := range map[string]string{
		"ARC-DUR-01, ARC-DUR-02 and decision 1, decisions 1 and 0002, sources.md#errors, 0002-two.md": "",
		"ARC-DUR-99":              "clause ARC-DUR-99",
		"ARC-DUR-18 to 99":        "clause ARC-DUR-99",
		"ARC-DUR-1":               "clause ARC-DUR-1",
		"Decision 3":              "decision 3",
		"decisions 1, 2 and 3":    "decision 3",
		"(decisions/0001-two.md)": "decision 0001-two.md",
		"sources.md#rumours":      "source rumours",
		"see sources.md#":         "source ",
	} {
		if got := strings.Join(dangling(text, l, decisions), "; "); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
