package matroska

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
)

// Magic is the first bytes of an EBML file: the ID of its header.
const Magic = "\x1a\x45\xdf\xa3"

// unknown is the size of an element that does not state one (RFC 8794 section 6.2).
const unknown = -1

// element is the header of an element.
type element struct {
	id   uint32
	at   int64 // offset of the ID
	body int64 // offset of the content
	size int64 // of the content, or unknown
}

// end returns the offset after the element, whose size must be known.
func (e element) end() int64 { return e.body + e.size }

func (e element) String() string {
	if name, known := names[e.id]; known {
		return name
	}
	return fmt.Sprintf("element %X", e.id)
}

// brokenError describes what cannot be read as EBML.
type brokenError struct {
	at   int64
	what string
}

func (e *brokenError) Error() string { return fmt.Sprintf("%s at byte %d", e.what, e.at) }

// source reads a file once, from the front.
type source struct {
	r   *bufio.Reader
	at  int64
	err error // of the file itself; nil at its end
}

// errEnd means that the file ends or cannot be read further.
var errEnd = errors.New("end of file")

func (s *source) byte() (byte, error) {
	b, err := s.r.ReadByte()
	if err != nil {
		return 0, s.ended(err)
	}
	s.at++
	return b, nil
}

// fill reads all of p.
func (s *source) fill(p []byte) error {
	n, err := io.ReadFull(s.r, p)
	s.at += int64(n)
	if err != nil {
		return s.ended(err)
	}
	return nil
}

// skip skips n bytes.
func (s *source) skip(n int64) error {
	done, err := io.CopyN(io.Discard, s.r, n)
	s.at += done
	if err != nil {
		return s.ended(err)
	}
	return nil
}

func (s *source) ended(err error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && s.err == nil {
		s.err = err
	}
	return errEnd
}

// head reads the header of an element (RFC 8794 sections 5 and 6).
func (s *source) head() (e element, err error) {
	e.at = s.at
	id, n, err := s.vint(4)
	if err != nil {
		return e, err
	}
	e.id = uint32(id)
	if mask := uint64(1)<<(7*n) - 1; id&mask == mask || id&mask == 0 {
		return e, &brokenError{e.at, fmt.Sprintf("reserved element ID %X", id)}
	}
	size, n, err := s.vint(8)
	if err != nil {
		return e, err
	}
	e.body = s.at
	mask := uint64(1)<<(7*n) - 1
	switch size &= mask; {
	case size == mask:
		e.size = unknown
	case size > math.MaxInt64/2:
		return e, &brokenError{e.at, fmt.Sprintf("%v of %d bytes", e, size)}
	default:
		e.size = int64(size)
	}
	return e, nil
}

// vint reads an integer of variable length with its marker, of at most longest bytes.
func (s *source) vint(longest int) (v uint64, length int, err error) {
	at := s.at
	first, err := s.byte()
	if err != nil {
		return 0, 0, err
	}
	length = bits.LeadingZeros8(first) + 1
	if length > longest {
		return 0, 0, &brokenError{at, fmt.Sprintf("byte %02X, where an integer of at most %d bytes is to begin", first, longest)}
	}
	v = uint64(first)
	for range length - 1 {
		b, err := s.byte()
		if err != nil {
			return 0, 0, err
		}
		v = v<<8 | uint64(b)
	}
	return v, length, nil
}

// vintIn reads an integer of variable length from b, without its marker. The length is 0 when there is none.
func vintIn(b []byte) (v uint64, length int) {
	if len(b) == 0 || b[0] == 0 {
		return 0, 0
	}
	length = bits.LeadingZeros8(b[0]) + 1
	if length > len(b) {
		return 0, 0
	}
	for _, c := range b[:length] {
		v = v<<8 | uint64(c)
	}
	return v & (uint64(1)<<(7*length) - 1), length
}

// number returns the value of an unsigned integer element (RFC 8794 section 7.2).
func number(b []byte) (v uint64, ok bool) {
	if len(b) > 8 {
		return 0, false
	}
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v, true
}

// float returns the value of a float element (RFC 8794 section 7.3).
func float(b []byte) (v float64, ok bool) {
	word, _ := number(b[:min(len(b), 8)])
	switch len(b) {
	case 0:
	case 4:
		v = float64(math.Float32frombits(uint32(word)))
	case 8:
		v = math.Float64frombits(word)
	default:
		return 0, false
	}
	return v, !math.IsNaN(v) && !math.IsInf(v, 0)
}
