package compose

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// File reads a head and its media data as one file. The head is in front of the media (ARC-COMP-11).
type File struct {
	*io.SectionReader

	head, media *os.File
}

// openFile opens a head and its media data.
func openFile(head, media string) (*File, error) {
	h, err := os.Open(head)
	if err != nil {
		return nil, err
	}
	m, err := os.Open(media)
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	f := &File{head: h, media: m}
	hi, herr := h.Stat()
	mi, merr := m.Stat()
	if err := errors.Join(herr, merr); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	f.SectionReader = io.NewSectionReader(&joined{h, m, hi.Size(), mi.Size()}, 0, hi.Size()+mi.Size())
	return f, nil
}

// Close closes both files.
func (f *File) Close() error { return errors.Join(f.head.Close(), f.media.Close()) }

type joined struct {
	head, media         io.ReaderAt
	headSize, mediaSize int64
}

func (j *joined) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("reading at negative offset %d", off)
	}
	if off < j.headSize {
		n, err = j.head.ReadAt(p[:min(int64(len(p)), j.headSize-off)], off)
		if err != nil && !errors.Is(err, io.EOF) || off+int64(n) < j.headSize {
			return n, err
		}
		if n == len(p) {
			return n, nil
		}
	}
	m, err := j.media.ReadAt(p[n:], off+int64(n)-j.headSize)
	return n + m, err
}
