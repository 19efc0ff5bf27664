package bounded

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "four")
	if err := os.WriteFile(name, []byte("four"), 0o600); err != nil {
		t.Fatal(err)
	}
	for most, ok := range map[int64]bool{3: false, 4: true, 5: true} {
		if b, err := File(name, most); (err == nil) != ok || ok && string(b) != "four" {
			t.Errorf("at most %d: %q, %v", most, b, err)
		}
	}
	if _, err := File("/dev/zero", 1<<20); err == nil || !strings.Contains(err.Error(), "/dev/zero: more than 1 MiB") {
		t.Errorf("without an end: %v", err)
	}
	if _, err := File(name+".missing", 1); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}

// TestReaderGivesWhatFits reads in pieces of any length.
func TestReaderGivesWhatFits(t *testing.T) {
	for name, pieces := range map[string]func(io.Reader) io.Reader{"bytes": iotest.OneByteReader, "halves": iotest.HalfReader, "early ends": iotest.DataErrReader} {
		b, err := io.ReadAll(Reader(pieces(strings.NewReader("abcdef")), 5))
		if over := new(Error); string(b) != "abcde" || !errors.As(err, &over) {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if b, err := io.ReadAll(Reader(pieces(strings.NewReader("abcde")), 5)); string(b) != "abcde" || err != nil {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

func TestValues(t *testing.T) {
	for most, ok := range map[int]bool{1: false, 2: true} {
		if b, err := io.ReadAll(Values(iotest.OneByteReader(strings.NewReader("[1,2,3]")), most)); (err == nil) != ok || ok && string(b) != "[1,2,3]" {
			t.Errorf("at most %d: %q, %v", most, b, err)
		}
	}
}
