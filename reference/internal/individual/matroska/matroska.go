// Package matroska reads and writes the WebM and Matroska files of individual archives: VP8, VP9, H.264 and Opus, block by block.
// Timestamps may go back; files that are read may be cut off.
package matroska

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/at-wat/ebml-go"

	"reelcheck/reference/internal/av"
)

const (
	// maxElement bounds what one block or header may take.
	maxElement = 16 << 20
	readAhead  = 256 << 10
	// maxTracks bounds a file's tracks, of which one video and one audio track are read.
	maxTracks = 32
	// Longest is how much later than its beginning a block may be.
	Longest = 24 * time.Hour
)

// codecIDs are the names of codecs (Matroska codec specifications).
var codecIDs = map[av.Codec]string{av.VP8: "V_VP8", av.VP9: "V_VP9", av.H264: "V_MPEG4/ISO/AVC", av.Opus: "A_OPUS"}

// Track is a track that can be read.
type Track struct {
	Codec av.Codec

	number  uint64
	delay   time.Duration // of the codec: its sound begins so much earlier
	private []byte        // avcC
}

// Block is one frame or packet. H.264 is an access unit in Annex B form, with parameter sets before each key frame.
type Block struct {
	Track *Track
	Time  time.Duration
	Key   bool // video: decodable on its own
	Data  []byte
}

// ErrCut is returned, after everything before, for a file that ends in the middle of an element.
var ErrCut = errors.New("file is cut off")

type trackEntry struct {
	TrackNumber  uint64
	TrackType    uint8
	CodecID      string
	CodecPrivate []byte
	CodecDelay   uint64
}

type group struct{ Block ebml.Block }

type cluster struct {
	Timecode    chan uint64
	SimpleBlock chan ebml.Block
	BlockGroup  chan group
}

type document struct {
	Segment struct {
		Info    struct{ TimecodeScale uint64 }
		Tracks  struct{ TrackEntry []trackEntry }
		Cluster cluster
	}
}

// Read calls block for every block of the first video and the first audio track that can be read, in the order of the file.
func Read(r io.Reader, block func(Block) error) error {
	p := &parser{done: make(chan error, 1)}
	c := &p.doc.Segment.Cluster
	c.Timecode, c.SimpleBlock, c.BlockGroup = make(chan uint64), make(chan ebml.Block), make(chan group)
	p.source = &stopper{r: bufio.NewReaderSize(r, readAhead)}
	go p.parse()
	err := p.follow(block)
	if err == nil {
		return nil
	}
	// The parser cannot be told to stop: it finds the file cut off, and what it still has is dropped.
	if !p.ended {
		p.source.stop()
		for !p.ended {
			_, _, _ = p.next()
		}
	}
	return err
}

// parser is one Read. The goroutine of parse fills doc and feeds the channels; receiving from one makes what was filled before visible.
type parser struct {
	doc    document
	source *stopper
	done   chan error
	ended  bool

	tracks   []*Track
	scale    time.Duration
	timecode uint64
}

func (p *parser) parse() {
	var err error
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("file is damaged: %v", v)
		}
		p.done <- err
	}()
	err = ebml.Unmarshal(p.source, &p.doc, ebml.WithMaxLeafElementSize(maxElement), ebml.WithIgnoreUnknown(false))
}

// next returns a block; ok is false when it was a new cluster or the end.
func (p *parser) next() (b ebml.Block, ok bool, err error) {
	c := &p.doc.Segment.Cluster
	select {
	case p.timecode = <-c.Timecode:
		return b, false, nil
	case b = <-c.SimpleBlock:
		return b, true, nil
	case g := <-c.BlockGroup:
		return g.Block, true, nil
	case err = <-p.done:
		p.ended = true
		return b, false, err
	}
}

func (p *parser) follow(block func(Block) error) error {
	for {
		b, ok, err := p.next()
		switch {
		case p.ended && err != nil && p.source.ended.Load() && p.tracks != nil:
			return ErrCut
		case p.ended && err != nil:
			return fmt.Errorf("not a WebM or Matroska file, or damaged: %w", err)
		case p.ended && p.doc.Segment.Tracks.TrackEntry == nil:
			return errors.New("not a WebM or Matroska file: no tracks")
		case p.ended:
			return nil
		case !ok:
			continue
		}
		if p.tracks == nil {
			if err := p.head(); err != nil {
				return err
			}
		}
		if err := p.hand(b, block); err != nil {
			return err
		}
	}
}

// head looks at the tracks, which come before the first block.
func (p *parser) head() error {
	p.scale = time.Duration(p.doc.Segment.Info.TimecodeScale)
	if p.scale == 0 {
		p.scale = time.Millisecond
	}
	if p.scale < 0 || p.scale > time.Second {
		return fmt.Errorf("timestamp scale %d is not from 1 to 1000000000", p.scale)
	}
	entries := p.doc.Segment.Tracks.TrackEntry
	if len(entries) == 0 || len(entries) > maxTracks {
		return fmt.Errorf("%d tracks, want 1 to %d", len(entries), maxTracks)
	}
	p.tracks = []*Track{}
	var have [2]bool
	for _, e := range entries {
		t := &Track{number: e.TrackNumber, delay: time.Duration(e.CodecDelay), private: e.CodecPrivate}
		kind := 0
		switch e.CodecID {
		case codecIDs[av.VP8]:
			t.Codec = av.VP8
		case codecIDs[av.VP9]:
			t.Codec = av.VP9
		case codecIDs[av.H264]:
			t.Codec = av.H264
		case codecIDs[av.Opus]:
			t.Codec, kind = av.Opus, 1
		default:
			return fmt.Errorf("codec %q is not one of V_VP8, V_VP9, V_MPEG4/ISO/AVC, A_OPUS", e.CodecID)
		}
		if t.delay < 0 || t.delay > time.Second {
			t.delay = 0
		}
		if !have[kind] {
			have[kind] = true
			p.tracks = append(p.tracks, t)
		}
	}
	return nil
}

// hand passes on what a block holds: several packets when it is laced, of which each lasts as long as it says.
func (p *parser) hand(b ebml.Block, block func(Block) error) error {
	var t *Track
	for _, have := range p.tracks {
		if have.number == b.TrackNumber {
			t = have
		}
	}
	if t == nil {
		return nil
	}
	ticks := int64(b.Timecode) + int64(min(p.timecode, 1<<62))
	if ticks > int64(Longest/p.scale) || ticks < -int64(Longest/p.scale) {
		return fmt.Errorf("a block is %d ticks after the beginning: at most %v are read", ticks, Longest)
	}
	at := time.Duration(ticks)*p.scale - t.delay
	for _, data := range b.Data {
		out := Block{Track: t, Time: at, Data: data}
		out.frame()
		if err := block(out); err != nil {
			return err
		}
		if d, err := av.OpusDuration(data); err == nil && t.Codec == av.Opus {
			at += d
		}
	}
	return nil
}

// stopper ends a file early, and knows when it has ended.
type stopper struct {
	r              io.Reader
	stopped, ended atomic.Bool
}

func (s *stopper) stop() { s.stopped.Store(true) }

func (s *stopper) Read(p []byte) (int, error) {
	if s.stopped.Load() {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := s.r.Read(p)
	if err != nil {
		s.ended.Store(true)
	}
	return n, err
}
