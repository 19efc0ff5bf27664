package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// content returns the content of a file.
func content(t *testing.T, elements ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elements...))
	must(t, err)
	return string(b)
}

// TestAnotherDatabase checks that the server refuses a data directory with a database that does not have its application, and does not touch its
// key.
func TestAnotherDatabase(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	p := start(t, data)
	id := p.ready.ApplicationID
	key := content(t, data, "default.key")
	wal, err := os.Stat(filepath.Join(data, "archived.db-wal"))
	if err == nil && wal.Size() > 0 {
		t.Errorf("%d bytes of a young database are in its log alone", wal.Size())
	}
	p.terminate()
	if log, err := os.Stat(filepath.Join(data, "archived.db-wal")); err == nil && log.Size() > 0 {
		t.Errorf("the log has %d bytes after the end", log.Size())
	}
	for name, spoil := range map[string]func(file string) error{
		"lost": os.Remove, "empty": func(file string) error { return os.Truncate(file, 0) },
	} {
		spoilt := filepath.Join(t.TempDir(), "data")
		must(t, os.CopyFS(spoilt, os.DirFS(data)))
		must(t, spoil(filepath.Join(spoilt, "archived.db")))
		said := fail(t, nil, "--port", "0", "--data", spoilt)
		for _, word := range []string{"default.id", "default.key", id, "archived.db", "--database"} {
			if !strings.Contains(said, word) {
				t.Errorf("%s: %q does not say %q", name, said, word)
			}
		}
		if content(t, spoilt, "default.key") != key || strings.TrimSpace(content(t, spoilt, "default.id")) != id {
			t.Errorf("%s: the key or the id is another", name)
		}
	}
	again := start(t, data)
	if again.ready.ApplicationID != id || content(t, data, "default.key") != key {
		t.Error("another application after a start that failed")
	}
	again.terminate()

	must(t, os.Remove(filepath.Join(data, "default.id")))
	anew := start(t, data)
	if anew.ready.ApplicationID == id || content(t, data, "default.key.1") != key {
		t.Error("without default.id the key was overwritten")
	}
	anew.terminate()
}

// TestFilesArePrivate checks that only the owner can read the files in the data directory, whoever may read the directory.
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	must(t, os.Chmod(data, 0o755))
	for _, when := range []string{"made", "repaired"} {
		p := start(t, data)
		for _, file := range []string{"archived.db", "archived.db-wal", "archived.db-shm"} {
			info, err := os.Stat(filepath.Join(data, file))
			must(t, err)
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s, %s: %v", file, when, info.Mode())
			}
		}
		p.kill() // a kill leaves the database's log
		must(t, filepath.WalkDir(data, func(path string, entry os.DirEntry, err error) error {
			info, gone := os.Stat(path)
			switch {
			case gone != nil || path == data:
			case info.Mode().Perm()&0o077 != 0:
				t.Errorf("%s, %s: %v", path, when, info.Mode())
			case entry.IsDir():
				return filepath.SkipDir // nobody gets to what is below
			}
			return err
		}))
		must(t, filepath.WalkDir(data, func(path string, entry os.DirEntry, err error) error {
			if entry.IsDir() {
				return errors.Join(err, os.Chmod(path, 0o755))
			}
			return errors.Join(err, os.Chmod(path, 0o644))
		}))
	}
}

// TestReadinessKeepsSecrets checks that the FFmpeg that is asked for its encoders gets none of the server's settings.
func TestReadinessKeepsSecrets(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "ffmpeg")
	must(t, os.WriteFile(program, []byte("#!/bin/sh\nenv > "+dir+"/seen\n"), 0o700))
	t.Setenv("ARCHIVED_SMTP_PASSWORD", "hush")
	r := readiness{ffmpeg: program}
	r.encoders(t.Context())
	if seen := content(t, dir, "seen"); strings.Contains(seen, "hush") || !strings.Contains(seen, "PATH=") {
		t.Errorf("environment: %s", seen)
	}
}
