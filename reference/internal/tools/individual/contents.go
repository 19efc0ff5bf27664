package individual

import (
	"cmp"
	"slices"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/mux/matroska"
	"reelcheck/reference/internal/tools/spool"
)

// maxBlocks is the maximum number of blocks in a file. The index is in memory and takes 32 bytes for each. A file with 50 packets and 30 frames
// a second has four million in 14 hours.
const maxBlocks = 4 << 20

// contents is what was read of a file. The blocks are on disk, so that their order can be changed.
type contents struct {
	data   *spool.Spool
	index  [2][]entry // by kind
	codecs [2]av.Codec
	still  bool   // the file is a picture
	client string // connection id of the stream's client, if the file has it
	cut    bool   // the file says that the connection was lost at its end
}

// entry describes a block.
type entry struct {
	time   time.Duration // presentation time
	at     time.Duration // no later block is presented before it; never decreases
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

func (s *contents) blocks() int { return len(s.index[audio]) + len(s.index[video]) }

func (s *contents) add(b matroska.Block) error {
	kind := audio
	if b.Track.Codec.Video() {
		kind = video
	}
	at, err := s.data.Add(b.Data)
	s.codecs[kind] = b.Track.Codec
	s.index[kind] = append(s.index[kind], entry{time: b.Time, offset: at, size: int32(len(b.Data)), key: b.Key, turned: b.Reordered})
	return err
}

// arrange sorts the blocks of each kind into decoding order.
func (s *contents) arrange() {
	arrange(s.index[audio])
	arrange(s.index[video])
}

// times returns when the first block and the last block are presented.
func (s *contents) times(kind int) (first, last time.Duration) {
	list := s.index[kind]
	if len(list) == 0 {
		return 0, 0
	}
	late := slices.MaxFunc(list, func(a, b entry) int { return cmp.Compare(a.time, b.time) })
	return list[0].at, late.time
}

// each calls do for every block, with audio and video merged by time.
func (s *contents) each(do func(kind int, e entry, data []byte) error) error {
	var next [2]int
	for next[audio] < len(s.index[audio]) || next[video] < len(s.index[video]) {
		kind := s.earlier(next)
		e := s.index[kind][next[kind]]
		next[kind]++
		data := make([]byte, e.size)
		if _, err := s.data.ReadAt(data, e.offset); err != nil {
			return err
		}
		if err := do(kind, e, data); err != nil {
			return err
		}
	}
	return nil
}

// earlier returns the kind of the next block. next has the index of the next block of each kind.
func (s *contents) earlier(next [2]int) int {
	sounds, pictures := s.index[audio][next[audio]:], s.index[video][next[video]:]
	if len(sounds) == 0 || len(pictures) > 0 && pictures[0].at < sounds[0].at {
		return video
	}
	return audio
}
