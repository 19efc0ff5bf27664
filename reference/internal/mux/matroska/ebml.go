package matroska

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
)

// Elements that are read in addition to those that are written (RFC 9559 section 5.1). All others are skipped.
const (
	idDefaultDuration    = 0x23E383
	idCodecDelay         = 0x56AA
	idContentEncodings   = 0x6D80
	idContentEncoding    = 0x6240
	idContentCompression = 0x5034
	idContentCompAlgo    = 0x4254
	idContentCompSetting = 0x4255
	idContentEncryption  = 0x5035
	idBlockGroup         = 0xA0
	idBlock              = 0xA1
)

// unknown is the size of an element that ends at the next element that cannot be part of it.
const unknown = math.MaxInt64

var errDamaged = errors.New("file is damaged")

// header is the id and size of an element.
type header struct {
	id   uint32
	size int64
}

// elements reads the elements of a file in order.
type elements struct {
	r  *bufio.Reader
	at int64
}

// next reads the header of the next element. It returns io.EOF if there is none.
func (e *elements) next() (header, error) {
	id, _, err := e.number(4, false)
	if err != nil {
		return header{}, err
	}
	size, n, err := e.number(8, true)
	if err != nil {
		return header{}, cut(err)
	}
	h := header{uint32(id), int64(size)}
	if size == 1<<(7*n)-1 {
		h.size = unknown
	}
	return h, nil
}

// number reads a number whose first byte gives its length, at most most bytes (RFC 8794 section 4). With plain set, it removes the length
// marker; an identifier keeps it.
func (e *elements) number(most int, plain bool) (v uint64, length int, err error) {
	first, err := e.r.ReadByte()
	if err != nil {
		return 0, 0, err
	}
	e.at++
	length = 1
	for marker := byte(0x80); first&marker == 0; marker >>= 1 {
		if length++; length > most {
			return 0, 0, fmt.Errorf("%w at byte %d", errDamaged, e.at-1)
		}
	}
	if v = uint64(first); plain {
		v &= 1<<(8-length) - 1
	}
	for range length - 1 {
		b, err := e.r.ReadByte()
		if err != nil {
			return 0, 0, cut(err)
		}
		e.at++
		v = v<<8 | uint64(b)
	}
	return v, length, nil
}

// content reads the content of an element.
func (e *elements) content(h header, most int64) ([]byte, error) {
	if h.size > most {
		return nil, fmt.Errorf("%w: element %X at byte %d has %d bytes, more than %d", errDamaged, h.id, e.at, h.size, most)
	}
	b := make([]byte, h.size)
	n, err := io.ReadFull(e.r, b)
	e.at += int64(n)
	return b, cut(err)
}

// skip skips the content of an element.
func (e *elements) skip(h header) error {
	n, err := io.CopyN(io.Discard, e.r, h.size)
	e.at += n
	return cut(err)
}

// cut returns ErrCut for the end of the file where an element must go on, and any other error unchanged.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrCut
	}
	return err
}

// children calls each for the elements in b. It stops at one that is cut off.
func children(b []byte, each func(id uint32, content []byte)) {
	for len(b) > 0 {
		id, n := vint(b, 4, false)
		if n == 0 {
			return
		}
		size, m := vint(b[n:], 8, true)
		if b = b[n+m:]; m == 0 || size > uint64(len(b)) {
			return
		}
		each(uint32(id), b[:size])
		b = b[size:]
	}
}

// vint decodes the number at the beginning of b as [elements.number] does. It returns length 0 if there is no valid number.
func vint(b []byte, most int, plain bool) (v uint64, length int) {
	if len(b) == 0 {
		return 0, 0
	}
	length = 1
	for marker := byte(0x80); b[0]&marker == 0; marker >>= 1 {
		if length++; length > most {
			return 0, 0
		}
	}
	if length > len(b) {
		return 0, 0
	}
	if v = uint64(b[0]); plain {
		v &= 1<<(8-length) - 1
	}
	for _, x := range b[1:length] {
		v = v<<8 | uint64(x)
	}
	return v, length
}

// unsigned returns the number in the content of an element.
func unsigned(b []byte) (v uint64) {
	for _, x := range b[:min(len(b), 8)] {
		v = v<<8 | uint64(x)
	}
	return v
}
