package bitstream

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// AccessUnits splits an Annex B stream at its access unit delimiters.
type AccessUnits struct {
	r   io.Reader
	buf []byte
	eof bool
}

// NewAccessUnits returns the access units of r.
func NewAccessUnits(r io.Reader) *AccessUnits { return &AccessUnits{r: r} }

const (
	delimiter  = "\x00\x00\x00\x01\x09"
	maxUnit    = 16 << 20
	readAtOnce = 64 << 10
)

// Next returns the next access unit, which the caller may keep. It returns io.EOF at the end.
func (a *AccessUnits) Next() ([]byte, error) {
	searched := len(delimiter)
	for {
		if from := min(searched, len(a.buf)); len(a.buf) > len(delimiter) {
			if i := bytes.Index(a.buf[from:], []byte(delimiter)); i >= 0 {
				unit := a.buf[: from+i : from+i]
				a.buf = a.buf[from+i:]
				return unit, nil
			}
			searched = max(searched, len(a.buf)-len(delimiter))
		}
		switch {
		case a.eof && len(a.buf) == 0:
			return nil, io.EOF
		case a.eof:
			unit := a.buf
			a.buf = nil
			return unit, nil
		case len(a.buf) > maxUnit:
			return nil, fmt.Errorf("access unit of more than %d bytes", maxUnit)
		}
		if err := a.fill(); err != nil {
			return nil, err
		}
	}
}

// fill reads more into buf. It never overwrites bytes that were returned: those lie before buf, and growing copies.
func (a *AccessUnits) fill() error {
	if cap(a.buf)-len(a.buf) < readAtOnce {
		a.buf = append(make([]byte, 0, 2*len(a.buf)+8*readAtOnce), a.buf...)
	}
	n, err := a.r.Read(a.buf[len(a.buf):cap(a.buf)])
	a.buf = a.buf[:len(a.buf)+n]
	a.eof = errors.Is(err, io.EOF)
	if a.eof {
		return nil
	}
	return err
}

// ADTS splits an ADTS stream into its frames (ISO/IEC 13818-7 section 6.2).
type ADTS struct{ r *bufio.Reader }

// NewADTS returns the frames of r.
func NewADTS(r io.Reader) *ADTS { return &ADTS{bufio.NewReader(r)} }

// Next returns the next raw AAC frame. It returns io.EOF at the end.
func (a *ADTS) Next() ([]byte, error) {
	var head [7]byte
	if _, err := io.ReadFull(a.r, head[:]); err != nil {
		return nil, err
	}
	if head[0] != 0xff || head[1]&0xf6 != 0xf0 {
		return nil, fmt.Errorf("no ADTS header: % x", head)
	}
	size := int(head[3]&3)<<11 | int(head[4])<<3 | int(head[5])>>5
	skip := 7
	if head[1]&1 == 0 { // a checksum follows the header
		skip = 9
	}
	if size < skip {
		return nil, fmt.Errorf("ADTS frame of %d bytes", size)
	}
	b := make([]byte, size-7)
	if _, err := io.ReadFull(a.r, b); err != nil {
		return nil, fmt.Errorf("ADTS frame cut short: %w", err)
	}
	return b[skip-7:], nil
}
