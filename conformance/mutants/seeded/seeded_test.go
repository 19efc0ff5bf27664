package seeded

import (
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"reelcheck/spec"
)

func load(t *testing.T) (root string, faults []Fault) {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	if faults, err = Load(); err != nil {
		t.Fatal(err)
	}
	return root, faults
}

func TestFaults(t *testing.T) {
	_, faults := load(t)
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(ledger, faults); err != nil {
		t.Error(err)
	}
}

// TestOverlayCompiles checks that every text before stands exactly once in its file, and that the server compiles with all edits.
func TestOverlayCompiles(t *testing.T) {
	root, faults := load(t)
	overlay, packages, err := Overlay(root, t.TempDir(), faults)
	if err != nil {
		t.Fatal(err)
	}
	vet := exec.Command("go", append([]string{"vet", "-overlay", overlay}, packages...)...)
	vet.Dir = root
	if text, err := vet.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestCheck(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	good := Fault{Name: "a-fault", File: "reference/x.go", Before: "a", After: "a && !FAULT", Clause: "ARC-START-01", Why: "why"}
	if err := Check(ledger, []Fault{good}); err != nil {
		t.Errorf("a good fault: %v", err)
	}
	for what, spoil := range map[string]func(*Fault){
		"not an identifier": func(f *Fault) { f.Name = "A fault" },
		"the suite's":       func(f *Fault) { f.File = "conformance/x.go" },
		"a test's":          func(f *Fault) { f.File = "reference/x_test.go" },
		"not guarded":       func(f *Fault) { f.After = "b" },
		"no reason":         func(f *Fault) { f.Why = "" },
		"no clause":         func(f *Fault) { f.Clause = "none" },
		"not judged":        func(f *Fault) { f.Clause = "ARC-XC-01" },
		"no other clause":   func(f *Fault) { f.Also = []string{"none"} },
		"named twice":       func(f *Fault) { f.Also = []string{"ARC-START-01"} },
		"no capability":     func(f *Fault) { f.Needs = []string{"wings"} },
	} {
		f := good
		spoil(&f)
		if Check(ledger, []Fault{f}) == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if Check(ledger, []Fault{good, good}) == nil {
		t.Error("the same name twice: no error")
	}
}

func TestEdit(t *testing.T) {
	const source = "if a {\n\tb()\n}\nif c {\n}\n"
	got, err := edit(source, []Fault{{Name: "late", Before: "if c {", After: "if c && !FAULT {"}, {Name: "early", Before: "b()", After: "if FAULT { d() }"}})
	if want := "if a {\n\tif seeded(\"early\") { d() }\n}\nif c && !seeded(\"late\") {\n}\n"; err != nil || got != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	for what, faults := range map[string][]Fault{
		"absent":      {{Name: "x", Before: "if d {", After: "FAULT"}},
		"there twice": {{Name: "x", Before: "if ", After: "FAULT"}},
		"overlapping": {{Name: "x", Before: "if a {", After: "FAULT"}, {Name: "y", Before: "a {\n", After: "FAULT"}},
	} {
		if _, err := edit(source, faults); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

func TestChoice(t *testing.T) {
	faults := []Fault{{Name: "a-1"}, {Name: "a-2"}, {Name: "b-1"}}
	if got, err := Choose(faults, []string{"a-*"}); err != nil || Names(got) != "a-1,a-2" {
		t.Errorf("a-*: %s, %v", Names(got), err)
	}
	if _, err := Choose(faults, []string{"a-*", "c"}); err == nil {
		t.Error("c is no fault: no error")
	}
	seen := ""
	for k := range 2 {
		seen += Names(Part(faults, k+1, 2)) + " "
	}
	if want := "a-1,b-1 a-2 "; seen != want {
		t.Errorf("parts %q, want %q", seen, want)
	}
}

func TestGroups(t *testing.T) {
	faults := []Fault{
		{Name: "a", Clause: "1"}, {Name: "b", Clause: "2", Also: []string{"1"}}, {Name: "c", Clause: "3"}, {Name: "d", Clause: "4", Alone: true},
		{Name: "e", Clause: "5"}, {Name: "f", Clause: "6"},
	}
	functions := map[string]string{"a": "A", "b": "B", "c": "C", "d": "D", "e": "C", "f": "F"}
	var got []string
	for _, g := range Groups(faults, functions, 3) {
		got = append(got, Names(g))
	}
	if want := []string{"a,c,f", "b,e", "d"}; !reflect.DeepEqual(got, want) {
		t.Errorf("groups %q, want %q", got, want)
	}
}

func TestFunctions(t *testing.T) {
	root, faults := load(t)
	of, err := Functions(root, faults)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		if !strings.HasPrefix(of[f.Name], f.File+":") {
			t.Errorf("%s is in %q", f.Name, of[f.Name])
		}
	}
}
