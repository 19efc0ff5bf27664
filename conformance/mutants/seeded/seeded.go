// Package seeded plants faults in the server's source and tells which of them the suite catches.
//
// A [Fault] is one edit of a file. The files of the repository stay as they are: [Overlay] writes edited copies for
// go build -overlay. Every edit is guarded, so that one program holds all faults and is good until the environment
// variable FAULTS names some of them. [Groups] says which faults can be judged in one run, and a [Hunt] judges them.
package seeded

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"reelcheck/spec"
)

//go:embed *.yaml
var files embed.FS

// Fault is one edit of the server's source, which breaks one clause. Before stands exactly once in File, and After in
// its place. In After the word FAULT stands for a condition that is true when the fault is wanted.
type Fault struct {
	Name   string
	File   string // below the root of the repository
	Before string
	After  string
	Clause string
	Why    string   // who would make the mistake, or how it shows
	Also   []string // other clauses that the fault breaks
	Needs  []string // capabilities that the target must declare
	Alone  bool     // it breaks too much to be judged together with others
}

// named reports whether the fault breaks a clause by its own account.
func (f Fault) named(clause string) bool {
	return f.Clause == clause || slices.Contains(f.Also, clause)
}

// clauses returns the clauses that the fault breaks by its own account.
func (f Fault) clauses() []string { return append([]string{f.Clause}, f.Also...) }

// Load reads all faults, in the order of their files.
func Load() ([]Fault, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	var all []Fault
	for _, name := range names {
		text, err := files.Open(name)
		if err != nil {
			return nil, err
		}
		d := yaml.NewDecoder(text)
		d.KnownFields(true)
		var some []Fault
		if err := d.Decode(&some); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// FAULT is a word in the text after an edit.
var guard = regexp.MustCompile(`\bFAULT\b`)

var aName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Check returns everything that is wrong with the faults, whatever the files hold that they edit.
func Check(ledger spec.Ledger, faults []Fault) error {
	var wrong []error
	report := func(f Fault, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%s: %s", f.Name, fmt.Sprintf(format, args...)))
	}
	names := map[string]bool{}
	for _, f := range faults {
		if !aName.MatchString(f.Name) || names[f.Name] {
			report(f, "want a name of its own, of small letters, digits and hyphens")
		}
		names[f.Name] = true
		if f.Why == "" || f.Before == "" || !guard.MatchString(f.After) {
			report(f, "want why, before, and the word FAULT in after")
		}
		if !strings.HasPrefix(f.File, "reference/") || strings.HasSuffix(f.File, "_test.go") {
			report(f, "%s is not source of the server", f.File)
		}
		for i, id := range f.clauses() {
			if cl, ok := ledger.Clause(id); !ok || cl.Verify != spec.Checks {
				report(f, "%s is not a clause that is judged", id)
			}
			if slices.Contains(f.clauses()[:i], id) {
				report(f, "%s is named twice", id)
			}
		}
		for _, need := range f.Needs {
			if _, ok := ledger.Capabilities[spec.Capability(need)]; !ok {
				report(f, "%s is not a capability", need)
			}
		}
	}
	return errors.Join(wrong...)
}

// Choose returns the faults whose names match one of the patterns; all without patterns. A pattern that matches none is
// an error.
func Choose(faults []Fault, patterns []string) ([]Fault, error) {
	if len(patterns) == 0 {
		return faults, nil
	}
	chosen := map[string]bool{}
	for _, p := range patterns {
		found := false
		for _, f := range faults {
			if ok, err := path.Match(p, f.Name); err != nil {
				return nil, err
			} else if ok {
				found, chosen[f.Name] = true, true
			}
		}
		if !found {
			return nil, fmt.Errorf("no fault has the name %q", p)
		}
	}
	return slices.DeleteFunc(slices.Clone(faults), func(f Fault) bool { return !chosen[f.Name] }), nil
}

// Part returns every of-th fault, beginning with the k-th, so that each part has some of every chapter.
func Part(faults []Fault, k, of int) []Fault {
	var part []Fault
	for i := k - 1; i < len(faults); i += of {
		part = append(part, faults[i])
	}
	return part
}
