package evidence

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelcheck/conformance/bounded"
)

// again repeats a line without an end.
type again struct {
	line string
	rest string
}

func (a *again) Read(p []byte) (int, error) {
	if a.rest == "" {
		a.rest = a.line
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// TestReadHasLimits reads journals without an end.
func TestReadHasLimits(t *testing.T) {
	if _, err := Read(&again{line: strings.Repeat("x", 1<<16)}); err == nil || !strings.Contains(err.Error(), "byte 0: more than 64 MiB") {
		t.Errorf("a line: %v", err)
	}
	if _, err := Read(&again{line: strings.Repeat(",", 1<<16)}); err == nil || !strings.Contains(err.Error(), "values") {
		t.Errorf("values: %v", err)
	}
	if records, err := Read(&again{line: `{"step":{}}` + "\n"}); err == nil || !strings.Contains(err.Error(), "records") {
		t.Errorf("%d records: %v", len(records), err)
	}
}

// TestBlobsAreFiles refuses what only looks like a blob, and bytes beyond those that a body has.
func TestBlobsAreFiles(t *testing.T) {
	dir, name := t.TempDir(), strings.Repeat("a", 64)
	v := View{dir: dir}
	if err := os.Mkdir(filepath.Join(dir, blobDir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(v.BlobPath(name), []byte("longer"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := v.Bytes(Body{SHA256: name, Size: 4}); !errors.As(err, new(*bounded.Error)) {
		t.Errorf("%q, %v", b, err)
	}
	if err := os.Remove(v.BlobPath(name)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", v.BlobPath(name)); err != nil {
		t.Fatal(err)
	}
	if f, err := v.Blob(name); err == nil {
		b, _ := io.ReadAll(io.LimitReader(f, 4))
		t.Errorf("%q was read from a link", b)
		_ = f.Close()
	}
}
