package segment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"reelcheck/reference/internal/seal"
)

const readAhead = 128 << 10

// Position is a place in a log.
type Position struct {
	Segment int   `json:"segment"` // number of the file in the log, from 1
	Offset  int64 `json:"offset"`  // in bytes
}

// First is the position of the first record of every log.
var First = Position{1, firstRecord}

// Before reports whether p comes before q in the same log.
func (p Position) Before(q Position) bool {
	return p.Segment < q.Segment || p.Segment == q.Segment && p.Offset < q.Offset
}

// Reader reads the records of a log and follows it while it is written. It is not safe for concurrent use.
type Reader struct {
	log   *Log
	f     *os.File
	at    Position  // of the next record
	last  Position  // of the record returned last
	box   *seal.Box // of the segment that is open; nil = it is plain
	buf   []byte    // bytes of the segment from bufAt on
	bufAt int64
	body  []byte // of the record read last, where it was sealed
	limit int64  // at least this many bytes of the segment may be read
}

// NewReader returns a reader of a log that begins at a position.
func NewReader(l *Log, at Position) *Reader { return &Reader{log: l, at: at} }

// Close closes the reader's file.
func (r *Reader) Close() error {
	if r.f == nil {
		return nil
	}
	f := r.f
	r.f = nil
	return f.Close()
}

// Position returns the position of the record that Next returned last.
func (r *Reader) Position() Position { return r.last }

// Seek makes p the position of the next record.
func (r *Reader) Seek(p Position) error {
	if p.Segment != r.at.Segment {
		if err := r.Close(); err != nil {
			return err
		}
		r.buf, r.limit = r.buf[:0], 0
	}
	r.at = p
	return nil
}

// Next returns the next record that is wanted. It waits for one if the log is still written. It returns io.EOF at the
// end of the log. Where a segment is damaged, it returns a *TornError, also when it is called again; see [Reader.Skip].
// wanted is called with a record that may lack its data. The data of a record is valid until the next call of Next.
func (r *Reader) Next(ctx context.Context, wanted func(Record) bool) (Record, error) {
	for {
		limit, err := r.visible(ctx)
		if err != nil {
			return Record{}, err
		}
		if rec, found, err := r.step(limit, wanted); err != nil || found {
			return rec, err
		}
	}
}

// Skip goes past the damage that Next returned: to the next segment, or to what will be appended later.
func (r *Reader) Skip() error {
	if r.at.Segment < r.log.Current() {
		return r.Seek(Position{r.at.Segment + 1, firstRecord})
	}
	return r.Seek(Position{r.at.Segment, max(r.limit, r.at.Offset)})
}

// visible waits until there are bytes at the next position, and returns how many bytes of the segment may be read.
func (r *Reader) visible(ctx context.Context) (limit int64, err error) {
	if r.at.Offset < r.limit { // segments only grow
		return r.limit, nil
	}
	r.limit, err = r.log.visible(ctx, r.at.Segment, r.at.Offset)
	return r.limit, err
}

// step reads one record. limit is the number of bytes of the segment that may be read.
func (r *Reader) step(limit int64, wanted func(Record) bool) (rec Record, found bool, err error) {
	if r.f == nil {
		if err := r.open(); err != nil {
			return Record{}, false, err
		}
	}
	head, err := r.peek(headerSize+sampleHead+originSize, limit)
	if err != nil {
		return Record{}, false, err
	}
	n, sum, err := parseHeader(head)
	if err == nil && r.at.Offset+headerSize+n > limit {
		err = errShort
	}
	if err != nil {
		return Record{}, false, r.damage(err)
	}
	if r.box == nil { // the data of an unwanted record is not read
		rec, err = decode(head[headerSize:headerSize+min(n, int64(len(head)-headerSize))], true)
		if err != nil {
			return Record{}, false, r.damage(err)
		}
	} else if rec, err = r.record(n, sum, limit); err != nil {
		return Record{}, false, err
	}
	switch {
	case rec.Kind == Roll:
		return Record{}, false, r.Seek(Position{r.at.Segment + 1, firstRecord})
	case !wanted(rec):
		r.at.Offset += headerSize + n
		return Record{}, false, nil
	}
	if r.box == nil {
		if rec, err = r.record(n, sum, limit); err != nil {
			return Record{}, false, err
		}
	}
	r.last = r.at
	r.at.Offset += headerSize + n
	return rec, true, nil
}

// open opens the present segment.
func (r *Reader) open() error {
	f, err := os.Open(path(r.log.dir, r.at.Segment))
	if err != nil {
		return err
	}
	var begin [len(magic)]byte
	if _, err := f.ReadAt(begin[:], 0); errors.Is(err, io.EOF) {
		return errors.Join(r.damage(errShort), f.Close())
	} else if err != nil {
		return errors.Join(fmt.Errorf("reading journal: %w", err), f.Close())
	}
	r.f, r.buf, r.box = f, r.buf[:0], nil
	if string(begin[:]) == magicSealed {
		r.box = r.log.opener()
	}
	return nil
}

// record reads the whole record. n is the size of its body in bytes.
func (r *Reader) record(n int64, sum uint32, limit int64) (Record, error) {
	whole, err := r.peek(headerSize+n, limit)
	if err != nil {
		return Record{}, err
	}
	body, err := parseBody(whole[headerSize:headerSize+n], sum, r.box, seal.Place{Segment: r.at.Segment, Offset: r.at.Offset}, r.body[:0])
	if err != nil {
		return Record{}, r.damage(err)
	}
	if r.box != nil {
		r.body = body
	}
	rec, err := decode(body, false)
	if err != nil {
		return Record{}, r.damage(err)
	}
	return rec, nil
}

func (r *Reader) damage(err error) error {
	return &TornError{path(r.log.dir, r.at.Segment), r.at.Offset, err}
}

// peek returns n bytes from the current offset, fewer only where limit cuts them off.
func (r *Reader) peek(n, limit int64) ([]byte, error) {
	n = min(n, limit-r.at.Offset)
	skip := r.at.Offset - r.bufAt
	if skip >= 0 && skip+n <= int64(len(r.buf)) {
		return r.buf[skip : skip+n], nil
	}
	want := min(max(n, readAhead), limit-r.at.Offset)
	if int64(cap(r.buf)) < want {
		r.buf = make([]byte, want)
	}
	r.buf = r.buf[:want]
	r.bufAt = r.at.Offset
	if _, err := r.f.ReadAt(r.buf, r.at.Offset); err != nil {
		r.buf = r.buf[:0]
		if errors.Is(err, io.EOF) { // bytes that were there are gone; this is not the end of the log
			return nil, r.damage(errShort)
		}
		return nil, fmt.Errorf("reading journal: %w", err)
	}
	return r.buf[:n], nil
}
