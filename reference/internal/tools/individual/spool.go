package individual

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/tools/individual/matroska"
)

// maxBlocks bounds the index of one file, which is in memory: 32 bytes for each block, of which 50 packets and 30 frames a second make
// four million in 14 hours.
const maxBlocks = 4 << 20

// spool keeps the blocks of a file on disk, so that they can be put into another order than that of the file.
type spool struct {
	f      *os.File
	w      *bufio.Writer
	size   int64
	index  [2][]entry // of audio and video
	codecs [2]av.Codec
	still  bool   // the file is a picture
	client string // whose stream it is, if the file tells
}

// entry is a block.
type entry struct {
	time   time.Duration // when it is presented
	at     time.Duration // nothing that follows is presented before; it never decreases
	offset int64
	size   int32
	key    bool
	turned bool // see [matroska.Block.Reordered]
}

// The kinds of media.
const (
	audio = iota
	video
)

func newSpool(dir string) (*spool, error) {
	f, err := os.CreateTemp(dir, "blocks")
	if err != nil {
		return nil, err
	}
	return &spool{f: f, w: bufio.NewWriterSize(f, 1<<20)}, nil
}

func (s *spool) close() error { return errors.Join(s.f.Close(), os.Remove(s.f.Name())) }

func (s *spool) add(b matroska.Block) error {
	if len(s.index[audio])+len(s.index[video]) >= maxBlocks {
		return fmt.Errorf("more than %d blocks", maxBlocks)
	}
	kind := audio
	if b.Track.Codec.Video() {
		kind = video
	}
	n, err := s.w.Write(b.Data)
	s.codecs[kind] = b.Track.Codec
	s.index[kind] = append(s.index[kind], entry{time: b.Time, offset: s.size, size: int32(n), key: b.Key, turned: b.Reordered})
	s.size += int64(n)
	return err
}

// arrange puts the blocks of either kind in the order in which they are decoded.
func (s *spool) arrange() error {
	arrange(s.index[audio])
	arrange(s.index[video])
	return s.w.Flush()
}

// times are when the first block is presented and the last one.
func (s *spool) times(kind int) (first, last time.Duration) {
	list := s.index[kind]
	if len(list) == 0 {
		return 0, 0
	}
	late := slices.MaxFunc(list, func(a, b entry) int { return cmp.Compare(a.time, b.time) })
	return list[0].at, late.time
}

// each calls do for every block, audio and video by their times.
func (s *spool) each(do func(kind int, e entry, data []byte) error) error {
	r := io.NewSectionReader(s.f, 0, s.size)
	var next [2]int
	for next[audio] < len(s.index[audio]) || next[video] < len(s.index[video]) {
		kind := s.earlier(next)
		e := s.index[kind][next[kind]]
		next[kind]++
		data := make([]byte, e.size)
		if _, err := r.ReadAt(data, e.offset); err != nil {
			return err
		}
		if err := do(kind, e, data); err != nil {
			return err
		}
	}
	return nil
}

// earlier is the kind of the block that comes next after so many of either kind.
func (s *spool) earlier(next [2]int) int {
	sounds, pictures := s.index[audio][next[audio]:], s.index[video][next[video]:]
	if len(sounds) == 0 || len(pictures) > 0 && pictures[0].at < sounds[0].at {
		return video
	}
	return audio
}
