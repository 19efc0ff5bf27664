// Package matroska reads and writes the WebM and Matroska files of individual archives, with VP8, VP9, H.264 and Opus, block by block.
// Timestamps may decrease. Files that are read may have elements of unknown size and may be cut off.
package matroska

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"

	"reelcheck/reference/internal/av"
)

const (
	// maxElement is the maximum size of a block or header in bytes, slightly less than a sample of the journal.
	maxElement = 8<<20 - 4<<10
	readAhead  = 256 << 10
	// maxTracks is the maximum number of tracks in a file. One video and one audio track are read.
	maxTracks = 32
	// maxTags is the maximum size of tags that are read, in bytes. Tags of players and editors may contain pictures.
	maxTags = 64 << 10
	// Longest is how long after the beginning of its file a block may be.
	Longest = 24 * time.Hour
)

// Block is one frame or packet. H.264 is an access unit in Annex B form, with parameter sets before each key frame.
type Block struct {
	Track *Track
	Time  time.Duration
	Key   bool // video: decodable without earlier frames
	// Reordered says that this H.264 frame has B slices, so that frames come in decoding order and times may decrease.
	Reordered bool
	Data      []byte
}

// ErrCut is returned after the last block of a file that ends within an element or is damaged after its first block.
var ErrCut = errors.New("file is cut off")

// ErrNone is returned for a file of another kind, or one that is damaged before its tracks.
var ErrNone = errors.New("not a WebM or Matroska file: no tracks")

// Read calls block for every block of the first readable video and audio track, in the order of the file. It returns an [*UnreadableError] if
// there is no readable track.
func Read(r io.Reader, block func(Block) error) error { return ReadTold(r, Told{}, block) }

// Told has functions for what a file contains besides its blocks. Each may be nil.
type Told struct {
	Skipped func(Skipped)            // called for every track that is not read
	Tag     func(name, value string) // called for every tag with a string
}

// ReadTold is like [Read], but also calls the functions in told.
//
// It does not use the sizes of clusters and groups: the identifier of the next element shows where it belongs. So these sizes may be unknown or
// wrong.
func ReadTold(r io.Reader, told Told, block func(Block) error) error {
	p := &parser{file: elements{r: bufio.NewReaderSize(r, readAhead)}, end: unknown, scale: time.Millisecond, told: told, block: block}
	err := p.read()
	switch {
	case p.tracks == nil && (err == nil || errors.Is(err, ErrCut) || errors.Is(err, errDamaged)):
		return errors.Join(ErrNone, err)
	case errors.Is(err, errDamaged) && p.blocks > 0:
		return fmt.Errorf("%w: %w", ErrCut, err)
	}
	return err
}

// parser is the state of one Read.
type parser struct {
	file  elements
	told  Told
	block func(Block) error

	begun    bool  // the EBML header has been read
	end      int64 // end of the segment
	tracks   []*Track
	scale    time.Duration
	timecode int64 // time of the cluster
	blocks   int
}

func (p *parser) read() error {
	for p.file.at < p.end {
		h, err := p.file.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.id == idEBML && p.begun { // another file was appended
			return nil
		}
		if h.id != idEBML && !p.begun {
			return errDamaged
		}
		p.begun = true
		if err := p.element(h); err != nil {
			return err
		}
	}
	return nil
}

// element reads an element: a large one piece by piece, a small one whole.
func (p *parser) element(h header) error {
	switch h.id {
	case idSegment:
		if h.size != unknown {
			p.end = p.file.at + h.size
		}
		return nil
	case idCluster:
		p.timecode = 0
		return nil
	case idBlockGroup:
		return nil
	case idInfo, idTracks, idTimestamp, idSimpleBlock, idBlock:
		b, err := p.file.content(h, maxElement)
		if err != nil {
			return err
		}
		return p.small(h.id, b)
	}
	if h.id == idTags && h.size <= maxTags && p.told.Tag != nil {
		b, err := p.file.content(h, maxTags)
		if err == nil {
			tags(b, p.told.Tag)
		}
		return err
	}
	if h.size == unknown {
		return fmt.Errorf("%w: element %X at byte %d has no size", errDamaged, h.id, p.file.at)
	}
	return p.file.skip(h)
}

func (p *parser) small(id uint32, b []byte) (err error) {
	switch id {
	case idInfo:
		children(b, func(id uint32, content []byte) {
			if id == idTimestampScale {
				p.scale = time.Duration(unsigned(content))
			}
		})
		if p.scale <= 0 || p.scale > time.Second {
			return fmt.Errorf("timestamp scale %d is not from 1 to 1000000000", p.scale)
		}
	case idTracks:
		if p.tracks == nil {
			var skipped []Skipped
			p.tracks, skipped, err = parseTracks(b)
			for _, s := range skipped {
				if p.told.Skipped != nil {
					p.told.Skipped(s)
				}
			}
		}
	case idTimestamp:
		p.timecode = int64(min(unsigned(b), 1<<62))
	default:
		return p.hand(b)
	}
	return err
}

// tags calls tell for the strings in a Tags element.
func tags(b []byte, tell func(name, value string)) {
	children(b, func(_ uint32, tag []byte) {
		children(tag, func(id uint32, simple []byte) {
			if id != idSimpleTag {
				return
			}
			var name, value string
			children(simple, func(id uint32, content []byte) {
				switch id {
				case idTagName:
					name = string(content)
				case idTagString:
					value = string(content)
				default:
				}
			})
			tell(name, value)
		})
	})
}

// hand calls p.block for each frame of a block. If it has several (lacing), each begins when the one before ends.
func (p *parser) hand(b []byte) error {
	raw, err := parseBlock(b)
	if err != nil {
		return fmt.Errorf("%w: block before byte %d", err, p.file.at)
	}
	var t *Track
	for _, have := range p.tracks {
		if have.number == raw.track {
			t = have
		}
	}
	if t == nil {
		return nil
	}
	ticks := int64(raw.ticks) + p.timecode
	if ticks > int64(Longest/p.scale) || ticks < -int64(Longest/p.scale) {
		return fmt.Errorf("a block is %d ticks after the beginning: at most %v are read", ticks, Longest)
	}
	at := time.Duration(ticks)*p.scale - t.delay
	for _, data := range raw.frames {
		if len(t.stripped) > 0 {
			data = append(t.stripped[:len(t.stripped):len(t.stripped)], data...)
		}
		out := Block{Track: t, Time: at, Data: data}
		if out.frame() {
			p.blocks++
			if err := p.block(out); err != nil {
				return err
			}
		}
		at += t.lasts(data)
	}
	return nil
}

// lasts returns the duration of a frame, 0 if it is unknown.
func (t *Track) lasts(data []byte) time.Duration {
	if d, err := av.OpusDuration(data); t.Codec == av.Opus && err == nil {
		return d
	}
	return t.each
}
