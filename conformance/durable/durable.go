// Package durable gives a file its name when the whole of it is on disk. (The reference server has a package of the same
// name. The two programs share data and no code, so that no error is in both.)
package durable

import (
	"errors"
	"os"
	"path/filepath"
)

// Place syncs f, closes it, renames it to path on the same file system, and syncs the directory, because a rename may be
// lost otherwise. When it fails, it removes f.
func Place(f *os.File, path string) error {
	err := errors.Join(f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
