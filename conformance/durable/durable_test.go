package durable

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPlace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report")
	begin := func(content string) *os.File {
		f, err := os.CreateTemp(dir, ".tmp-*")
		if err == nil {
			_, err = f.WriteString(content)
		}
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	want := func(content string) {
		t.Helper()
		got, err := os.ReadFile(path)
		if names, _ := os.ReadDir(dir); err != nil || string(got) != content || len(names) != 1 {
			t.Errorf("%q, %v, want %q; the directory has %v", got, err, content, names)
		}
	}
	for _, content := range []string{"one", "two"} {
		if err := Place(begin(content), path); err != nil {
			t.Fatal(err)
		}
		want(content)
	}
	if err := Place(begin("three"), filepath.Join(dir, "absent", "report")); err == nil {
		t.Error("placed in a directory that does not exist")
	}
	closed := begin("four")
	closed.Close()
	if err := Place(closed, path); err == nil {
		t.Error("placed a file that cannot be synced")
	}
	want("two")
}
