package segment

import (
	"bufio"
	"errors"
	"hash/crc32"
	"io"
	"os"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/seal"
)

// scan reads the records of segment seq. It returns the offset at which the last whole record ends, and a *TornError if
// bytes follow that are not a record.
func scan(r io.ReadSeeker, seq int, box *seal.Box, seen func(Record) error) (size int64, sealed bool, err error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return 0, false, err
	}
	s := scanner{in: bufio.NewReaderSize(r, 256<<10)}
	head := make([]byte, headerSize)
	n, err := io.ReadFull(s.in, head)
	switch {
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return 0, false, err
	case string(head[:n]) == magicSealed && box == nil:
		return 0, true, ErrNoKey
	case string(head[:n]) == magicSealed:
		s.box = box
	case string(head[:n]) != magic:
		return 0, false, &TornError{Offset: 0, Err: errMagic}
	}
	at := seal.Place{Segment: seq, Offset: firstRecord}
	for {
		n, err := s.record(at, seen)
		switch {
		case err == nil:
			at.Offset += headerSize + n
		case errors.Is(err, io.EOF):
			return at.Offset, s.box != nil, nil
		case errors.Is(err, errShort), errors.Is(err, errLength), errors.Is(err, errChecksum), errors.Is(err, errBody):
			return at.Offset, s.box != nil, &TornError{Offset: at.Offset, Err: err}
		default:
			return at.Offset, s.box != nil, err
		}
	}
}

// Read passes the records of segment seq of the log in dir to seen, and stops at the first error that seen returns.
func Read(dir string, seq int, box *seal.Box, seen func(Record) error) error {
	f, err := os.Open(path(dir, seq))
	if err != nil {
		return err
	}
	defer f.Close()
	_, _, err = scan(f, seq, box, seen)
	return err
}

// Begins returns the time of the first sample or mark in a segment. known is false if it cannot be read.
func (l *Log) Begins(seq int) (t av.Instant, known bool) {
	enough := errors.New("the first was read")
	err := Read(l.dir, seq, l.opener(), func(r Record) error {
		if r.Kind != Sample && r.Kind != Mark {
			return nil
		}
		t = r.Time
		return enough
	})
	return t, errors.Is(err, enough)
}

// scanner reads the records of one segment. box is nil for a plain segment.
type scanner struct {
	in  *bufio.Reader
	box *seal.Box
}

// record reads the record at a place and returns the size of its body on disk, or io.EOF if there is nothing.
func (s scanner) record(at seal.Place, seen func(Record) error) (int64, error) {
	head := make([]byte, headerSize)
	if _, err := io.ReadFull(s.in, head); errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, errShort
	} else if err != nil {
		return 0, err
	}
	n, sum, err := parseHeader(head)
	if err != nil {
		return 0, err
	}
	stored := make([]byte, n)
	if _, err := io.ReadFull(s.in, stored); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, errShort
	} else if err != nil {
		return 0, err
	}
	body, err := parseBody(stored, sum, s.box, at, nil)
	if err != nil {
		return 0, err
	}
	r, err := decode(body, false)
	if err != nil {
		return 0, err
	}
	return n, seen(r)
}

// parseBody checks the bytes on disk and returns the body. If it decrypts, it appends the body to dst.
func parseBody(stored []byte, sum uint32, box *seal.Box, at seal.Place, dst []byte) ([]byte, error) {
	if crc32.Checksum(stored, castagnoli) != sum {
		return nil, errChecksum
	}
	if box == nil {
		return stored, nil
	}
	body, err := box.Open(dst, stored, at)
	if err == nil && len(body) == 0 {
		err = errBody
	}
	return body, err
}
