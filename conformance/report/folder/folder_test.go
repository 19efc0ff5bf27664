package folder

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"reelcheck/conformance/report/reporttest"
)

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if err := Write(dir, reporttest.Sample()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := slices.Sorted(slices.Values(Formats)); !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
	for _, from := range []string{dir, filepath.Join(dir, JSON)} {
		if r, err := Read(from); err != nil || r.Counts != reporttest.Sample().Counts {
			t.Errorf("%s: %v, %v", from, r, err)
		}
	}
	if _, err := Read(filepath.Join(dir, Summary)); err == nil {
		t.Error("read a summary as a report")
	}
}
