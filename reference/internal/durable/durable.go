// Package durable writes files that are complete or absent, whenever the process or the machine dies. It writes a file
// under a temporary name in the same directory, syncs it, renames it, and syncs the directory, because a rename may be
// lost otherwise:
//
//	size, err := durable.File(path, 0o600, func(f *os.File) error { ... })
//
// A process that dies leaves the temporary file. The owner of a directory must call [Clean] when it starts.
// (google/renameio does the same, but does not sync the directory.)
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// unfinished matches the temporary files in a directory.
const unfinished = ".*.part"

// WriteFile writes content to the file at path.
func WriteFile(path string, content []byte, perm os.FileMode) error {
	_, err := File(path, perm, func(f *os.File) error {
		_, err := f.Write(content)
		return err
	})
	return err
}

// File writes the file at path with the content that write writes, and returns its size in bytes. When it fails, the old
// file is still there.
func File(path string, perm os.FileMode, write func(*os.File) error) (size int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreClosed(f.Close()), os.Remove(f.Name()))
		}
	}()
	if err = write(f); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if err = errors.Join(f.Chmod(perm), f.Sync(), f.Close()); err != nil {
		return 0, err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return 0, err
	}
	return info.Size(), Sync(filepath.Dir(path))
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// Sync makes the content of a file, or the names in a directory, durable.
func Sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Clean removes the temporary files that a dead process left in dir. Nobody may be writing to dir.
func Clean(dir string) error {
	left, err := Glob(dir, unfinished)
	for _, path := range left {
		if info, gone := os.Lstat(path); gone == nil && info.Mode().IsRegular() { // others are not of this package
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}

// Glob returns the paths below dir that match pattern, as [filepath.Glob] does, but dir may contain the characters of
// patterns.
func Glob(dir, pattern string) ([]string, error) {
	paths, err := fs.Glob(os.DirFS(dir), pattern)
	for i, name := range paths {
		paths[i] = filepath.Join(dir, filepath.FromSlash(name))
	}
	return paths, err
}
