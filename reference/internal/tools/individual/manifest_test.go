package individual

import (
	"archive/zip"
	"bytes"
	"log/slog"
	"path/filepath"
	"testing"

	"reelcheck/reference/internal/journal"
)

// FuzzArchive reads any bytes as a ZIP file, and fills a journal from a ZIP file with any manifest and media.
func FuzzArchive(f *testing.F) {
	one := []byte(`{"id":"a","files":[{"streamId":"s","filename":"f","startTimeOffset":0,"stopTimeOffset":1000,"videoType":"camera"}]}`)
	f.Add([]byte("PK\x03\x04"), one, []byte("\x1aE\xdf\xa3"))
	f.Add([]byte{}, []byte(`{"files":[]}`), []byte{})
	f.Fuzz(func(t *testing.T, raw, manifest, media []byte) {
		if z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw))); err == nil {
			_, _ = read(z)
		}
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for name, content := range map[string][]byte{"m.json": manifest, "f": media} {
			if e, err := w.Create(name); err == nil {
				_, _ = e.Write(content)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		a, err := read(z)
		if err != nil {
			return
		}
		dir := t.TempDir()
		j, err := journal.Open(filepath.Join(dir, "journal"), journal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = a.Fill(t.Context(), j, Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
