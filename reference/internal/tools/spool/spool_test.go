package spool

import (
	"os"
	"testing"
)

func TestSpool(t *testing.T) {
	dir := t.TempDir()
	s, err := New(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{"one", "", "three"} {
		at, err := s.Add([]byte(data))
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(data))
		if _, err := s.ReadAt(got, at); err != nil || string(got) != data {
			t.Errorf("read %q, %v, want %q", got, err, data)
		}
	}
	if at, err := s.Add([]byte("four")); at != 8 || err != nil {
		t.Errorf("added at %d, %v, want 8", at, err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 0 {
		t.Errorf("the directory has %v, %v", names, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
