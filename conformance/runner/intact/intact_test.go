package intact

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelcheck/conformance/evidence"
)

// bundle writes ten callbacks with bodies that are no text, and returns the folder of the bundle.
func bundle(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	j, err := evidence.Create(dir, evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		b, err := j.Body([]byte{0, byte(i)})
		if err == nil {
			_, err = j.Append(evidence.Record{Scenario: "s", Label: "l", Webhook: &evidence.Webhook{Method: "POST", Body: b}})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// blobs returns the paths of all blobs.
func blobs(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "blobs", "*"))
	if err != nil || len(names) != 10 {
		t.Fatal(names, err)
	}
	return names
}

// cut removes the lines of the journal from one to another, counted from 0.
func cut(t *testing.T, dir string, from, to int) {
	t.Helper()
	name := filepath.Join(dir, "journal.jsonl")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(b, []byte("\n"))
	if err := os.WriteFile(name, bytes.Join(append(lines[:from:from], lines[to:]...), nil), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  string
	}{
		"whole":       {func(*testing.T, string) {}, ""},
		"killed":      {func(t *testing.T, dir string) { cut(t, dir, 7, 10) }, ""},
		"gap":         {func(t *testing.T, dir string) { cut(t, dir, 3, 6) }, "evidence incomplete: records 4 to 6 missing"},
		"a line":      {func(t *testing.T, dir string) { cut(t, dir, 3, 4) }, "evidence incomplete: record 4 missing"},
		"no start":    {func(t *testing.T, dir string) { cut(t, dir, 0, 2) }, "evidence incomplete: records 1 to 2 missing"},
		"two gaps":    {func(t *testing.T, dir string) { cut(t, dir, 6, 8); cut(t, dir, 1, 2) }, "record 2 missing, records 7 to 8 missing"},
		"deleted":     {func(t *testing.T, dir string) { remove(t, blobs(t, dir)[3:5]...) }, "evidence incomplete: 2 blobs missing or changed"},
		"altered":     {func(t *testing.T, dir string) { write(t, blobs(t, dir)[0]) }, "evidence incomplete: 1 blob missing or changed"},
		"out of turn": {func(t *testing.T, dir string) { twice(t, dir) }, "record 1 not in its place"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := bundle(t)
			c.spoil(t, dir)
			v, _, err := evidence.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			err = Check(v)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func remove(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

func write(t *testing.T, name string) {
	t.Helper()
	if err := os.WriteFile(name, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// twice appends the journal to itself.
func twice(t *testing.T, dir string) {
	t.Helper()
	name := filepath.Join(dir, "journal.jsonl")
	b, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, append(b, b...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
