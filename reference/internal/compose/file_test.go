package compose

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
)

func TestOpenFile(t *testing.T) {
	head, media := bytes.Repeat([]byte("head"), 100), bytes.Repeat([]byte("media"), 1000)
	dir := t.TempDir()
	h, m := filepath.Join(dir, "h"), filepath.Join(dir, "m")
	if err := errors.Join(os.WriteFile(h, head, 0o644), os.WriteFile(m, media, 0o644)); err != nil {
		t.Fatal(err)
	}
	f, err := openFile(h, m)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := iotest.TestReader(f, append(bytes.Clone(head), media...)); err != nil {
		t.Error(err)
	}
	if _, err := openFile(h, filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no media data: %v", err)
	}
}
