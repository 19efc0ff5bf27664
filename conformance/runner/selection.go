package runner

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"reelcheck/spec"
)

// Selection names the clauses to judge: those that Clauses or Chapters name, of the profile and the levels, without those to
// skip. What is empty limits nothing.
type Selection struct {
	Clauses  []string // ids or patterns such as ARC-CB-*
	Chapters []string // chapter keys such as CB
	Profile  string
	Levels   []string
	Skip     []string // ids or patterns
}

// List returns the selectors in words, as reports show them.
func (s Selection) List() []string {
	out := slices.Concat(s.Chapters, s.Clauses)
	if s.Profile != "" {
		out = append(out, "profile:"+s.Profile)
	}
	for _, level := range s.Levels {
		out = append(out, "level:"+level)
	}
	for _, pattern := range s.Skip {
		out = append(out, "not "+pattern)
	}
	return out
}

// UsageError is an error in what the user asked for.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// Select returns the selected clauses. A word that the ledger does not know, and a selector that matches no clause, are usage
// errors.
func Select(ledger spec.Ledger, s Selection) ([]spec.Clause, error) {
	profile, err := s.known(ledger)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	var out []spec.Clause
	for _, cl := range ledger.Clauses {
		skipped := matches(s.Skip, cl, used)
		if (s.names(cl, used) || len(s.Clauses)+len(s.Chapters) == 0) && profile.Holds(cl) && (len(s.Levels) == 0 || slices.Contains(s.Levels, string(cl.Level))) && !skipped {
			out = append(out, cl)
		}
	}
	for _, selector := range slices.Concat(s.Chapters, s.Clauses, s.Skip) {
		if !used[selector] {
			return nil, &UsageError{fmt.Errorf("%q matches no clause; see conform list", selector)}
		}
	}
	return out, nil
}

// known returns the selected profile; the zero one holds every clause.
func (s Selection) known(ledger spec.Ledger) (spec.Profile, error) {
	profile, ok := ledger.Profile(s.Profile)
	if s.Profile != "" && !ok {
		var names []string
		for _, p := range ledger.Profiles {
			names = append(names, p.Name)
		}
		return profile, &UsageError{fmt.Errorf("profile %q: want one of %s", s.Profile, strings.Join(names, ", "))}
	}
	for _, level := range s.Levels {
		if !slices.Contains([]spec.Level{spec.Must, spec.Should, spec.May}, spec.Level(level)) {
			return profile, &UsageError{fmt.Errorf("level %q: want one of must, should, may", level)}
		}
	}
	return profile, nil
}

// names reports whether a chapter or a pattern names the clause. It marks every selector that does in used.
func (s Selection) names(cl spec.Clause, used map[string]bool) bool {
	found := matches(s.Clauses, cl, used)
	for _, chapter := range s.Chapters {
		if strings.EqualFold(chapter, cl.Chapter()) {
			used[chapter], found = true, true
		}
	}
	return found
}

// matches reports whether one of the patterns matches the clause. It marks every one that does in used.
func matches(patterns []string, cl spec.Clause, used map[string]bool) bool {
	found := false
	for _, pattern := range patterns {
		if ok, err := path.Match(strings.ToUpper(pattern), cl.ID); err == nil && ok {
			used[pattern], found = true, true
		}
	}
	return found
}
