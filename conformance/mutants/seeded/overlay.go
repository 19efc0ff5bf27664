package seeded

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// guardSource is a file of each package that is edited.
const guardSource = `package %s

import (
	"os"
	"slices"
	"strings"
	"sync"
)

var seededFaults = sync.OnceValue(func() []string { return strings.Split(os.Getenv("FAULTS"), ",") })

func seeded(name string) bool { return slices.Contains(seededFaults(), name) }
`

// Overlay writes edited copies of the files of the repository at root into dir, which is empty, and the file for go
// build -overlay, whose path it returns. packages are the packages with edits, as go build takes them below root.
func Overlay(root, dir string, faults []Fault) (file string, packages []string, err error) {
	replace := map[string]string{}
	add := func(path, text string) error {
		copied := filepath.Join(dir, strconv.Itoa(len(replace))+".go")
		replace[filepath.Join(root, path)] = copied
		return os.WriteFile(copied, []byte(text), 0o600)
	}
	edits := map[string][]Fault{}
	for _, f := range faults {
		edits[f.File] = append(edits[f.File], f)
	}
	for name, some := range edits {
		source, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return "", nil, err
		}
		text, err := edit(string(source), some)
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := add(name, text); err != nil {
			return "", nil, err
		}
		folder := filepath.Dir(name)
		if pkg := "./" + filepath.ToSlash(folder); !slices.Contains(packages, pkg) {
			packages = append(packages, pkg)
			parsed, err := parser.ParseFile(token.NewFileSet(), name, source, parser.PackageClauseOnly)
			if err != nil {
				return "", nil, err
			}
			if err := add(filepath.Join(folder, "seeded_faults.go"), fmt.Sprintf(guardSource, parsed.Name.Name)); err != nil {
				return "", nil, err
			}
		}
	}
	slices.Sort(packages)
	b, err := json.Marshal(struct{ Replace map[string]string }{replace})
	if err != nil {
		return "", nil, err
	}
	file = filepath.Join(dir, "overlay.json")
	return file, packages, os.WriteFile(file, b, 0o600)
}

// edit applies the edits of one file. It returns all errors at once.
func edit(source string, faults []Fault) (string, error) {
	type place struct {
		from, to int
		text     string
		name     string
	}
	var places []place
	var wrong []error
	for _, f := range faults {
		if n := strings.Count(source, f.Before); n != 1 {
			wrong = append(wrong, fmt.Errorf("%s: the text before stands there %d times, want once", f.Name, n))
			continue
		}
		from := strings.Index(source, f.Before)
		text := guard.ReplaceAllLiteralString(f.After, fmt.Sprintf("seeded(%q)", f.Name))
		places = append(places, place{from, from + len(f.Before), text, f.Name})
	}
	slices.SortFunc(places, func(x, y place) int { return x.from - y.from })
	var out strings.Builder
	at := 0
	for i, p := range places {
		if p.from < at {
			wrong = append(wrong, fmt.Errorf("%s overlaps %s", p.name, places[i-1].name))
			continue
		}
		out.WriteString(source[at:p.from] + p.text)
		at = p.to
	}
	return out.String() + source[at:], errors.Join(wrong...)
}

// Functions returns for each fault, by name, the function that it edits; faults of one function may hide each other.
func Functions(root string, faults []Fault) (map[string]string, error) {
	of := map[string]string{}
	for _, f := range faults {
		source, err := os.ReadFile(filepath.Join(root, f.File))
		if err != nil {
			return nil, err
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, f.File, source, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		at := strings.Index(string(source), f.Before)
		of[f.Name] = f.File + ":" + strconv.Itoa(at) // outside of functions each is alone
		for _, d := range parsed.Decls {
			from, to := set.Position(d.Pos()).Offset, set.Position(d.End()).Offset
			if fn, ok := d.(*ast.FuncDecl); ok && from <= at && at < to {
				of[f.Name] = f.File + ":" + strconv.Itoa(set.Position(fn.Pos()).Line)
			}
		}
	}
	return of, nil
}
