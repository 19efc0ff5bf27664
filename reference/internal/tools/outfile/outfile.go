// Package outfile makes output files that are either complete or not there.
package outfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Check reports why a file cannot be made.
func Check(out string, overwrite bool, inputs ...string) error {
	to, err := os.Stat(out)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	case to.IsDir():
		return fmt.Errorf("output %q is a directory", out)
	case !overwrite:
		return fmt.Errorf("output %q exists; -y overwrites it", out)
	}
	for _, in := range inputs {
		if from, err := os.Stat(in); err == nil && to != nil && os.SameFile(from, to) {
			return fmt.Errorf("output %q is one of the inputs", out)
		}
	}
	if dir, err := os.Stat(filepath.Dir(out)); err != nil {
		return fmt.Errorf("output directory: %w", err)
	} else if !dir.IsDir() {
		return fmt.Errorf("output directory %q is not a directory", filepath.Dir(out))
	}
	return nil
}

// Unfinished matches the files, in a directory, that a process left which died while it wrote them.
const Unfinished = ".*.part"

// File writes a file under a temporary name beside out, and renames it when it is complete and on disk.
func File(out string, write func(*os.File) error) (size int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(out), "."+filepath.Base(out)+".*.part")
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	if err = write(f); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if err = errors.Join(f.Chmod(0o644), f.Sync()); err != nil {
		return 0, err
	}
	if err = os.Rename(f.Name(), out); err != nil {
		return 0, err
	}
	return info.Size(), f.Close()
}
