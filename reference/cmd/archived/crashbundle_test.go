package main

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/capture"
	"reelcheck/reference/internal/journal"
)

// captured returns the file of an individual archive that waits to be stored. It works on copies, because opening a journal would repair it.
func (w *observer) captured(data string, a archive.Archive) (io.ReadCloser, error) {
	dir := filepath.Join(w.t.TempDir(), a.SessionID)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(data, "recordings", "journals", a.SessionID))); err != nil {
		return nil, err
	}
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		return nil, err
	}
	defer j.Close()
	plan, err := capture.Load(filepath.Join(data, "recordings", "archives", a.ID))
	if err != nil {
		return nil, err
	}
	r, err := plan.Open(w.t.Context(), a, j, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(r)
	return io.NopCloser(bytes.NewReader(content)), errors.Join(err, r.Close())
}

// expectBundle checks that an individual archive can be read to its end and agrees with its manifest.
func (w *observer) expectBundle(a archive.Archive, content []byte) {
	b := unpack(w.t, content)
	if b.manifest.ID != a.ID || b.manifest.SessionID != a.SessionID || len(b.manifest.Files) != len(b.blocks) {
		w.lose("individual archive %s has %d files and the manifest %+v", a.ID, len(b.blocks), b.manifest)
	}
	for _, f := range b.manifest.Files {
		blocks := b.blocks[f.Filename]
		if len(blocks) == 0 {
			w.lose("individual archive %s has nothing in %s", a.ID, f.Filename)
			continue
		}
		length := time.Duration(f.StopTimeOffset-f.StartTimeOffset) * time.Millisecond
		if last := blocks[len(blocks)-1].Time; last-length > edge {
			w.lose("individual archive %s: %s goes on to %v, its manifest says %v", a.ID, f.Filename, last, length)
		}
	}
}
