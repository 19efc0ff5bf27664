// Package spool keeps data in an unnamed file until it is read, because there may be more of it than memory. Nothing of it outlives the process.
package spool

import (
	"bufio"
	"errors"
	"os"
)

// Spool holds data one after another. It belongs to one goroutine.
type Spool struct {
	f    *os.File
	w    *bufio.Writer
	size int64
}

// New returns an empty spool on the file system of dir. The caller must close it.
func New(dir string) (*Spool, error) {
	f, err := os.CreateTemp(dir, ".spool.*.part")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Spool{f: f, w: bufio.NewWriterSize(f, 1<<20)}, nil
}

// Add appends data and returns its offset.
func (s *Spool) Add(data []byte) (at int64, err error) {
	at = s.size
	n, err := s.w.Write(data)
	s.size += int64(n)
	return at, err
}

// ReadAt implements [io.ReaderAt].
func (s *Spool) ReadAt(p []byte, at int64) (int, error) {
	if err := s.w.Flush(); err != nil {
		return 0, err
	}
	return s.f.ReadAt(p, at)
}

// Close discards the data.
func (s *Spool) Close() error { return s.f.Close() }
