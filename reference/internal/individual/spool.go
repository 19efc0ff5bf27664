package individual

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/individual/matroska"
)

// spool puts the blocks of a file into the order of their times, which is not that of the file.
type spool struct {
	f     *os.File
	w     *bufio.Writer
	size  int64
	index []entry
}

type entry struct {
	time   time.Duration
	offset int64
	size   int32
	key    bool
	codec  av.Codec
}

func newSpool(dir string) (*spool, error) {
	f, err := os.CreateTemp(dir, "blocks")
	if err != nil {
		return nil, err
	}
	return &spool{f: f, w: bufio.NewWriterSize(f, 1<<20)}, nil
}

func (s *spool) close() error { return errors.Join(s.f.Close(), os.Remove(s.f.Name())) }

func (s *spool) add(b matroska.Block) error {
	n, err := s.w.Write(b.Data)
	s.index = append(s.index, entry{time: b.Time, offset: s.size, size: int32(n), key: b.Key, codec: b.Track.Codec})
	s.size += int64(n)
	return err
}

// sorted calls each for every block, the earliest first.
func (s *spool) sorted(each func(entry, []byte) error) error {
	if err := s.w.Flush(); err != nil {
		return err
	}
	slices.SortStableFunc(s.index, func(a, b entry) int { return cmp.Compare(a.time, b.time) })
	r := io.NewSectionReader(s.f, 0, s.size)
	for _, e := range s.index {
		data := make([]byte, e.size)
		if _, err := r.ReadAt(data, e.offset); err != nil {
			return err
		}
		if err := each(e, data); err != nil {
			return err
		}
	}
	return nil
}
