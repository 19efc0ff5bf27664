package journal

import (
	"context"
	"errors"
	"fmt"
	"os"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/seal"
)

const readAhead = 128 << 10

// Item is a sample, or a promise: with no Data, Time says that nothing of the kind before it follows.
type Item struct {
	av.Sample
	Mark bool
}

// Position is a place in a stream's log.
type Position struct {
	segment int
	offset  int64
}

// Reader reads one kind of media of one stream and follows it while it is written. Not for concurrent use.
type Reader struct {
	log   *segments
	track track
	from  av.Instant
	f     *os.File
	at    Position  // of the next record
	last  Position  // of the record returned last
	box   *seal.Box // of the segment that is open; nil = it is plain
	buf   []byte    // bytes of the segment from bufAt on
	bufAt int64
	body  []byte // of the record read last, where it was sealed
}

// Reader reads the audio or the video of a stream, without what is older than from.
func (j *Journal) Reader(stream string, isVideo bool, from av.Instant) (*Reader, error) {
	j.mu.Lock()
	l := j.streams[stream]
	j.mu.Unlock()
	if l == nil {
		return nil, fmt.Errorf("stream %q has no log", stream)
	}
	return &Reader{log: l, track: trackOf(isVideo), from: from, at: Position{1, firstRecord}}, nil
}

// Close releases the reader's file.
func (r *Reader) Close() error {
	if r.f == nil {
		return nil
	}
	f := r.f
	r.f = nil
	return f.Close()
}

// Position is where the item returned last begins.
func (r *Reader) Position() Position { return r.last }

// Seek makes p the place of the next item.
func (r *Reader) Seek(p Position) error {
	if p.segment != r.at.segment {
		if err := r.Close(); err != nil {
			return err
		}
		r.buf = r.buf[:0]
	}
	r.at = p
	return nil
}

// Next returns the next item, waiting for it if the log is still written. It returns io.EOF at the log's end, and a
// *TornError, once, where a segment is damaged; reading then goes on in the next segment.
func (r *Reader) Next(ctx context.Context) (Item, error) {
	for {
		limit, err := r.log.visible(ctx, r.at.segment, r.at.offset)
		var it Item
		var found bool
		if err == nil {
			it, found, err = r.step(limit)
		}
		if torn := (*TornError)(nil); errors.As(err, &torn) && r.at.segment < r.log.current() {
			if skip := r.Seek(Position{r.at.segment + 1, firstRecord}); skip != nil {
				return Item{}, skip
			}
		}
		if err != nil || found {
			return it, err
		}
	}
}

// step reads one record of a segment of which limit bytes are there.
func (r *Reader) step(limit int64) (it Item, found bool, err error) {
	if r.f == nil {
		if err := r.open(); err != nil {
			return Item{}, false, err
		}
	}
	head, err := r.peek(headerSize+sampleHead, limit)
	if err != nil {
		return Item{}, false, err
	}
	n, sum, err := parseHeader(head)
	if err == nil && r.at.offset+headerSize+n > limit {
		err = errShort
	}
	if err != nil {
		return Item{}, false, r.torn(err)
	}
	var rec record
	if r.box == nil { // what is not wanted is not read
		rec, err = decode(head[headerSize:headerSize+min(n, int64(len(head)-headerSize))], true)
		if err != nil {
			return Item{}, false, r.torn(err)
		}
	} else if rec, err = r.record(n, sum, limit); err != nil {
		return Item{}, false, err
	}
	switch {
	case rec.kind == typeRoll:
		return Item{}, false, r.Seek(Position{r.at.segment + 1, firstRecord})
	case rec.track != r.track || rec.kind != typeSample && rec.kind != typeMark || rec.kind == typeSample && rec.time < r.from:
		r.at.offset += headerSize + n
		return Item{}, false, nil
	}
	if r.box == nil {
		if rec, err = r.record(n, sum, limit); err != nil {
			return Item{}, false, err
		}
	}
	r.last = r.at
	r.at.offset += headerSize + n
	it = Item{Sample: av.Sample{Time: rec.time, Gap: rec.flags&flagGap != 0}, Mark: rec.kind == typeMark}
	if !it.Mark {
		it.Codec, it.Key = rec.codec, rec.flags&flagKey != 0
		it.Data = append([]byte(nil), rec.data...)
	}
	return it, true, nil
}

// open opens the segment.
func (r *Reader) open() error {
	f, err := os.Open(segmentPath(r.log.dir, r.at.segment))
	if err != nil {
		return err
	}
	var begin [len(magic)]byte
	if _, err := f.ReadAt(begin[:], 0); err != nil {
		return errors.Join(fmt.Errorf("reading journal: %w", err), f.Close())
	}
	r.f, r.buf, r.box = f, r.buf[:0], nil
	if string(begin[:]) == magicSealed {
		r.box = r.log.opener()
	}
	return nil
}

// record reads the whole record whose body takes n bytes.
func (r *Reader) record(n int64, sum uint32, limit int64) (record, error) {
	whole, err := r.peek(headerSize+n, limit)
	if err != nil {
		return record{}, err
	}
	body, err := parseBody(whole[headerSize:headerSize+n], sum, r.box, seal.Place{Segment: r.at.segment, Offset: r.at.offset}, r.body[:0])
	if err != nil {
		return record{}, r.torn(err)
	}
	if r.box != nil {
		r.body = body
	}
	rec, err := decode(body, false)
	if err != nil {
		return record{}, r.torn(err)
	}
	return rec, nil
}

func (r *Reader) torn(err error) error {
	return &TornError{segmentPath(r.log.dir, r.at.segment), r.at.offset, err}
}

// peek returns n bytes from the current offset, fewer only where limit cuts them off.
func (r *Reader) peek(n, limit int64) ([]byte, error) {
	n = min(n, limit-r.at.offset)
	skip := r.at.offset - r.bufAt
	if skip >= 0 && skip+n <= int64(len(r.buf)) {
		return r.buf[skip : skip+n], nil
	}
	want := min(max(n, readAhead), limit-r.at.offset)
	if int64(cap(r.buf)) < want {
		r.buf = make([]byte, want)
	}
	r.buf = r.buf[:want]
	r.bufAt = r.at.offset
	if _, err := r.f.ReadAt(r.buf, r.at.offset); err != nil {
		r.buf = r.buf[:0]
		return nil, fmt.Errorf("reading journal: %w", err)
	}
	return r.buf[:n], nil
}
