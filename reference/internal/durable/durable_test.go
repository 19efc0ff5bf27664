package durable

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	want := func(content string) {
		t.Helper()
		got, err := os.ReadFile(path)
		if err != nil || string(got) != content {
			t.Errorf("%q, %v; want %q", got, err, content)
		}
		if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
			t.Errorf("the directory has %v, %v", names, err)
		}
	}
	if err := WriteFile(path, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	want("one")
	failure := errors.New("disk full")
	_, err := File(path, 0o644, func(f *os.File) error {
		_, err := f.WriteString("two")
		return errors.Join(err, failure)
	})
	if !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
	want("one")
	size, err := File(path, 0o644, func(f *os.File) error {
		_, err := f.WriteString("three")
		return err
	})
	if info, statErr := os.Stat(path); err != nil || size != 5 || statErr != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%d bytes, %v, %v", size, info, err)
	}
	want("three")
}

// TestClean removes temporary files, and leaves other files and a directory with such a name.
func TestClean(t *testing.T) {
	for _, name := range []string{"usual", "[ab]", "a[b", "*?", `\`} { // a name that a pattern would not match, or not allow
		clean(t, filepath.Join(t.TempDir(), name))
	}
}

func clean(t *testing.T, dir string) {
	folder := filepath.Join(dir, ".g.part")
	if err := os.MkdirAll(filepath.Join(folder, "within"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".f.12.part", "f", ".hidden"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Clean(dir); err != nil {
		t.Fatal(err)
	}
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 3 || names[0].Name() != ".g.part" || names[1].Name() != ".hidden" || names[2].Name() != "f" {
		t.Errorf("left: %v, %v", names, err)
	}
}
